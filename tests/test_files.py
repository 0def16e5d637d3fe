"""A file is written whole or not at all."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from carms_lake.files import PARTIAL, put, whole

if TYPE_CHECKING:
    from pathlib import Path


def failing(path: Path) -> None:
    with whole(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError


def test_a_file_gets_its_name_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("old")
    with whole(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
        assert [partial] == list(tmp_path.glob(PARTIAL))
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["rows.csv"]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with pytest.raises(ZeroDivisionError):
        failing(path)
    assert not list(tmp_path.iterdir())
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        failing(path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["rows.csv"]


@pytest.mark.parametrize("is_synced", [True, False])
def test_a_folder_takes_the_place_of_what_had_its_name(tmp_path: Path, is_synced: bool) -> None:
    path = tmp_path / "table"
    path.mkdir()
    (path / "old").write_text("old")
    with whole(path, is_synced=is_synced) as partial:
        partial.mkdir()
        (partial / "new").write_text("new")
    assert [file.name for file in path.iterdir()] == ["new"]
    assert [file.name for file in tmp_path.iterdir()] == ["table"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own on Windows")
def test_a_link_is_written_through(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    with whole(link) as partial:
        partial.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such device")
def test_a_device_is_written_through() -> None:
    from pathlib import Path

    with whole(Path(os.devnull)) as partial:
        partial.write_text("new")
    assert not Path(os.devnull).is_file()


def test_what_is_put_is_synced_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, path = tmp_path / "written", tmp_path / "path"
    written.write_text("new")
    synced: list[bool] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda opened: (synced.append(path.exists()), fsync(opened)))
    put(written, path)
    if sys.platform == "linux":  # other systems sync in ways of their own
        assert synced == [False, True]
    assert path.read_text() == "new"
