"""A store that cannot be written is an error that says so, and loses nothing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from tiny import SALES, digest, put, stocked

from carms_lake.errors import LakeError, StoreError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.store import delta

if TYPE_CHECKING:
    from pathlib import Path


def test_a_full_disk_is_named_and_the_next_run_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = stocked(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(delta, "write_deltalake", full)
        with pytest.raises(StoreError, match="No space left") as caught:
            ingest(config)
    assert "disk" in caught.value.hint
    assert ingest(config).is_balanced
    build(config)
    assert len(digest(config)["bronze.sales"]) == 2


def test_an_interrupted_run_leaves_the_lake_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = stocked(tmp_path)
    ingest(config)
    build(config)
    before = digest(config)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(delta, "commit_files", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ingest(config)
    assert digest(config) == before


@pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="root and Windows write where the mode forbids it",
)
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    config.lake.parent.mkdir()
    config.lake.parent.chmod(0o500)
    try:
        with pytest.raises(LakeError, match="lake"):
            ingest(config)
    finally:
        config.lake.parent.chmod(0o700)


def test_a_file_that_grows_while_it_is_read_is_refused_and_taken_up_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carms_lake import readers

    config = stocked(tmp_path)
    path = config.data_raw / "sales/day_1.csv"
    read = readers.read

    def growing(source: object, contract: object) -> object:
        batch = read(source, contract)  # type: ignore[arg-type]
        if source.path == path:  # type: ignore[attr-defined]
            with path.open("a", encoding="utf-8") as file:
                file.write("s9,p1,1\n")
        return batch

    with monkeypatch.context() as patched:
        patched.setattr(readers, "read", growing)
        report = ingest(config)
    assert [(f.name, f.code) for f in report.refused] == [("sales/day_1.csv", "STILL_GROWING")]
    assert not ingest(config).refused
    assert len(digest(config)["bronze.sales"]) == 3


def test_a_file_that_vanishes_is_refused_and_the_others_land(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carms_lake.flows import ingest as flow

    config = stocked(tmp_path)
    find = flow.discover

    def vanishing(contract: object, base: Path) -> object:
        found = find(contract, base)  # type: ignore[arg-type]
        (config.data_raw / "sales/day_1.csv").unlink(missing_ok=True)
        return found

    put(config, "sales/day_2.csv", SALES.replace("s1", "s3"))
    with monkeypatch.context() as patched:
        patched.setattr(flow, "discover", vanishing)
        report = flow.ingest(config, ["sales"])
    assert [(f.name, f.code) for f in report.refused] == [("sales/day_1.csv", "UNREADABLE")]
    assert len(digest(config)["bronze.sales"]) == 2
