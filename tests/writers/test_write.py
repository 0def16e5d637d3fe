"""Every format holds what it was given, chunk by chunk, and its bytes are the same each time."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from deltalake import DeltaTable
from openpyxl import load_workbook
from polars.testing import assert_frame_equal

from carms_lake.errors import UsageError
from carms_lake.writers import FORMATS, write
from carms_lake.writers.xlsx import write_book

ROWS = pl.DataFrame(
    {
        "": [0, 1, 2],
        "id": ["007", "8", None],
        "text": ['say "hi", twice', "two\nlines", "plain é"],
        "price": [Decimal("1.50"), None, Decimal("0.05")],
        "on": [date(2099, 1, 13), None, date(2099, 2, 9)],
    }
)
CLOCK = datetime.fromisoformat("2099-01-01 08:30")
CSV = (
    ",id,text,price,on\n"
    '0,007,"say ""hi"", twice",1.50,2099-01-13\n'
    '1,8,"two\nlines",,\n'
    "2,,plain é,0.05,2099-02-09\n"
)


def chunks(frame=ROWS):
    return (frame.slice(at, 1) for at in range(frame.height))


def test_csv_has_minimal_quotes_line_feeds_and_one_header(tmp_path):
    path = tmp_path / "rows.csv"
    write(path, chunks(), "csv")
    assert path.read_bytes().decode() == CSV


def test_csv_takes_another_separator_and_no_header(tmp_path):
    path = tmp_path / "rows.csv"
    frame = pl.DataFrame({"a": ["x;y", "z"], "b": [1, 2]})
    write(path, [frame], "csv", {"separator": ";", "header": False})
    assert path.read_bytes() == b'"x;y";1\nz;2\n'


def test_csv_spells_moments_as_asked_for(tmp_path):
    path = tmp_path / "rows.csv"
    write(path, [pl.DataFrame({"at": [CLOCK]})], "csv", {"datetime_format": "%d.%m.%Y %H:%M"})
    assert path.read_bytes() == b"at\n01.01.2099 08:30\n"


def test_csv_leaves_out_the_quotes_of_the_rows_that_are_to_be_faulty(tmp_path):
    path = tmp_path / "rows.csv"
    name = ["a, b", "c, d", "e", 'f "g", h']
    frame = pl.DataFrame({"name": name, "bare": [False, True, True, False], "n": [1, 2, 3, 4]})
    write(path, chunks(frame), "csv", {"unquoted_where": "bare"})
    chunked = path.read_bytes()
    write(path, [frame], "csv", {"unquoted_where": "bare"})
    assert path.read_bytes() == chunked
    assert chunked.decode() == 'name,n\n"a, b",1\nc, d,2\ne,3\n"f ""g"", h",4\n'


def test_csv_of_no_rows_has_its_header(tmp_path):
    path = tmp_path / "rows.csv"
    write(path, [ROWS.clear()], "csv")
    assert path.read_bytes() == b",id,text,price,on\n"


def test_jsonl_has_one_object_per_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    write(path, chunks(ROWS.select("id", "text")), "jsonl")
    rows = [json.loads(line) for line in path.read_bytes().decode().splitlines()]
    assert rows == ROWS.select("id", "text").to_dicts()


def test_jsonl_can_hold_lines_that_are_no_json(tmp_path):
    path = tmp_path / "rows.jsonl"
    lines = ['{"a": 1}', '{"a": ', '{"b": "x, y\\""}']
    write(path, [pl.DataFrame({"raw": lines, "n": 1})], "jsonl", {"text_column": "raw"})
    assert path.read_bytes().decode() == "".join(f"{line}\n" for line in lines)


def test_json_is_one_array_with_nested_objects(tmp_path):
    path = tmp_path / "rows.json"
    frame = pl.DataFrame({"id": ["a", None], "meta": [{"url": "é"}, {"url": "f"}]})
    write(path, chunks(frame), "json", {"without_nulls": True})
    assert path.read_bytes().decode() == (
        '[\n    {\n        "id": "a",\n        "meta": {\n            "url": "é"\n        }\n'
        "    },\n"
        '    {\n        "meta": {\n            "url": "f"\n        }\n    }\n]'
    )


def test_json_keeps_nulls_unless_told_otherwise_and_knows_the_empty_array(tmp_path):
    path = tmp_path / "rows.json"
    write(path, [pl.DataFrame({"id": [None]})], "json")
    assert json.loads(path.read_bytes()) == [{"id": None}]
    write(path, [], "json")
    assert json.loads(path.read_bytes()) == []


def test_json_object_holds_one_object(tmp_path):
    path = tmp_path / "truth.json"
    write(path, [{"orders": 3}], "json_object")
    assert path.read_bytes() == b'{\n  "orders": 3\n}\n'
    with pytest.raises(UsageError, match="one JSON object, not 2"):
        write(path, [{}, {}], "json_object")


def test_xlsx_keeps_text_as_text_and_types_as_types(tmp_path):
    path = tmp_path / "rows.xlsx"
    frame = ROWS.with_columns(at=pl.Series([CLOCK] * 3), vip=pl.Series([True, False, None]))
    write(path, chunks(frame), "xlsx", {"sheet": "rates"})
    rows = list(load_workbook(path)["rates"].iter_rows(values_only=True))
    first, last = (datetime.fromisoformat(day) for day in ("2099-01-13", "2099-02-09"))
    assert rows == [
        (None, "id", "text", "price", "on", "at", "vip"),
        (0, "007", 'say "hi", twice', 1.5, first, CLOCK, True),
        (1, "8", "two\nlines", None, None, CLOCK, False),
        (2, None, "plain é", 0.05, last, CLOCK, None),
    ]


def test_xlsx_writes_chosen_text_cells_as_numbers(tmp_path):
    path = tmp_path / "rows.xlsx"
    write(path, chunks(), "xlsx", {"number_cells": [(1, "id")]})
    assert [row[1] for row in load_workbook(path)["Sheet1"].values] == ["id", "007", 8, None]


def test_xlsx_refuses_a_text_that_no_cell_can_hold(tmp_path):
    with pytest.raises(
        UsageError,
        match=r"`rows\.xlsx` would have more than 32767 characters in a cell \(column `a`, row 2\)",
    ):
        write(tmp_path / "rows.xlsx", [pl.DataFrame({"a": ["x" * 32_768]})], "xlsx")


def test_parquet_and_delta_give_back_what_they_were_given(tmp_path):
    frame = ROWS.rename({"": "n"}).with_columns(
        at=pl.Series([datetime(2099, 1, 1, tzinfo=UTC)] * 3, dtype=pl.Datetime("us", "UTC"))
    )
    write(tmp_path / "rows.parquet", chunks(frame), "parquet")
    write(tmp_path / "rows", chunks(frame), "delta")
    assert_frame_equal(pl.read_parquet(tmp_path / "rows.parquet"), frame)
    assert_frame_equal(pl.read_delta(str(tmp_path / "rows")).sort("n"), frame)


def test_a_later_delta_chunk_may_bring_a_column(tmp_path):
    first, second = pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2], "b": ["x"]})
    write(tmp_path / "rows", [first, second], "delta")
    assert pl.read_delta(str(tmp_path / "rows")).sort("a").to_dicts() == [
        {"a": 1, "b": None},
        {"a": 2, "b": "x"},
    ]


@pytest.mark.parametrize("file_format", sorted(set(FORMATS) - {"delta", "json_object"}))
def test_the_same_frames_give_the_same_bytes(tmp_path, file_format):
    frame = ROWS if file_format in ("csv", "xlsx", "parquet") else ROWS.select("id", "text")
    write(tmp_path / "one", chunks(frame), file_format)
    write(tmp_path / "two", chunks(frame), file_format)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_reproducible_delta_table_has_the_same_bytes_and_one_commit_per_chunk(tmp_path):
    frame = pl.DataFrame(
        {
            "id": [1, 2, 3],
            "price": [Decimal("1.50"), None, Decimal("0.05")],
            "at": [CLOCK.replace(tzinfo=UTC), None, None],
            "on": [date(2099, 1, 13), None, None],
            "text": ["é", "", None],
        },
        schema_overrides={"price": pl.Decimal(12, 2)},
    )
    for name in ("one", "two"):
        write(tmp_path / name, chunks(frame), "delta", {"reproducible": True})
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("one", "two")
    )
    assert one == two
    table = DeltaTable(str(tmp_path / "one"))
    assert table.version() == 2
    assert_frame_equal(pl.read_delta(table), frame, check_row_order=False)


def test_a_reproducible_delta_table_can_be_appended_to(tmp_path):
    frame = pl.DataFrame({"id": [1], "text": ["a"]})
    write(tmp_path / "rows", [frame], "delta", {"reproducible": True})
    write(tmp_path / "rows", [frame.with_columns(more=pl.lit(1))], "delta")
    found = pl.read_delta(str(tmp_path / "rows")).sort("more", nulls_last=False)
    assert found.rows() == [(1, "a", None), (1, "a", 1)]


def test_an_unknown_format_or_option_is_refused_with_the_nearest_one(tmp_path):
    with pytest.raises(UsageError) as unknown:
        write(tmp_path / "rows", [], "parket")
    assert unknown.value.hint == "did you mean `parquet`?"
    with pytest.raises(UsageError) as option:
        write(tmp_path / "rows.csv", [], "csv", {"seperator": ";"})
    assert option.value.hint == "did you mean `separator`?"


def test_xlsx_writes_what_a_sheet_does_not_know_as_it_knows_it(tmp_path):
    path = tmp_path / "rows.xlsx"
    zoned = pl.Series([datetime(2099, 1, 1, 8, 30, tzinfo=ZoneInfo("America/Toronto"))])
    numbers = pl.Series([float("nan"), float("inf"), float("-inf"), 1.5])
    frame = pl.DataFrame({"n": numbers}).with_columns(
        at=zoned.dt.convert_time_zone("America/Toronto").new_from_index(0, 4)
    )
    write(path, [frame], "xlsx")
    rows = list(load_workbook(path)["Sheet1"].iter_rows(values_only=True, min_row=2))
    utc = datetime.fromisoformat("2099-01-01 13:30")
    assert rows == [("nan", utc), ("inf", utc), ("-inf", utc), (1.5, utc)]


def test_xlsx_writes_a_number_that_a_cell_would_round_as_text(tmp_path):
    path = tmp_path / "rows.xlsx"
    kept, lost = 999_999_999_999_999, 6_917_529_027_641_081_857
    exact, rounded = Decimal("1234567890.12345"), Decimal("1234567890.123456")
    write(
        path,
        [
            pl.DataFrame(
                {"key": [kept, lost, -lost], "price": [exact, rounded, None]},
                schema_overrides={"price": pl.Decimal(20, 6)},
            )
        ],
        "xlsx",
    )
    assert list(load_workbook(path)["Sheet1"].iter_rows(values_only=True, min_row=2)) == [
        (kept, 1234567890.12345),
        (str(lost), "1234567890.123456"),
        (str(-lost), None),
    ]


def test_xlsx_writes_a_date_from_before_its_calendar_as_text(tmp_path):
    path = tmp_path / "rows.xlsx"
    write(path, [pl.DataFrame({"on": [date(1899, 12, 31), date(1901, 1, 1)]})], "xlsx")
    cells = [row[0] for row in load_workbook(path)["Sheet1"].iter_rows(values_only=True, min_row=2)]
    assert cells == ["1899-12-31", datetime.fromisoformat("1901-01-01")]


def test_a_workbook_has_a_sheet_for_each_title_under_a_name_that_excel_takes(tmp_path):
    titles = ["Ventes: [par] semaine?", "a" * 40, "A" * 40, "history", "'x'", ""]
    frames = [pl.DataFrame({"n": [n], "text": ["=1+1"]}) for n in range(len(titles))]
    for name in ("one.xlsx", "other.xlsx"):
        write_book(tmp_path / name, zip(titles, frames, strict=True))
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "other.xlsx").read_bytes()
    book = load_workbook(tmp_path / "one.xlsx")
    names = ["Ventes   par  semaine", "a" * 31, "A" * 29 + " 2", "history_", "x", "Sheet"]
    assert book.sheetnames == names
    assert [book[name]["A2"].value for name in names] == list(range(len(titles)))
    assert book[names[0]]["B2"].data_type == "s"
