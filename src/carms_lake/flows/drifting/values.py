"""Cells of workbooks and JSON as one column: of their own type where they share one, else text."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import orjson
import polars as pl

from carms_lake.readers.values import cell_text

_INT64 = 1 << 63


class Cells(NamedTuple):
    """A column."""

    series: pl.Series
    not_text: int = 0
    """How many values of a column of text are none."""


def cells_of(values: list[Any]) -> Cells:
    """The values as a column; None is null, objects and arrays are JSON text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str}:
        return Cells(pl.Series(values, dtype=pl.String))
    if kinds == {bool}:
        return Cells(pl.Series(values, dtype=pl.Boolean))
    if kinds <= {int, float}:
        return Cells(_numbers(values))
    if kinds == {dt.date}:
        return Cells(pl.Series(values, dtype=pl.Date))
    if kinds <= {dt.date, dt.datetime}:
        return Cells(pl.Series(map(_moment, values), dtype=pl.Datetime("us")))
    texts = [None if value is None else _text(value) for value in values]
    plain = sum(value is not None and not isinstance(value, str | dict | list) for value in values)
    return Cells(pl.Series(texts, dtype=pl.String), plain)


def _numbers(values: list[Any]) -> pl.Series:
    """Whole numbers where all are whole: workbooks know no other numbers than floats."""
    is_whole = all(
        value is None or (float(value).is_integer() and abs(value) < _INT64) for value in values
    )
    if is_whole:
        whole = [None if value is None else int(value) for value in values]
        return pl.Series(whole, dtype=pl.Int64)
    return pl.Series([None if v is None else float(v) for v in values], dtype=pl.Float64)


def _moment(value: Any) -> dt.datetime | None:
    if value is None or isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time())


def _text(value: Any) -> str:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else cell_text(value)
