"""Maintenance of one table: what is put together, brought back, and needed no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from carms_lake.errors import StoreError
from carms_lake.store import delta
from carms_lake.store.delta import log as versions
from carms_lake.store.delta import maintain as maintenance
from carms_lake.store.delta.maintain import (
    compact,
    digest,
    remove,
    small_files,
    unneeded,
    whole_versions,
)
from carms_lake.store.delta.write import append, restore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of three files; a column was added (version 3) before the third came (4)."""
    path = tmp_path / "table"
    for number in (3, 1):
        append(path, pl.DataFrame({"a": [number], "d": ["x"]}), {"run_id": "r1"})
    more = pl.DataFrame({"a": [2], "d": [None], "e": [["y"]]}, schema_overrides={"d": pl.String})
    append(path, more, {"run_id": "r2"}, new_columns=True)
    return path


def names(files: list[Path]) -> set[str]:
    return {file.name for file in files}


def test_small_files_become_one_with_the_same_rows_in_their_order(table: Path) -> None:
    before, rows = digest(table), delta.scan(table).collect()
    assert len(small_files(table)) == 3
    assert compact(table, "r3") == 5
    assert len(small_files(table)) == 1
    assert digest(table) == before
    assert delta.scan(table).collect().equals(rows)
    assert versions.commits(table)[-1].run_id == "r3"


def test_a_table_of_one_file_gets_no_version(table: Path) -> None:
    assert compact(table, "r3") == compact(table, "r4")


def test_files_are_put_together_up_to_a_size(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    largest = max(file.bytes for file in small_files(table))
    monkeypatch.setattr(maintenance, "TARGET_BYTES", 2 * largest)
    before = digest(table)
    compact(table, "r3")
    rows = [file.rows for file in versions.files_at(table, 5).values()]
    assert sorted(rows) == [1, 2]
    assert digest(table) == before
    monkeypatch.setattr(maintenance, "TARGET_BYTES", 1)
    assert compact(table, "r4") == 5


def test_an_earlier_version_comes_back_with_its_columns(table: Path) -> None:
    then = digest(table, 2)
    assert restore(table, 2, {"maintained_by": "r3"}) == 5
    assert digest(table) == then
    assert "e" not in delta.columns(table)
    assert versions.commits(table)[-1].run_id == "r3"


def test_only_files_that_no_kept_version_needs_are_unneeded(table: Path) -> None:
    compact(table, "r3")
    old = names([table / name for name in versions.files_at(table, 4)])
    assert unneeded(table, {4, 5}) == []
    assert names(unneeded(table, {5})) == old
    assert names(unneeded(table, {1, 5})) == old - versions.files_at(table, 1).keys()


def test_what_killed_runs_left_behind_is_unneeded(table: Path) -> None:
    left = [
        table / "part-lost.zstd.parquet",
        table / ".staging" / "part-1.zstd.parquet",
        table / "_delta_log" / "_commit_x.json.tmp",
        table / "_delta_log" / "00000000000000000009.json#1",
    ]
    left[1].parent.mkdir()
    for file in left:
        file.write_bytes(b"")
    assert unneeded(table, {4}) == sorted(left)
    assert digest(table).rows == 3


def test_a_version_is_whole_as_long_as_its_files_are_there(table: Path) -> None:
    compact(table, "r3")
    lost = set(versions.files_at(table, 1))
    assert whole_versions(table) == {0, 1, 2, 3, 4, 5}
    assert whole_versions(table, without=lost) == {0, 5}
    remove([table / name for name in lost])
    assert whole_versions(table) == {0, 5}


def test_a_version_whose_files_are_gone_is_not_brought_back(table: Path) -> None:
    compact(table, "r3")
    remove([table / name for name in versions.files_at(table, 1)])
    with pytest.raises(StoreError):
        restore(table, 1, {})
    assert delta.version(table) == 5


def test_what_is_not_there_any_more_is_no_fault(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "in").mkdir(parents=True)
    remove([tmp_path / "none", folder])
    assert not folder.exists()
