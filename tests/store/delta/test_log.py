"""Versions by the log: whose they are, what they held, and what a table was as of a run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest
from lakes import config_of

from carms_lake.errors import StoreError
from carms_lake.names import run_timestamp
from carms_lake.store import delta
from carms_lake.store.delta import log as versions
from carms_lake.store.delta.maintain import compact
from carms_lake.store.delta.write import append, overwrite

if TYPE_CHECKING:
    from pathlib import Path

RUNS = ("20250101T100000.000000Z-a", "20250102T100000.000000Z-b", "20250103T100000.000000Z-c")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table to which each of two runs added a row; the second in two commits."""
    path = tmp_path / "table"
    for run, number in ((RUNS[0], 1), (RUNS[1], 2), (RUNS[1], 3)):
        append(path, pl.DataFrame({"a": [number]}), {"run_id": run})
    return path


@pytest.mark.parametrize(
    ("run", "version"),
    [("2024", -1), (RUNS[0], 1), ("20250101T235959", 1), (RUNS[1], 3), (RUNS[2], 3)],
)
def test_a_table_is_what_no_later_run_made(table: Path, run: str, version: int) -> None:
    assert versions.version_at(table, run) == version


def test_a_table_that_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert versions.version_at(tmp_path / "none", RUNS[0]) == -1
    assert versions.rows_version(tmp_path / "none") == -1
    assert versions.commits(tmp_path / "none") == []


def test_each_version_says_its_run_and_files(table: Path) -> None:
    found = [(c.version, c.run_id, len(files)) for c, files in versions.states(table)]
    assert found == [(0, None, 0), (1, RUNS[0], 1), (2, RUNS[1], 2), (3, RUNS[1], 3)]


@pytest.mark.parametrize("version", [0, 1, 3])
def test_the_files_of_a_version_are_those_of_the_library(table: Path, version: int) -> None:
    files = versions.files_at(table, version)
    assert {str(table / name) for name in files} == set(delta.pinned(table, version).files)
    assert [file.rows for file in files.values()] == [1] * len(files)


def test_files_that_a_commit_replaces_are_gone_from_the_next_version(table: Path) -> None:
    overwrite(table, pl.DataFrame({"a": [7, 8]}), {"run_id": RUNS[2]})
    assert [file.rows for file in versions.files_at(table, 4).values()] == [2]
    assert len(versions.files_at(table, 3)) == 3


def test_what_another_tool_wrote_belongs_to_its_time(tmp_path: Path) -> None:
    path = tmp_path / "table"
    pl.DataFrame({"a": [1]}).write_delta(path)
    at = versions.commits(path)[0].at
    assert versions.commits(path)[0].run_id is None
    assert versions.version_at(path, run_timestamp(at)) == 0
    assert versions.version_at(path, "20200101T000000.000000Z-a") == -1


def test_optimizing_is_no_change_of_rows_and_belongs_to_its_own_run(table: Path) -> None:
    assert compact(table, RUNS[2]) == 4
    assert versions.rows_version(table) == 3
    assert versions.version_at(table, RUNS[1]) == 3
    assert versions.version_at(table, RUNS[2]) == 4


def test_a_log_whose_beginning_is_cut_off_is_told(table: Path) -> None:
    (table / "_delta_log" / f"{0:020}.json").unlink()
    with pytest.raises(StoreError, match="begins at version 1"):
        versions.commits(table)


def test_a_damaged_log_is_told(table: Path) -> None:
    (table / "_delta_log" / f"{2:020}.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="log of the table"):
        versions.commits(table)


def test_a_version_with_lost_files_is_told_and_the_others_are_whole(table: Path) -> None:
    lost = next(iter(versions.files_at(table, 1)))
    (table / lost).unlink()
    versions.ensure_complete(table, 0, "bronze.table")
    with pytest.raises(StoreError, match="is incomplete: 1 of its files"):
        versions.ensure_complete(table, 3, "bronze.table")


def test_a_run_ends_with_its_last_commit(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    for name in ("bronze/a", "ops/runs"):
        append(config.lake / name, pl.DataFrame({"a": [1]}), {"run_id": RUNS[0]})
    append(config.lake / "rejects", pl.DataFrame({"a": [1]}), {"run_id": RUNS[1]})
    ends = versions.run_ends(config)
    assert [end.run_id for end in ends] == list(RUNS[:2])
    last = versions.commits(config.lake / "ops" / "runs")[-1]
    assert ends[0].at == last.at
    assert list(versions.table_folders(config)) == ["bronze.a", "ops.runs", "rejects"]


def test_times_and_runs_are_written_alike() -> None:
    assert run_timestamp(datetime(2025, 1, 1, 10, tzinfo=UTC)) == RUNS[0].rpartition("-")[0]


def test_a_file_without_a_count_has_none(table: Path) -> None:
    log = table / "_delta_log" / f"{3:020}.json"
    actions = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    for action in actions:
        action.get("add", {}).pop("stats", None)
    log.write_text("\n".join(json.dumps(a) for a in actions) + "\n", encoding="utf-8")
    assert sorted(map(str, (f.rows for f in versions.files_at(table, 3).values()))) == [
        "1",
        "1",
        "None",
    ]
