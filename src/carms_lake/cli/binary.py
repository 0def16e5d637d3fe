"""Rows in memory as Parquet or as a workbook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.cli.formats import as_text
from carms_lake.writers import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from carms_lake.records import QueryResult

_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "BOOLEAN": pl.Boolean,
    "SMALLINT": pl.Int16,
    "INTEGER": pl.Int32,
    "BIGINT": pl.Int64,
    "DOUBLE": pl.Float64,
    "DATE": pl.Date,
    "TIMESTAMP": pl.Datetime("us"),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


def write_binary(path: Path, result: QueryResult, file_format: str) -> int:
    """Write rows to a file, a column of another type than the usual ones as text; how many rows.

    Raises:
        UsageError: a workbook cannot hold the rows.
    """
    columns = [
        _column(name, kind, [row[place] for row in result.rows])
        for place, (name, kind) in enumerate(zip(result.columns, result.types, strict=True))
    ]
    write(path, [pl.DataFrame(columns)], file_format)
    return len(result.rows)


def _column(name: str, kind: str, values: Sequence[Any]) -> pl.Series:
    if decimal := _DECIMAL.fullmatch(kind):
        return pl.Series(name, values, pl.Decimal(int(decimal[1]), int(decimal[2])))
    if kind in _TYPES:
        return pl.Series(name, values, _TYPES[kind])
    return pl.Series(name, [None if v is None else as_text(v) for v in values], pl.String)
