"""The log of a table says how it was made, and what changed in it since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from carms_lake.store import delta
from carms_lake.store.delta.manifest import Build, last_build, rows_at, source_changes
from carms_lake.store.delta.staged import Staged
from carms_lake.store.delta.write import FileChange, append, commit_files, overwrite

if TYPE_CHECKING:
    from pathlib import Path

BUILD = Build("run-1", {"code": "c", "inputs": {"a": 1}}, rows=2, unknown={"x": 1})


def rows(*numbers: int, file: str = "a.csv") -> pl.DataFrame:
    return pl.DataFrame({"number": numbers, "src_filename": [file] * len(numbers)})


def test_a_build_is_read_back_from_the_log(tmp_path: Path) -> None:
    table = tmp_path / "table"
    assert last_build(table) is None
    overwrite(table, rows(1, 2), BUILD.as_metadata())
    found = last_build(table)
    assert found is not None
    assert (found.made_from, found.rows, found.unknown) == (BUILD.made_from, 2, {"x": 1})
    assert found.version == found.rows_since == delta.version(table)


def test_a_build_that_kept_the_rows_says_since_when_they_are_there(tmp_path: Path) -> None:
    table = tmp_path / "table"
    since = overwrite(table, rows(1, 2), BUILD.as_metadata())
    kept = Build("run-2", {}, rows=2, rows_since=since).as_metadata()
    version = commit_files(table, rows(1).schema, FileChange([]), kept)
    found = last_build(table)
    assert found is not None
    assert (found.run_id, found.version, found.rows_since) == ("run-2", version, since)


def test_maintenance_keeps_a_build_and_any_other_change_ends_it(tmp_path: Path) -> None:
    table = tmp_path / "table"
    append(table, rows(0), {})
    version = append(table, rows(1, 2), BUILD.as_metadata())
    delta.open_table(table).optimize.compact()
    delta.open_table(table).vacuum(0, dry_run=False, enforce_retention_duration=False)
    found = last_build(table)
    assert found is not None
    assert found.version == version < delta.version(table)
    append(table, rows(3), {})
    assert last_build(table) is None


def land(table: Path, frame: pl.DataFrame, *files: str, contract: str = "c") -> int:
    metadata: dict[str, Any] = {"files": [{"name": name} for name in files], "contract": contract}
    if not delta.exists(table) or not set(files) & set(_names(table)):
        return append(table, frame, metadata)
    with Staged(table, "r", frame.schema) as staged:
        staged.add(frame)
        return staged.commit(metadata, pl.DataFrame({"src_filename": files}))


def _names(table: Path) -> list[str]:
    return delta.scan(table).collect()["src_filename"].to_list()


def test_files_that_came_and_rows_that_went_are_known(tmp_path: Path) -> None:
    table = tmp_path / "table"
    land(table, pl.concat([rows(1, 2), rows(3, file="b.csv")]), "a.csv", "b.csv")
    then = delta.version(table)
    land(table, rows(4, file="c.csv"), "c.csv")
    land(table, rows(1, 5), "a.csv")
    found = source_changes(table, then)
    assert found is not None
    assert found.names == {"a.csv", "c.csv"}
    assert sorted(found.inserted.collect()["number"]) == [1, 4, 5]
    assert sorted(found.deleted.collect()["number"]) == [1, 2]
    later = source_changes(table, delta.version(table))
    assert later is not None
    assert later.inserted.collect().is_empty()


@pytest.mark.parametrize("fault", ["contract", "other", "gone"])
def test_a_log_that_cannot_tell_says_so(tmp_path: Path, fault: str) -> None:
    table = tmp_path / "table"
    then = land(table, rows(1, 2), "a.csv")
    land(table, rows(3), "a.csv", contract="d" if fault == "contract" else "c")
    if fault == "other":
        append(table, rows(4), {})
    if fault == "gone":
        delta.open_table(table).vacuum(0, dry_run=False, enforce_retention_duration=False)
    assert source_changes(table, then) is None
    assert (rows_at(table, then) is None) is (fault == "gone")
