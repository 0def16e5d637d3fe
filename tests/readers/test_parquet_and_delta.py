"""Parquet files and Delta tables: their own types, their rows in order."""

# ruff: noqa: DTZ001 - cells and columns without a zone are the case

from __future__ import annotations

import datetime as dt
import gzip
import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st
from sources import bronze, collected, column, outcome, raw_records, read, source, unique, written

from carms_lake.errors import SourceRefused

FRAME = pl.DataFrame(
    {
        "ID": [3, 1, 2],
        "at": [dt.datetime(2025, 1, 2), None, dt.datetime(2025, 1, 3)],
        "cost": ["1.10", "2.20", None],
    }
).with_columns(pl.col("cost").cast(pl.Decimal(21, 2)))
CONTRACT = bronze(
    column("id", "bigint"),
    column("at", "timestamp"),
    column("cost", "decimal(12,2)"),
    format="parquet",
)
DELTA = bronze(*CONTRACT.columns, format="delta")


@pytest.fixture
def parquet(tmp_path):
    FRAME.write_parquet(tmp_path / "b[1].parquet")
    return source(tmp_path / "b[1].parquet")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "returns"
    write_deltalake(str(path), FRAME.head(2))
    write_deltalake(str(path), FRAME.tail(1), mode="append")
    return source(path)


def test_a_parquet_file_keeps_its_types_and_its_order(parquet):
    batch = read(parquet, CONTRACT)
    rows = collected(batch)
    assert rows.drop("src_row_number").equals(FRAME.rename({"ID": "id"}))
    assert rows.schema["src_row_number"] == pl.Int64
    assert rows["src_row_number"].to_list() == [1, 2, 3]
    assert batch.records == 3
    assert batch.notes == ("`b[1].parquet`: header `ID` read as `id`",)


def test_a_text_with_ends_of_lines_of_other_kinds_is_one_record(tmp_path):
    texts = [f"a{end}b" for end in ("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r", "\n")]
    pl.DataFrame({"text": texts}).write_parquet(tmp_path / "x.parquet")
    found = raw_records(source(tmp_path / "x.parquet"), bronze("text", format="parquet"), range(9))
    assert [json.loads(text)["text"] for text in found.values()] == texts


@pytest.mark.parametrize("zone", [None, "UTC", "+05:30", "Europe/Paris"])
def test_the_first_moment_of_1970_is_read_from_int96_of_any_zone(tmp_path, zone):
    at = pa.array([0, 1_700_000_000], pa.timestamp("s", zone))
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"at": at}), path, use_deprecated_int96_timestamps=True)
    rows = collected(read(source(path), bronze(column("at", "timestamp"), format="parquet")))
    assert rows["at"].dt.epoch("s").to_list() == [0, 1_700_000_000]


def test_a_packed_parquet_file_is_read_before_its_unpacked_copy_is_gone(parquet, tmp_path):
    packed = written(tmp_path, gzip.compress(parquet.path.read_bytes()), "p.parquet.gz")
    assert collected(read(packed, CONTRACT)).height == 3


def test_a_delta_table_is_its_newest_version_without_deleted_rows(table):
    rows = collected(read(table, DELTA))
    assert sorted(rows["id"]) == [1, 2, 3]
    assert sorted(rows["src_row_number"]) == [1, 2, 3]
    DeltaTable(str(table.path)).delete('"ID" = 1')
    assert sorted(collected(read(source(table.path), DELTA))["id"]) == [2, 3]


@pytest.mark.parametrize("which", ["parquet", "table"])
def test_raw_records_are_rows_as_json(which, request):
    found = request.getfixturevalue(which)
    contract = CONTRACT if which == "parquet" else DELTA
    numbers = collected(read(found, contract)).select("src_row_number", "id").rows()
    texts = raw_records(found, contract, [number for number, _ in numbers] + [99])
    assert {n: json.loads(text)["ID"] for n, text in texts.items()} == dict(numbers)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b"a,b\n", "WRONG_FORMAT"),
        (b"PAR1", "UNREADABLE"),
        (b"PAR1" * 9, "UNREADABLE"),
    ],
)
def test_what_is_no_parquet_file_is_refused(tmp_path, content, code):
    with pytest.raises(SourceRefused) as caught:
        read(written(tmp_path, content, "p.parquet"), CONTRACT)
    assert caught.value.code == code


def test_columns_are_compared_with_the_contract(parquet, table):
    for found, format_ in ((parquet, "parquet"), (table, "delta")):
        with pytest.raises(SourceRefused) as caught:
            read(found, bronze("id", "at", format=format_))
        assert caught.value.code == "UNEXPECTED_COLUMN"
        with pytest.raises(SourceRefused) as caught:
            read(found, bronze("id", "at", "cost", "more", format=format_))
        assert caught.value.code == "MISSING_COLUMN"


def test_a_folder_that_is_no_delta_table_or_has_a_broken_log_is_refused(tmp_path, table):
    (table.path / "_delta_log" / "00000000000000000001.json").write_text(
        "{broken", encoding="utf-8"
    )
    with pytest.raises(SourceRefused) as caught:
        read(source(table.path), DELTA)
    assert caught.value.code == "UNREADABLE"
    with pytest.raises(SourceRefused) as caught:
        read(written(tmp_path, b"x", "no_table"), DELTA)
    assert caught.value.code == "WRONG_FORMAT"


def test_a_missing_data_file_of_a_delta_table_is_a_refusal(table):
    next(table.path.glob("*.parquet")).unlink()
    with pytest.raises(SourceRefused) as caught:
        collected(read(table, DELTA))
    assert caught.value.code == "UNREADABLE"


@settings(max_examples=120)
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=3
    )
)
def test_a_damaged_parquet_file_is_read_or_refused(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("parquet")
    FRAME.write_parquet(folder / "good.parquet")
    data = bytearray((folder / "good.parquet").read_bytes())
    for share, byte in changes:
        data[int(share * len(data))] = byte
    made = unique(folder, bytes(data), "parquet")
    found = outcome(made, CONTRACT)
    if isinstance(found, SourceRefused):
        assert found.code
