"""A sample of a file's records that is the same every time, and its values as columns."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import orjson
import polars as pl

from carms_lake.readers.frames import cell_text

HEAD_RECORDS = 1_000
"""The first records of a file are all in the sample; few, since many files are sorted."""
SPREAD_RECORDS = 100_000
"""At most about this many more, evenly spread over the whole file."""

_GOLDEN = 2_654_435_769
"""2**32 divided by the golden ratio: its multiples fall evenly, and never in a short cycle."""
_RANGE = 1 << 32
_WRAP = 1 << 31

_INDEX = "\x00index"


class Sampler:
    """Takes the rows of a file in order and keeps a few of them."""

    def __init__(self) -> None:
        self.rows = 0
        self._stride = 1
        self._kept: list[pl.DataFrame] = []
        self._kept_rows = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Take the next rows."""
        numbered = rows.with_columns(
            pl.int_range(self.rows, self.rows + rows.height, dtype=pl.Int64).alias(_INDEX)
        )
        self.rows += rows.height
        self._keep(numbered)
        while self._kept_rows > HEAD_RECORDS + 2 * SPREAD_RECORDS:
            self._stride *= 2
            kept, self._kept, self._kept_rows = self._kept, [], 0
            for frame in kept:
                self._keep(frame)

    def sample(self, empty: pl.DataFrame) -> pl.DataFrame:
        """The kept rows, in order; `empty` if there were none."""
        if not self._kept:
            return empty
        kept = pl.concat(self._kept, how="vertical_relaxed")
        return kept.filter(_is_kept(stride_of(self.rows))).drop(_INDEX)

    @staticmethod
    def positions(rows: int) -> list[int]:
        """Which of that many rows are kept, counted from 0."""
        limit = _RANGE // stride_of(rows)
        return [
            at for at in range(rows) if at < HEAD_RECORDS or at % _WRAP * _GOLDEN % _RANGE < limit
        ]

    def _keep(self, frame: pl.DataFrame) -> None:
        kept = frame.filter(_is_kept(self._stride))
        self._kept.append(kept)
        self._kept_rows += kept.height


def is_spread(index: pl.Expr, stride: int) -> pl.Expr:
    """Whether a record, by its number, is one of the evenly spread ones: one in `stride`."""
    return index % _WRAP * _GOLDEN % _RANGE < _RANGE // stride


def stride_of(rows: int) -> int:
    """One record in how many is kept; a power of two, so that a larger stride keeps a subset."""
    stride = 1
    while rows > HEAD_RECORDS + SPREAD_RECORDS * stride:
        stride *= 2
    return stride


def _is_kept(stride: int) -> pl.Expr:
    index = pl.col(_INDEX)
    return (index < HEAD_RECORDS) | is_spread(index, stride)


_INT64 = 1 << 63


class Cells(NamedTuple):
    """The values of a column."""

    series: pl.Series
    not_text: int = 0
    """How many values of a text column are not text."""


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
        return Cells(pl.Series(map(_timestamp, values), dtype=pl.Datetime("us")))
    texts = [None if value is None else _text(value) for value in values]
    plain = sum(value is not None and not isinstance(value, str | dict | list) for value in values)
    return Cells(pl.Series(texts, dtype=pl.String), plain)


def _numbers(values: list[Any]) -> pl.Series:
    """Integers if all values are whole: workbooks know no numbers but floats."""
    is_whole = all(
        value is None or (float(value).is_integer() and abs(value) < _INT64) for value in values
    )
    if is_whole:
        whole = [None if value is None else int(value) for value in values]
        return pl.Series(whole, dtype=pl.Int64)
    return pl.Series([None if v is None else float(v) for v in values], dtype=pl.Float64)


def _timestamp(value: Any) -> dt.datetime | None:
    if value is None or isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time())


def _text(value: Any) -> str:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else cell_text(value)
