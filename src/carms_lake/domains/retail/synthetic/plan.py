"""How much there is of everything, on which days: a function of the scale and the day alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence


FIRST_DAY = date(2024, 1, 1)
"""Day 0: the base begins here."""

_WEEKDAYS_PCT = (90, 88, 92, 98, 112, 118, 102)
_MONTHS_PCT = (92, 90, 94, 96, 97, 98, 99, 99, 100, 102, 118, 115)
_ORDERS_A_DAY = 2_950
_EVENTS_A_DAY = 5_500
_ROWS_A_BLOCK = 60_000
_BLOCK_DAYS = 92
_FAULTS_FROM = 10
"""From so many rows on, a dimension has each of its faults at least once."""


@dataclass(frozen=True)
class Plan:
    """One run: days `start` to below `end`, numbered from 2024-01-01.

    `faults` multiplies the share of each fault; `scale` 1.0 is a million orders in 365 days.
    """

    seed: int
    scale: float
    start: int
    end: int
    faults: float

    @property
    def is_base(self) -> bool:
        """Whether this run begins the data, instead of adding to it."""
        return self.start == 0

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return max(20, round(80_000 * self.scale))

    @property
    def products(self) -> int:
        """How many products there are."""
        return max(20, round(25_000 * self.scale))

    @property
    def products_sold(self) -> int:
        """How many of them are sold: those of the last ranks are discontinued."""
        return self.products - self.products // 20

    @property
    def stores(self) -> int:
        """How many stores there are."""
        return max(10, round(5_000 * self.scale))

    @property
    def suppliers(self) -> int:
        """How many suppliers there are."""
        return max(10, round(8_000 * self.scale))

    def every(self, share: float) -> int | None:
        """One row in so many has a fault of this default share; None: no row has."""
        return max(1, round(1 / (share * self.faults))) if self.faults else None

    def count(self, rows: int, share: float) -> int:
        """How many of a dimension's rows have a fault of this default share."""
        if not self.faults or rows < _FAULTS_FROM:
            return 0
        return max(1, round(rows * share * self.faults))

    def orders_before(self, day: int) -> int:
        """The number of the first order of a day."""
        return _firsts(_ORDERS_A_DAY, self.scale, day + 1)[day]

    def orders(self, start: int, end: int) -> pl.LazyFrame:
        """One row per order of these days: its number, its day, its place among so many of it."""
        return _numbered(_firsts(_ORDERS_A_DAY, self.scale, end + 1), start)

    def events(self, start: int, end: int) -> pl.LazyFrame:
        """One row per event of these days, with the columns of `orders`."""
        return _numbered(_firsts(_EVENTS_A_DAY, self.scale, end + 1), start)

    def blocks(self) -> list[tuple[int, int]]:
        """The run's days in pieces that fit well into memory: first day, day after the last."""
        length = max(1, min(_BLOCK_DAYS, int(_ROWS_A_BLOCK / (_ORDERS_A_DAY * self.scale))))
        starts = range(self.start, self.end, length)
        return [(start, min(start + length, self.end)) for start in starts]


def date_of(day: int) -> date:
    """The date of a day's number."""
    return FIRST_DAY + timedelta(days=day)


def midnight(day: pl.Expr) -> pl.Expr:
    """The first microsecond of each day, as Int64 since 1970."""
    return (day.cast(pl.Int64) + (FIRST_DAY - date(1970, 1, 1)).days) * 86_400_000_000


def moment(microseconds: pl.Expr) -> pl.Expr:
    """A timestamp in UTC, without its zone."""
    return microseconds.cast(pl.Datetime("us"))


def on_days(rows: pl.LazyFrame, firsts: list[int]) -> pl.LazyFrame:
    """Rows of a column `number`, with the day each number falls on: `day`, `place`, `of`."""
    starts = pl.Series(firsts, dtype=pl.Int64)
    day = pl.lit(starts).search_sorted(pl.col("number").cast(pl.Int64), side="right") - 1
    first, after = (
        pl.lit(starts).gather(pl.col("day")),
        pl.lit(starts).gather(pl.col("day") + 1),
    )
    return rows.with_columns(day.cast(pl.Int64).alias("day")).with_columns(
        (pl.col("number").cast(pl.Int64) - first).alias("place"), (after - first).alias("of")
    )


def _numbered(firsts: list[int], start: int) -> pl.LazyFrame:
    numbers = pl.int_range(firsts[start], firsts[-1], dtype=pl.UInt64, eager=True)
    return on_days(pl.LazyFrame({"number": numbers}), firsts)


@lru_cache(maxsize=8)
def _firsts(per_day: int, scale: float, days: int) -> list[int]:
    """The number of the first row of each of so many days, counted from day 0; a day has a row."""
    firsts, weight = [0], 0
    for number in range(days - 1):
        on = date_of(number)
        before = int(weight * per_day * scale / 10_000)
        weight += _WEEKDAYS_PCT[on.weekday()] * _MONTHS_PCT[on.month - 1]
        after = int(weight * per_day * scale / 10_000)
        firsts.append(firsts[-1] + max(1, after - before))
    return firsts


@dataclass
class Truth:
    """The planted anomalies of one run by source and kind, in the order they were met."""

    _found: dict[tuple[str, str], tuple[list[str], list[list[object]]]] = field(
        default_factory=dict
    )

    def add(self, source: str, kind: str, rows: pl.DataFrame) -> None:
        """Note rows of one kind; the columns are the key's, and moments are text as in the file."""
        self.add_keys(source, kind, rows.columns, rows.rows())

    def add_keys(
        self, source: str, kind: str, key: Sequence[str], keys: Sequence[Sequence[object]]
    ) -> None:
        """Note keys of one kind; none is noted too, as a count of 0."""
        _, held = self._found.setdefault((source, kind), (list(key), []))
        held.extend(list(values) for values in keys)

    def anomalies(self) -> list[dict[str, object]]:
        """One object per source and kind: the key's columns, how many, which."""
        return [
            {"source": source, "kind": kind, "key": key, "count": len(keys), "keys": keys}
            for (source, kind), (key, keys) in self._found.items()
        ]
