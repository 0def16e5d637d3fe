"""The draws of one source: the same seed, source and row give the same value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carms_lake.domains import draws

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


@dataclass(frozen=True)
class Draw:
    """The draws of one source, each named by what is drawn."""

    seed: int
    source: str

    def bits(self, what: str, row: pl.Expr) -> pl.Expr:
        """64 random bits for each row number, as UInt64."""
        return draws.bits(self.seed, self._stream(what), row)

    def below(self, what: str, row: pl.Expr, number: int | pl.Expr) -> pl.Expr:
        """A whole number from 0 to below `number`, as Int64."""
        return draws.below(self.seed, self._stream(what), row, number)

    def happens(self, what: str, row: pl.Expr, share: float) -> pl.Expr:
        """True for this share of the rows, each for itself."""
        return draws.happens(self.seed, self._stream(what), row, share)

    def choice(
        self, what: str, row: pl.Expr, values: Sequence[object], weights: Sequence[int]
    ) -> pl.Expr:
        """One of the values, as often as its whole-number weight says."""
        return draws.choice(self.seed, self._stream(what), row, values, weights)

    def _stream(self, what: str) -> str:
        return f"{self.source}:{what}"
