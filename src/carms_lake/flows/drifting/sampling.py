"""A sample of a file's records that is the same every time: the first ones, and evenly spread ones.

The spread is one record in k, k being the power of two that leaves few enough. Which ones, the
golden ratio says: as even as every k-th, and unlike it not in step with values that come in turns.
It does not depend on how the file was cut into parts.
"""

from __future__ import annotations

import polars as pl

HEAD_RECORDS = 1_000
"""The first records of a file, all of them; few, since many files are sorted."""
SPREAD_RECORDS = 100_000
"""About this many more at most, from the whole of it."""

_GOLDEN = 2_654_435_769
"""2**32 divided by the golden ratio: its multiples fall evenly, and never in a short cycle."""
_RANGE = 1 << 32
_WRAP = 1 << 31

_INDEX = "\x00index"


class Sampler:
    """Takes rows as they come and keeps few of them."""

    def __init__(self) -> None:
        self.rows = 0
        self._stride = 1
        self._kept: list[pl.DataFrame] = []
        self._held = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Take the next rows."""
        numbered = rows.with_columns(
            pl.int_range(self.rows, self.rows + rows.height, dtype=pl.Int64).alias(_INDEX)
        )
        self.rows += rows.height
        self._keep(numbered)
        while self._held > HEAD_RECORDS + 2 * SPREAD_RECORDS:
            self._stride *= 2
            kept, self._kept, self._held = self._kept, [], 0
            for frame in kept:
                self._keep(frame)

    def sample(self, empty: pl.DataFrame) -> pl.DataFrame:
        """The rows that are kept, in order; `empty` where there was none."""
        if not self._kept:
            return empty
        stride = stride_of(self.rows)
        whole = pl.concat(self._kept, how="vertical_relaxed").filter(_is_kept(stride))
        return whole.drop(_INDEX)

    @staticmethod
    def places(rows: int) -> list[int]:
        """Which of that many rows are kept, counted from 0."""
        limit = _RANGE // stride_of(rows)
        return [
            at for at in range(rows) if at < HEAD_RECORDS or at % _WRAP * _GOLDEN % _RANGE < limit
        ]

    def _keep(self, frame: pl.DataFrame) -> None:
        kept = frame.filter(_is_kept(self._stride))
        self._kept.append(kept)
        self._held += kept.height


def is_spread(index: pl.Expr, stride: int) -> pl.Expr:
    """Whether a record is one of the spread, by its number; one in `stride` is."""
    return index % _WRAP * _GOLDEN % _RANGE < _RANGE // stride


def stride_of(rows: int) -> int:
    """One record in how many is kept of so many; a power of two, so that fewer are some of more."""
    stride = 1
    while rows > HEAD_RECORDS + SPREAD_RECORDS * stride:
        stride *= 2
    return stride


def _is_kept(stride: int) -> pl.Expr:
    index = pl.col(_INDEX)
    return (index < HEAD_RECORDS) | is_spread(index, stride)
