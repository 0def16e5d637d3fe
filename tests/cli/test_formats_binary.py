"""A frame keeps its types in files that have types, and is text where a type is rare."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.cli.formats import write_binary

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
                  "2025-01-02 10:00:00+00:00"),
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


def test_no_rows_leave_a_file_with_its_columns(tmp_path: Path) -> None:
    frame = pl.DataFrame(schema={"n": int, "name": str})
    assert write_binary(tmp_path / "rows", frame, "parquet") == 0
    assert dict(pl.read_parquet(tmp_path / "rows").schema) == {"n": pl.Int64, "name": pl.String}
