"""Drawing values as polars expressions: the same seed, stream and index give the same value.

A draw is SplitMix64 at a position: it has no state, so rows can be drawn in any order or alone.
Only wrapping 64-bit integers and sums and products of IEEE 754 are used, no logarithm and no sine,
and no quotient (polars multiplies by the reciprocal): values are the same on every machine.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence


_GOLDEN = 0x9E3779B97F4A7C15
_FIRST_FACTOR = 0xBF58476D1CE4E5B9
_SECOND_FACTOR = 0x94D049BB133111EB
_STEPS = 1 << 16
_SPREAD = 37_837
"""The standard deviation of the sum of four whole numbers below 65,536."""
_SCATTER = 2_654_435_761
"""A prime above any number of ids: multiplying by it shuffles them."""
_STRIDE = 1_743_392_200_991
"""Divisible by neither 2 nor 3: its multiples meet every number below a power of 36."""
_EARLY = 200
"""So many rows are enough for a fault that is due in every 2,000."""


def key(seed: int, stream: str) -> int:
    """Where a stream begins: 64 bits that differ for every seed and name."""
    return int.from_bytes(sha256(f"{seed}:{stream}".encode()).digest()[:8], "big")


def bits(seed: int, stream: str, index: pl.Expr) -> pl.Expr:
    """64 random bits for each index, as UInt64."""
    mixed = index.cast(pl.UInt64) * _u64(_GOLDEN) + _u64(key(seed, stream))
    mixed = (mixed ^ (mixed // _u64(1 << 30))) * _u64(_FIRST_FACTOR)
    mixed = (mixed ^ (mixed // _u64(1 << 27))) * _u64(_SECOND_FACTOR)
    return mixed ^ (mixed // _u64(1 << 31))


def uniform(seed: int, stream: str, index: pl.Expr) -> pl.Expr:
    """A Float64 from 0 to below 1, a multiple of 2**-53."""
    return (bits(seed, stream, index) // _u64(1 << 11)).cast(pl.Float64) * (1 / (1 << 53))


def below(seed: int, stream: str, index: pl.Expr, number: int | pl.Expr) -> pl.Expr:
    """A whole number from 0 to below `number`, as Int64."""
    limit = number.cast(pl.UInt64) if isinstance(number, pl.Expr) else _u64(number)
    return (bits(seed, stream, index) % limit).cast(pl.Int64)


def happens(seed: int, stream: str, index: pl.Expr, share: float) -> pl.Expr:
    """True for this share of the indexes, each for itself."""
    return bits(seed, stream, index) // _u64(1 << 32) < _u64(round(share * (1 << 32)))


def choice(
    seed: int,
    stream: str,
    index: pl.Expr,
    values: Sequence[object],
    weights: Sequence[int] | None = None,
) -> pl.Expr:
    """One of the values, as often as its whole-number weight says; all alike without weights."""
    if weights is not None:
        pairs = zip(values, weights, strict=True)
        values = [value for value, weight in pairs for _ in range(weight)]
    return at(values, below(seed, stream, index, len(values)))


def at(values: Sequence[object] | pl.Series, position: pl.Expr) -> pl.Expr:
    """The value at each position, from 0."""
    series = values if isinstance(values, pl.Series) else pl.Series(values)
    return pl.lit(series).gather(position)


def power_law(seed: int, stream: str, index: pl.Expr, number: int, flat: float) -> pl.Expr:
    """A rank from 0 to below `number`: few ranks are drawn often, most of them seldom.

    The density falls as rank ** -2/3 and has a flat head: the first rank is drawn 1/`flat` times as
    often as the average one.
    """
    drawn = uniform(seed, stream, index)
    skewed = drawn * flat + drawn * drawn * drawn * (1 - flat)
    return (skewed * number).floor().cast(pl.Int64).clip(0, number - 1)


def normal(seed: int, stream: str, index: pl.Expr, deviation: int) -> pl.Expr:
    """A whole number of mean 0 and this standard deviation, at most 3.5 of them from 0, as Int64.

    It is the sum of four uniforms, which is bell-shaped.
    """
    drawn = bits(seed, stream, index)
    lanes = [(drawn // _u64(1 << shift)) % _u64(_STEPS) for shift in (0, 16, 32, 48)]
    off = pl.sum_horizontal(lanes).cast(pl.Int64) - 2 * (_STEPS - 1)
    return off * deviation // _SPREAD


def quantile(table: Sequence[int], position: pl.Expr) -> pl.Expr:
    """The value of a distribution at a position from 0 to below 65,536.

    `table` are its quantiles at even distances from the least to the greatest; between two of them
    the value lies on the straight line.
    """
    wide = position.cast(pl.Int64) * (len(table) - 1)
    left, part = wide // _STEPS, wide % _STEPS
    low, high = at(table, left), at(table, left + 1)
    return low + (high - low) * part // _STEPS


def from_quantiles(seed: int, stream: str, index: pl.Expr, table: Sequence[int]) -> pl.Expr:
    """A value of the distribution that has these quantiles, as Int64."""
    return quantile(table, below(seed, stream, index, _STEPS))


def one_in(seed: int, stream: str, index: pl.Expr, every: int | None) -> pl.Expr:
    """True for exactly one of each `every` consecutive indexes, for none when it is None.

    The first one is among the first 200, so that little data has one too.
    """
    if every is None:
        return pl.lit(value=False)
    number = index.cast(pl.UInt64)
    block = number // _u64(every)
    width = pl.when(block == 0).then(_u64(min(every, _EARLY))).otherwise(_u64(every))
    return number - block * _u64(every) == bits(seed, stream, block) % width


def scattered(rank: pl.Expr, number: int) -> pl.Expr:
    """The rank's place in a fixed shuffle of 0 to below `number`."""
    return rank.cast(pl.Int64) * (_SCATTER % number) % number


def gathered(place: pl.Expr, number: int) -> pl.Expr:
    """The rank that `scattered` put in this place."""
    return place.cast(pl.Int64) * (pow(_SCATTER, -1, number) if number > 1 else 0) % number


def picks(seed: int, stream: str, number: int, counts: Sequence[int]) -> list[list[int]]:
    """For each count so many of 0 to below `number`, none of them twice, each list ascending."""
    rank = bits(seed, stream, pl.int_range(number, dtype=pl.UInt64)).arg_sort()
    order = pl.select(rank.head(sum(counts))).to_series().to_list()
    ends = [sum(counts[: at + 1]) for at in range(len(counts))]
    return [sorted(order[end - count : end]) for end, count in zip(ends, counts, strict=True)]


def coded(number: pl.Expr, digits: int) -> pl.Expr:
    """A text of so many digits and letters, another for each number below 36 ** digits."""
    alphabet = list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    size = 36**digits
    mixed = (number.cast(pl.UInt64) * _u64(_STRIDE) + _u64(_STRIDE)) % _u64(size)
    places = [(mixed // _u64(36**place)) % _u64(36) for place in reversed(range(digits))]
    return pl.concat_str([at(alphabet, place) for place in places])


def decimal(number: pl.Expr, digits: int, scale: int, precision: int = 12) -> pl.Expr:
    """Whole units of 10 ** -digits as a decimal of this scale."""
    held: pl.Expr = number.cast(pl.Decimal(38, digits)) / 10**digits
    return held.cast(pl.Decimal(precision, scale))


def _u64(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)
