"""Drawing values as polars expressions: the same seed, source and row give the same value.

A draw is a mixed position, it has no state, so a row can be drawn again wherever it comes again.
Only wrapping 64-bit integers are used: values are the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEP = 0x9E3779B97F4A7C15
_FACTORS = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)
_HALF = 1 << 33


@dataclass(frozen=True)
class Draw:
    """The draws of one source, each named by what is drawn."""

    seed: int
    source: str

    def bits(self, what: str, row: pl.Expr) -> pl.Expr:
        """64 random bits for each row number, as UInt64."""
        name = f"{self.seed}:{self.source}:{what}".encode()
        start = int.from_bytes(sha256(name).digest()[:8], "big")
        mixed = row.cast(pl.UInt64) * _u64(_STEP) + _u64(start)
        for factor in _FACTORS:
            mixed = (mixed ^ (mixed // _u64(_HALF))) * _u64(factor)
        return mixed ^ (mixed // _u64(_HALF))

    def below(self, what: str, row: pl.Expr, number: int | pl.Expr) -> pl.Expr:
        """A whole number from 0 to below `number`, as Int64."""
        limit = number.cast(pl.UInt64) if isinstance(number, pl.Expr) else _u64(number)
        return (self.bits(what, row) % limit).cast(pl.Int64)

    def happens(self, what: str, row: pl.Expr, share: float) -> pl.Expr:
        """True for this share of the rows, each for itself."""
        return self.bits(what, row) // _u64(1 << 32) < _u64(round(share * (1 << 32)))

    def choice(
        self, what: str, row: pl.Expr, values: Sequence[object], weights: Sequence[int]
    ) -> pl.Expr:
        """One of the values, as often as its whole-number weight says."""
        pairs = zip(values, weights, strict=True)
        spread = [value for value, weight in pairs for _ in range(weight)]
        return at(pl.Series(spread), self.below(what, row, len(spread)))


def at(values: pl.Series, position: pl.Expr) -> pl.Expr:
    """The value at each position, from 0."""
    return pl.lit(values).gather(position)


def _u64(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)
