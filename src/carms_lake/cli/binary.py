"""A frame as Parquet or as a workbook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.cli.formats import as_text
from carms_lake.records import QueryResult
from carms_lake.writers import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KEPT = (pl.Boolean, pl.Int16, pl.Int32, pl.Int64, pl.Float64, pl.Date, pl.Decimal, pl.String)
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


def write_binary(path: Path, frame: pl.DataFrame | QueryResult, file_format: str) -> int:
    """Write a frame to a file, a column of an unusual type as text; how many rows.

    Raises:
        UsageError: a workbook cannot hold the rows.
    """
    if isinstance(frame, QueryResult):
        columns = [
            _column(name, kind, [row[place] for row in frame.rows])
            for place, (name, kind) in enumerate(zip(frame.columns, frame.types, strict=True))
        ]
    else:
        columns = [_as_usual(column) for column in frame.iter_columns()]
    whole = pl.DataFrame(columns)
    write(path, [whole], file_format)
    return whole.height


def _as_usual(column: pl.Series) -> pl.Series:
    if column.dtype in _KEPT or column.dtype == pl.Datetime("us"):
        return column
    return _column(column.name, "", column.to_list())


def _column(name: str, kind: str, values: Sequence[Any]) -> pl.Series:
    if decimal := _DECIMAL.fullmatch(kind):
        return pl.Series(name, values, pl.Decimal(int(decimal[1]), int(decimal[2])))
    if kind in _TYPES:
        return pl.Series(name, values, _TYPES[kind])
    return pl.Series(name, [None if v is None else as_text(v) for v in values], pl.String)
