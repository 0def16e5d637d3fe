"""Delta tables: what is written is what is read, and the log says what each commit holds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from carms_lake.errors import ContractError, StoreError
from carms_lake.store import delta
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.write import append, overwrite
from carms_lake.store.sql import read_pinned

if TYPE_CHECKING:
    from pathlib import Path

EVERY_TYPE = pl.DataFrame(
    {
        "text": ["a", None],
        "whole": [1, 2],
        "small": [1, 2],
        "amount": [Decimal("1.10"), None],
        "share": [0.5, None],
        "yes": [True, None],
        "day": [date(2025, 1, 1), None],
        "at": [datetime(2025, 1, 1, 12, tzinfo=UTC), None],
        "hash": [b"\x00\xff", None],
        "many": [["a"], []],
    },
    schema={
        "text": pl.String,
        "whole": pl.Int64,
        "small": pl.Int32,
        "amount": pl.Decimal(12, 2),
        "share": pl.Float64,
        "yes": pl.Boolean,
        "day": pl.Date,
        "at": pl.Datetime("us", "UTC"),
        "hash": pl.Binary,
        "many": pl.List(pl.String),
    },
)


def rows(path: Path) -> list[tuple[object, ...]]:
    return delta.scan(path).collect().rows()


def test_every_type_comes_back_as_it_was(tmp_path: Path) -> None:
    append(tmp_path / "t", EVERY_TYPE, {})
    found = delta.scan(tmp_path / "t").collect()
    assert found.schema == EVERY_TYPE.schema
    assert found.rows() == EVERY_TYPE.rows()


def test_the_log_has_what_each_commit_was_told(tmp_path: Path) -> None:
    for number in (1, 2):
        append(tmp_path / "t", EVERY_TYPE, {"run_id": f"r{number}", "files": [{"name": "é"}]})
    assert [e.metadata.get("run_id") for e in commits(tmp_path / "t")] == [None, "r1", "r2"]
    assert commits(tmp_path / "t")[2].metadata["files"] == [{"name": "é"}]
    assert commits(tmp_path / "none") == []


def test_a_commit_without_rows_is_kept(tmp_path: Path) -> None:
    version = append(tmp_path / "t", EVERY_TYPE.clear(), {"run_id": "r1"})
    assert commits(tmp_path / "t")[-1].version == version
    assert rows(tmp_path / "t") == []


def test_a_new_column_is_null_in_older_rows_and_an_absent_one_in_newer(tmp_path: Path) -> None:
    table = tmp_path / "t"
    append(table, pl.DataFrame({"a": [1], "b": ["x"]}), {"run_id": "r1"})
    append(table, pl.DataFrame({"a": [2], "c": [0.5]}), {"run_id": "r2"}, new_columns=True)
    append(table, pl.DataFrame({"c": [1.5], "a": [3]}), {"run_id": "r3"}, new_columns=True)
    found = delta.scan(table).sort("a").collect()
    assert found.columns == ["a", "b", "c"]
    assert found.rows() == [(1, "x", None), (2, None, 0.5), (3, None, 1.5)]
    assert {e.metadata.get("run_id") for e in commits(table)} == {None, "r1", "r2", "r3"}
    assert duckdb.sql(read_pinned(delta.pinned(table)) + " order by a").fetchall() == found.rows()


def test_a_pinned_version_does_not_change(tmp_path: Path) -> None:
    first = append(tmp_path / "t", pl.DataFrame({"value": [1]}), {})
    pinned = delta.pinned(tmp_path / "t", first)
    overwrite(tmp_path / "t", pl.DataFrame({"value": [2]}), {})
    assert duckdb.sql(read_pinned(pinned)).fetchall() == [(1,)]
    assert delta.scan(tmp_path / "t", first).collect().rows() == [(1,)]
    assert rows(tmp_path / "t") == [(2,)]


@pytest.mark.parametrize("frame", [EVERY_TYPE, EVERY_TYPE.clear()])
def test_duckdb_reads_the_files_of_a_table_with_its_types(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    append(tmp_path / "t", frame, {})
    found = duckdb.sql(read_pinned(delta.pinned(tmp_path / "t")))
    assert [str(kind) for kind in found.types] == [
        "VARCHAR",
        "BIGINT",
        "INTEGER",
        "DECIMAL(12,2)",
        "DOUBLE",
        "BOOLEAN",
        "DATE",
        "TIMESTAMP",
        "BLOB",
        "VARCHAR[]",
    ]
    assert len(found.fetchall()) == frame.height


@pytest.mark.parametrize(
    "frame",
    [pl.DataFrame({"value": [1.7]}), pl.DataFrame({"value": ["12"]}), pl.DataFrame({"other": [1]})],
)
def test_a_frame_of_other_types_is_refused_before_delta_casts_it(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    append(tmp_path / "t", pl.DataFrame({"value": [1]}), {})
    with pytest.raises(ContractError, match="value"):
        append(tmp_path / "t", frame, {})
    assert rows(tmp_path / "t") == [(1,)]


def test_a_table_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    assert delta.version(tmp_path / "t") == -1
    with pytest.raises(StoreError, match="no table") as caught:
        delta.scan(tmp_path / "t")
    assert "carms ingest" in caught.value.hint


def test_a_table_that_needs_more_than_its_files_is_refused(tmp_path: Path) -> None:
    from deltalake import write_deltalake

    configuration = {"delta.enableDeletionVectors": "true"}
    write_deltalake(tmp_path / "t", pl.DataFrame({"value": [1]}), configuration=configuration)
    with pytest.raises(StoreError, match="deletionVectors"):
        delta.pinned(tmp_path / "t")
