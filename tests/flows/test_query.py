"""What the flows of reading give: rows, files, the list of tables, a table's promises."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest
from lakes import config_of, small_lake

from carms_lake.errors import QueryRefused, UsageError
from carms_lake.flows.query import describe, query_frame, query_to_file, table_names, tables

if TYPE_CHECKING:
    from pathlib import Path


def test_a_query_becomes_a_parquet_file_with_its_types(tmp_path: Path) -> None:
    config = small_lake(tmp_path)
    sql = "select program_stream_id, quota, tuition, approved_at from program_profile order by 1"
    assert query_to_file(config, sql, tmp_path / "rows.parquet", "parquet") == 2
    frame = pl.read_parquet(tmp_path / "rows.parquet")
    assert frame["tuition"].to_list() == [Decimal("1.50"), None]
    assert dict(frame.schema) == {
        "program_stream_id": pl.String,
        "quota": pl.Int32,
        "tuition": pl.Decimal(10, 2),
        "approved_at": pl.Datetime("us"),
    }


def test_a_query_becomes_a_workbook_in_which_text_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    query_to_file(small_lake(tmp_path), "select program_stream_id, quota from large", path, "xlsx")
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    assert list(sheet.values) == [("program_stream_id", "quota"), ("1", 4)]


@pytest.mark.parametrize("file_format", ["parquet", "xlsx"])
def test_a_file_without_rows_has_its_columns(tmp_path: Path, file_format: str) -> None:
    path = tmp_path / f"rows.{file_format}"
    sql = "select quota from program_profile where false"
    assert query_to_file(small_lake(tmp_path), sql, path, file_format) == 0
    read = pl.read_parquet if file_format == "parquet" else pl.read_excel
    if file_format == "parquet":
        assert read(path).columns == ["quota"]
    else:
        sheet = openpyxl.load_workbook(path).active
        assert sheet is not None
        assert list(sheet.values) == [("quota",)]


def test_a_file_of_another_format_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`ods` is not a file format"):
        query_to_file(small_lake(tmp_path), "select 1", tmp_path / "x.ods", "ods")


def test_a_forbidden_query_writes_no_file(tmp_path: Path) -> None:
    with pytest.raises(QueryRefused):
        query_to_file(small_lake(tmp_path), "drop table x", tmp_path / "x.parquet", "parquet")
    assert not (tmp_path / "x.parquet").exists()


@pytest.mark.slow
def test_tables_counts_the_rows_of_what_is_there(tmp_path: Path) -> None:
    found = {row[0]: row for row in tables(small_lake(tmp_path)).rows()}
    assert found["silver.program"][1:4] == ("silver", "table", 2)
    assert found["bronze.discipline"][3] == 0
    assert found["gold.program_profile"][3] == 2
    assert found["gold.fact_program"][3] is None
    assert all(row[5] for row in found.values())


def test_tables_of_the_lake_are_counted_while_gold_cannot_be_opened(tmp_path: Path) -> None:
    config = small_lake(tmp_path)
    config.gold_file.write_bytes(b"no database" * 1000)
    found = {row[0]: row[3] for row in tables(config).rows()}
    assert found["silver.program"] == 2
    assert {rows for name, rows in found.items() if name.startswith("gold.")} == {None}


def test_tables_of_an_empty_project_have_no_counts(tmp_path: Path) -> None:
    assert {row[3] for row in tables(config_of(tmp_path)).rows()} == {None}


def test_names_come_gold_first(tmp_path: Path) -> None:
    names = table_names(config_of(tmp_path))
    layers = [name.split(".")[0] for name in names]
    assert layers == sorted(layers, key=["gold", "silver", "bronze", "match"].index)
    assert "bronze.discipline" in names


@pytest.mark.parametrize(
    "name", ["bronze.program_master", "carms.bronze.program_master", "program_master"]
)
def test_describe_gives_each_column_with_its_promises(tmp_path: Path, name: str) -> None:
    contract, columns = describe(config_of(tmp_path), name)
    assert str(contract.ref) == "carms.bronze.program_master"
    assert [row[0] for row in columns.rows()] == list(contract.column_names)
    promises = {row[0]: row[1:3] for row in columns.rows()}
    assert promises["program_stream_id"] == ("varchar", False)


def test_describe_names_keys_and_references(tmp_path: Path) -> None:
    _, columns = describe(config_of(tmp_path), "gold.fact_program")
    by_name = {row[0]: row for row in columns.rows()}
    assert "primary" in {row[3] for row in columns.rows()}
    assert any(row[4] and row[4].startswith("gold.dim_") for row in by_name.values())


def test_an_unknown_table_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        describe(config_of(tmp_path), "silver.progam")
    assert "`silver.program`" in caught.value.hint


def test_rows_of_a_query_come_with_columns(tmp_path: Path) -> None:
    found = query_frame(small_lake(tmp_path), "select 1 as a, 'x' as b")
    assert (found.columns, found.rows()) == (["a", "b"], [(1, "x")])
