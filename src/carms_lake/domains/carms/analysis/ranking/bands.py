"""How sure a rank is: the ranks over many draws of what is not known exactly.

This is stochastic multicriteria acceptability analysis (Lahdelma and Salminen 2001; Tervonen and
Lahdelma 2007): facts are drawn inside what is known of them, weights around the stated ones.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

CONCENTRATION = 60
"""Of the Dirichlet distribution of weights: nine of ten draws of a share of .25 are .16 to .35."""
TOP = 10

_DIGITS = 9
"""Scores that agree so far are equal: the last bits of logarithms differ between systems."""
_ONE = 10**_DIGITS
_WORD = 4
"""Bytes of one number that is drawn."""


class Degree(NamedTuple):
    """How far a program fulfils a wish: the mean of its parts, each anywhere between two numbers.

    A part that is known has the same number twice. What lies outside of 0 to 1 counts as 0 or 1.
    """

    parts: tuple[tuple[float, float], ...]

    @classmethod
    def known(cls, degree: float) -> Degree:
        """A degree that is known."""
        return cls(((degree, degree),))

    @property
    def expected(self) -> float:
        """The mean over all draws."""
        return sum(_expected(*part) for part in self.parts) / len(self.parts)

    @property
    def low(self) -> float:
        """The least that it may be."""
        return sum(_clipped(low) for low, _ in self.parts) / len(self.parts)

    @property
    def high(self) -> float:
        """The most that it may be."""
        return sum(_clipped(high) for _, high in self.parts) / len(self.parts)


UNKNOWN = Degree(((0.0, 1.0),))
"""Nothing is known: that is neither a yes nor a no."""


def _clipped(degree: float) -> float:
    return min(max(degree, 0.0), 1.0)


def _expected(low: float, high: float) -> float:
    """The mean of a number that is uniform between two, and then cut to 0 to 1."""
    inside_low, inside_high = _clipped(low), _clipped(high)
    if low == high or inside_low == inside_high:
        return (inside_low + inside_high) / 2
    inside = (inside_high - inside_low) * (inside_low + inside_high) / 2
    return (inside + max(high - 1.0, 0.0) - max(low - 1.0, 0.0)) / (high - low)


def fits(degrees: Sequence[Sequence[Degree]], shares: Sequence[float]) -> list[float]:
    """The expected score of each program, 0 to 1: one list of degrees per program."""
    return [
        round(sum(share * d.expected for share, d in zip(shares, of_one, strict=True)), _DIGITS)
        for of_one in degrees
    ]


def bands(
    ids: Sequence[str],
    degrees: Sequence[Sequence[Degree]],
    wishes: Sequence[tuple[str, float]],
    *,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """The ranks of programs over draws; one row per program, in the order given.

    `wishes` are names and shares. What is drawn for a program depends on the seed, its id and the
    wish alone, and for a weight on the seed and the wish: other programs, their order and changed
    facts draw nothing else. So a program whose degree rises is never ranked lower in any draw.

    Columns: median_rank, rank_from and rank_to (5 % of the draws are better, 5 % worse), top_10
    (the share of draws in which it is among the first ten). Equal scores share their ranks: each
    counts from the best of them to the worst, and for the median as their middle.
    """
    if not ids:
        nothing = dict.fromkeys(("program", "best", "worst"), pl.Int64)
        return _summary(pl.DataFrame(schema=nothing), draws)
    weights = pl.DataFrame({"draw": range(draws)}, schema={"draw": pl.Int64})
    weights = weights.with_columns(_weights(wishes, draws, seed))
    columns = [pl.int_range(len(ids), dtype=pl.Int64, eager=True).alias("program")]
    drawn: list[pl.Series] = []
    score = pl.lit(0.0)
    for n, (name, _) in enumerate(wishes):
        wished = [of_one[n].parts for of_one in degrees]
        degree = pl.lit(0.0)
        for p, parts in enumerate(zip(*wished, strict=True)):
            label = f"{n}_{p}"
            columns.append(pl.Series(f"low_{label}", [low for low, _ in parts], pl.Float64))
            part = pl.col(f"low_{label}")
            if any(low != high for low, high in parts):
                spread = [high - low for low, high in parts]
                columns.append(pl.Series(f"spread_{label}", spread, pl.Float64))
                of_part = f"{seed}/{name}/{p}"
                drawn.append(_uniform(f"drawn_{label}", of_part, ids, parts, draws))
                part += pl.col(f"spread_{label}") * pl.col(f"drawn_{label}")
            degree += part.clip(0, 1)
        score += degree / len(wished[0]) * pl.col(f"weight_{n}")
    # Equal scores of one draw are one key, and the better score is the smaller key.
    key = pl.col("draw") * (2 * _ONE) + _ONE - (score * _ONE).round().cast(pl.Int64)
    keyed = (
        pl.DataFrame(columns)
        .join(weights, how="cross", maintain_order="left_right")
        .with_columns(*drawn)
        .select(key * len(ids) + pl.col("program"))
    )
    return _summary(_ranked(keyed.to_series().sort(), len(ids)), draws)


def _ranked(keys: pl.Series, programs: int) -> pl.DataFrame:
    """The best and the worst rank of each program in each draw; a key has its program at its end.

    To sort numbers once is faster than to rank them twice.
    """
    place = pl.int_range(pl.len())
    key = pl.col("key")
    is_first = (key != key.shift(1)).fill_null(value=True)
    is_last = (key != key.shift(-1)).fill_null(value=True)
    above = place // programs * programs
    return pl.DataFrame({"program": keys % programs, "key": keys // programs}).select(
        "program",
        best=pl.when(is_first).then(place).forward_fill() - above + 1,
        worst=pl.when(is_last).then(place).backward_fill() - above + 1,
    )


def _weights(wishes: Sequence[tuple[str, float]], draws: int, seed: int) -> list[pl.Series]:
    """Shares of the wishes in each draw, from a Dirichlet distribution around those stated."""
    gammas = []
    for name, share in wishes:
        generator = random.Random(f"{seed}/weight/{name}")  # noqa: S311 - a simulation
        alpha = CONCENTRATION * share
        gammas.append([generator.gammavariate(alpha, 1) for _ in range(draws)])
    totals = [math.fsum(of_draw) or 1.0 for of_draw in zip(*gammas, strict=True)]
    return [
        pl.Series(
            f"weight_{n}", [g / total for g, total in zip(gamma, totals, strict=True)], pl.Float64
        )
        for n, gamma in enumerate(gammas)
    ]


def _uniform(
    name: str, seed: str, ids: Sequence[str], parts: Sequence[tuple[float, float]], draws: int
) -> pl.Series:
    """Numbers from 0 to 1: for each program as many as draws, or zeros where nothing is open."""
    nothing = bytes(_WORD * draws)
    words = [
        nothing if low == high else random.Random(f"{seed}/{one}").randbytes(_WORD * draws)  # noqa: S311 - a simulation
        for one, (low, high) in zip(ids, parts, strict=True)
    ]
    numbers = pl.Series(name, words, pl.Binary).bin.reinterpret(
        dtype=pl.Array(pl.UInt32, draws), endianness="little"
    )
    drawn: pl.Series = numbers.explode().cast(pl.Float64) / 2 ** (8 * _WORD)
    return drawn


def _summary(ranked: pl.DataFrame, draws: int) -> pl.DataFrame:
    """Median, 5 % and 95 % and share of the first ten, of each program's draws."""
    best, worst = pl.col("best"), pl.col("worst")
    last = draws - 1

    def at(place: int, ranks: pl.Expr) -> pl.Expr:
        return ranks.quantile(place / max(last, 1), "nearest")

    in_top = ((TOP + 1 - best) / (worst - best + 1)).clip(0, 1)
    return (
        ranked.group_by("program")
        .agg(
            median_rank=at(last // 2, best + worst) / 2,
            rank_from=at(math.floor(0.05 * last), best).cast(pl.Int64),
            rank_to=at(math.ceil(0.95 * last), worst).cast(pl.Int64),
            top_10=in_top.mean().round(_DIGITS),
        )
        .sort("program")
        .drop("program")
    )


def tied_groups(bands_in_order: Sequence[tuple[int, int]]) -> list[int]:
    """The number of each program's group, from 1, for bands in the order of their programs.

    A group is the best program that is in none yet and those after it, up to the first whose band
    does not overlap with its band: so no member of a group is surely below its first.
    """
    groups: list[int] = []
    last = 0
    for rank_from, rank_to in bands_in_order:
        if not groups or rank_from > last:
            groups.append(groups[-1] + 1 if groups else 1)
            last = rank_to
        else:
            groups.append(groups[-1])
    return groups
