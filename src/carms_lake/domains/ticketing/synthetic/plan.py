"""How much there is of everything, in which delivery a row comes, and how its values are drawn.

A delivery is the initial load (0) or a batch (1, 2, ...). A row has a number; what it says is a
function of that number. In order, rows come by their numbers; in disorder, they are shuffled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws

if TYPE_CHECKING:
    from collections.abc import Sequence


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


SIZES = {
    "accounts": (250_000, 10),
    "events": (1_000, 5),
    "showtimes": (20_000, 12),
    "orders": (600_000, 30),
    "transactions": (1_800_000, 90),
    "pages": (5_000_000, 60),
    "identity_merges": (200_000, 30),
}
"""Numbers of rows at scale 1, and at least; three places for transactions of each order."""

PLACES = 3
"""An order has up to so many transactions; transaction number // 3 is its order's number."""

_CUSTOMERS = 1_000_000
_INITIAL_PCT = 60
_SHUFFLES = (2_654_435_761, 2_246_822_519, 3_266_489_917, 668_265_263, 374_761_393)
"""Primes above any number of rows: multiplying by one shuffles them, one for each source."""


@dataclass(frozen=True)
class Plan:
    """One run; `faults` multiplies the share of each fault."""

    seed: int
    scale: float
    batches: int
    disorder: bool
    faults: float

    @property
    def customers(self) -> int:
        """How many customer ids there are, on pages and in merges."""
        return max(100, round(_CUSTOMERS * self.scale))

    @property
    def deliveries(self) -> range:
        """The initial load and the batches."""
        return range(self.batches + 1)

    @cached_property
    def names(self) -> list[str]:
        """The name of each delivery's file; in disorder with gaps, and 9 next to 10."""
        if not self.disorder:
            return ["initial", *(f"batch_{number:03}" for number in range(1, self.batches + 1))]
        numbers = [2, 9, 10] if self.batches > 2 else [9, 10]
        numbers += [10 + 3 * step for step in range(1, self.batches)]
        return ["initial", *(f"batch_{number}" for number in numbers[: self.batches])]

    def total(self, source: str) -> int:
        """How many numbered rows a source has."""
        if source == "transactions":
            return PLACES * self.total("orders")
        size, least = SIZES[source]
        return max(least, round(size * self.scale))

    def first(self, source: str, delivery: int) -> int:
        """The place of the first row of a delivery; that of all rows together behind the last."""
        if source == "transactions":
            return PLACES * self.first("orders", delivery)
        total = self.total(source)
        if delivery == 0:
            return 0
        if delivery > self.batches:
            return total
        initial = total * _INITIAL_PCT // 100
        return initial + (total - initial) * (delivery - 1) // self.batches

    def place(self, source: str, position: pl.Expr) -> pl.Expr:
        """The number of the row that comes in each place."""
        if not self.disorder:
            return position.cast(pl.Int64)
        total, shuffle = self.total(source), _SHUFFLES[list(SIZES).index(source) % len(_SHUFFLES)]
        return position.cast(pl.Int64) * (shuffle % total) % total

    def referred(self, draw: Draw, what: str, source: str, to: str) -> pl.Expr:
        """The number of a row of another source; in order, one that has come by then."""
        number, total = pl.col("number"), self.total(to)
        if self.disorder:
            return draw.below(what, number, total)
        come = number.clip(0, self.total(source) - 1) * total // self.total(source)
        return draw.below(what, number, pl.max_horizontal(pl.lit(self.first(to, 1)), come))

    def unknown(self, draw: Draw, what: str, share: float) -> pl.Expr:
        """Where a row refers to something that never comes."""
        return draw.happens(f"{what}.unknown", pl.col("state"), min(1.0, share * self.faults))

    def every(self, rows: int, share: float, least: int) -> int:
        """How many of so many rows have a fault of this default share."""
        return max(least, round(rows * share * self.faults)) if self.faults and rows else 0


def shifted(plan: Plan, number: pl.Expr) -> pl.Expr:
    """By how many deliveries a transaction comes before (-1) or after (1) its order."""
    if plan.disorder or not plan.faults:
        return pl.lit(0, pl.Int64)
    draw = Draw(plan.seed, "transactions")
    early = draw.happens("early", number, min(0.4, 0.02 * plan.faults))
    late = draw.happens("late", number, min(0.4, 0.02 * plan.faults))
    return pl.when(early).then(-1).when(late).then(1).otherwise(0).cast(pl.Int64)
