"""A frame keeps its types in files that have types, and is text where a type is rare."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest
from sources import source

from carms_lake.cli.formats import Format, write_binary, write_rows
from carms_lake.errors import UsageError
from carms_lake.files import whole
from carms_lake.readers.xlsx.workbook import read_grid
from carms_lake.writers import write, xlsx

if TYPE_CHECKING:
    from pathlib import Path


def test_each_type_is_kept_or_becomes_text(tmp_path: Path) -> None:
    at = datetime.fromisoformat("2025-01-02 10:00:00")
    columns: dict[str, tuple[Any, Any, Any, Any]] = {
        "small": (1, pl.Int16, pl.Int16, 1),
        "integer": (2, pl.Int32, pl.Int32, 2),
        "big": (3, pl.Int64, pl.Int64, 3),
        "double": (0.5, pl.Float64, pl.Float64, 0.5),
        "boolean": (True, pl.Boolean, pl.Boolean, True),
        "date": (date(2025, 1, 2), pl.Date, pl.Date, date(2025, 1, 2)),
        "moment": (at, pl.Datetime("us"), pl.Datetime("us"), at),
        "decimal": (Decimal("1.50"), pl.Decimal(10, 2), pl.Decimal(10, 2), Decimal("1.50")),
        "text": ("a", pl.String, pl.String, "a"),
        "texts": (["a", "b"], pl.List(pl.String), pl.String, '["a","b"]'),
        "huge": (1 << 70, pl.Int128, pl.String, str(1 << 70)),
        "zoned": (at.replace(tzinfo=UTC), pl.Datetime("us", "UTC"), pl.String,
                  "2025-01-02 10:00:00+00"),
        "nothing": (None, pl.Null, pl.String, None),
    }  # fmt: skip
    row = tuple(value for value, _, _, _ in columns.values())
    schema = {name: kind for name, (_, kind, _, _) in columns.items()}
    frame = pl.DataFrame([row, (None,) * len(row)], schema, orient="row")
    assert write_binary(tmp_path / "rows", frame, "parquet") == 2
    written = pl.read_parquet(tmp_path / "rows")
    assert dict(written.schema) == {name: kind for name, (_, _, kind, _) in columns.items()}
    assert written.rows() == [
        tuple(kept for _, _, _, kept in columns.values()),
        (None,) * len(columns),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1, None], "[1,null]"),
        ({"a": 1}, '{"a":1}'),
        (b"\x00\xff", "00ff"),
        ([Decimal("0.00000000")], "[0.00000000]"),
        (Decimal("123456789012345.67800000"), "123456789012345.67800000"),
    ],
)
def test_a_workbook_spells_a_value_as_csv_does(tmp_path: Path, value: Any, text: str) -> None:
    frame = pl.DataFrame({"v": [value]})
    write(tmp_path / "x.xlsx", [frame], "xlsx")
    assert openpyxl.load_workbook(tmp_path / "x.xlsx").active["A2"].value == text
    stream = io.StringIO()
    write_rows(stream, Format.TSV, ["v"], [frame.rows()])
    assert next(csv.reader(stream.getvalue().splitlines()[1:], delimiter="\t")) == [text]


@pytest.mark.parametrize(("most", "what"), [("_MAX_ROWS", "3 rows"), ("_MAX_COLUMNS", "3 columns")])
def test_a_workbook_that_is_too_large_is_named_before_a_cell_is_written(
    most: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, most, 3)
    monkeypatch.setattr(xlsx, "_write_cell", lambda *_: pytest.fail("a cell was written"))
    frame = pl.DataFrame({name: [1, 2] for name in "abcd"[: 4 if "columns" in what else 1]})
    with (
        pytest.raises(UsageError, match=rf"`big\.xlsx` would have more than {what}"),
        whole(tmp_path / "big.xlsx") as partial,
    ):
        write(partial, [frame, frame], "xlsx")
    assert not list(tmp_path.iterdir())


def test_no_rows_leave_a_file_with_its_columns(tmp_path: Path) -> None:
    frame = pl.DataFrame(schema={"n": int, "name": str})
    assert write_binary(tmp_path / "rows", frame, "parquet") == 0
    assert dict(pl.read_parquet(tmp_path / "rows").schema) == {"n": pl.Int64, "name": pl.String}


def test_a_workbook_is_ready_for_reading(tmp_path: Path) -> None:
    columns = ["id", "day", "at", "amount", "a rather long name", "text"]
    types = ["VARCHAR", "DATE", "TIMESTAMP", "DECIMAL(9,2)", "BOOLEAN", "VARCHAR"]
    rows = [
        ("007", "2024-01-02", "2024-01-02 03:04:05.5", Decimal("1.50"), True, "x" * 300),
        (None, None, None, None, None, None),
    ]
    assert xlsx.write_rows(tmp_path / "x.xlsx", columns, types, [rows]) == 2
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    assert all(cell.font.b for cell in sheet[1])
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:F3"
    widths = [sheet.column_dimensions[letter].width for letter in "ABCDEF"]
    assert min(widths) >= 8
    assert 19 < widths[4] < 30
    assert widths[5] < 70
    day, at = sheet["B2"], sheet["C2"]
    assert (day.value, day.number_format) == (datetime.fromisoformat("2024-01-02"), "yyyy-mm-dd")
    assert (str(at.value), at.number_format) == (
        "2024-01-02 03:04:05.500000",
        "yyyy-mm-dd hh:mm:ss.000",
    )
    assert [cell.value for cell in sheet[3]] == [None] * 6


@pytest.mark.parametrize(
    "text",
    ["007", "1E5", "3-4", "1/2", "1.2.2024", "MAR1", "Sept 2", "true", "=1+1", "+1", "-x", "@sum",
     "'x", " =1", "1" * 16, "(5)", "50%", "$5", "12:30"],
)  # fmt: skip
def test_a_text_that_excel_would_change_stays_text(text: str, tmp_path: Path) -> None:
    xlsx.write_rows(tmp_path / "x.xlsx", ["id"], ["VARCHAR"], [[(text,)]])
    cell = openpyxl.load_workbook(tmp_path / "x.xlsx").active["A2"]
    assert (cell.data_type, cell.value) == ("s", text)
    if not text.startswith(("'", " ")):
        assert cell.number_format == "@"


@pytest.mark.parametrize(
    "text",
    ["a\x00b", "a\x1fb", "_x0041_", "a\r\nb", "\t", " a ", "😀" * 10, "<&>\"'"],
)
def test_characters_that_xml_cannot_hold_come_back(text: str, tmp_path: Path) -> None:
    xlsx.write_rows(tmp_path / "x.xlsx", [f"h{text}"], ["VARCHAR"], [[(text,)]])
    found = source(tmp_path / "x.xlsx")
    grid = read_grid(found.path, found, None)
    assert grid.rows == [[f"h{text}"], [text]]


@pytest.mark.parametrize("number", [0.1 + 0.2, 2 / 3, 1e300, 5e-324, -1.5, 123456789.123456789])
def test_a_number_in_a_workbook_has_all_of_its_digits(number: float, tmp_path: Path) -> None:
    xlsx.write_rows(tmp_path / "x.xlsx", ["n"], ["DOUBLE"], [[(number,)]])
    assert openpyxl.load_workbook(tmp_path / "x.xlsx").active["A2"].value == number


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("a",)] * 4, "`big.xlsx` would have more than 4 rows"),
        ([("😀" * 6,)], "`big.xlsx` would have more than 10 characters in a cell"),
        ([("a" * 11,)], "`big.xlsx` would have more than 10 characters in a cell"),
    ],
)
def test_what_a_sheet_cannot_hold_is_told_before_it_is_made(
    rows: list[tuple[str]], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "_MAX_ROWS", 4)
    monkeypatch.setattr(xlsx, "_MAX_CHARACTERS", 10)
    monkeypatch.setattr(xlsx, "_write", lambda *_: pytest.fail("a sheet was written"))
    with pytest.raises(UsageError, match=says), whole(tmp_path / "big.xlsx") as partial:
        xlsx.write_rows(partial, ["t"], ["VARCHAR"], [rows])
