"""Rows in memory keep their types in files that have types, and are text where a type is rare."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.cli.binary import write_binary
from carms_lake.records import QueryResult

if TYPE_CHECKING:
    from pathlib import Path


def test_each_type_is_kept_or_becomes_text(tmp_path: Path) -> None:
    at = datetime.fromisoformat("2025-01-02 10:00:00")
    columns = {
        "SMALLINT": (1, pl.Int16, 1),
        "INTEGER": (2, pl.Int32, 2),
        "BIGINT": (3, pl.Int64, 3),
        "DOUBLE": (0.5, pl.Float64, 0.5),
        "BOOLEAN": (True, pl.Boolean, True),
        "DATE": (date(2025, 1, 2), pl.Date, date(2025, 1, 2)),
        "TIMESTAMP": (at, pl.Datetime("us"), at),
        "DECIMAL(10,2)": (Decimal("1.50"), pl.Decimal(10, 2), Decimal("1.50")),
        "VARCHAR": ("a", pl.String, "a"),
        "VARCHAR[]": (["a", "b"], pl.String, '["a","b"]'),
        "HUGEINT": (1 << 70, pl.String, str(1 << 70)),
    }
    row = tuple(value for value, _, _ in columns.values())
    result = QueryResult(tuple(columns), tuple(columns), [row, (None,) * len(columns)])
    assert write_binary(tmp_path / "rows", result, "parquet") == 2
    frame = pl.read_parquet(tmp_path / "rows")
    assert dict(frame.schema) == {name: kind for name, (_, kind, _) in columns.items()}
    assert frame.rows() == [tuple(kept for _, _, kept in columns.values()), (None,) * len(columns)]


def test_no_rows_leave_a_file_with_its_columns(tmp_path: Path) -> None:
    result = QueryResult(("n", "name"), ("BIGINT", "VARCHAR"), [])
    assert write_binary(tmp_path / "rows", result, "parquet") == 0
    assert dict(pl.read_parquet(tmp_path / "rows").schema) == {"n": pl.Int64, "name": pl.String}
