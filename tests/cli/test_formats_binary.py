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

from carms_lake.cli.formats import Format, write_binary, write_rows
from carms_lake.errors import UsageError
from carms_lake.files import whole
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
