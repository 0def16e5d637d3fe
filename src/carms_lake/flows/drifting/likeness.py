"""How far two columns are alike: their values, their distribution, their names.

Distributions are compared by the population stability index (PSI): the sum over bins of
(p - q) * ln(p / q). Bins are the deciles of the earlier values for numbers, and the most frequent
values for texts. Below 0.1 is stable, from 0.25 on it is another distribution. Of two samples of
the same population the index is about (bins - 1) * (1/n + 1/m), so the limit is raised for small
files by that mean and three standard deviations.
"""

from __future__ import annotations

import math
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

import polars as pl

PSI_LIMIT = 0.25
_BINS = 10
_TOP_VALUES = 20
_CATEGORIES = 50
"""Texts with more distinct values are compared only where the most frequent ones cover half."""
_DISTINCT_KEPT = 10_000
_FEW_VALUES = 3
_WORD = 3
"""Columns of at most three values, none of them a word of three letters, look alike by chance:
being so counts half."""
_ANSWERS = frozenset(["yes", "true", "false", "oui", "non"])
_SHAPE_WEIGHT = 0.8


class Stability(NamedTuple):
    """A population stability index, and from where on it says something."""

    psi: float
    limit: float

    @property
    def is_shifted(self) -> bool:
        """Whether it is another distribution."""
        return self.psi > self.limit


def stability(old: pl.Series, new: pl.Series) -> Stability | None:
    """The index of two columns of one type; None where it would say nothing.

    That is of days and moments, of whole numbers that go on counting, and of texts that hardly
    repeat.
    """
    then, now = old.drop_nulls(), new.drop_nulls()
    if not then.len() or not now.len():
        return None
    if then.dtype.is_numeric():
        if then.dtype.is_integer() and _goes_on(then, now):
            return None
        counts = _binned(then, now)
    elif then.dtype in (pl.String, pl.Boolean):
        found = _top(then.cast(pl.String), now.cast(pl.String))
        if found is None:
            return None
        counts = found
    else:
        return None
    return _psi(*counts)


def overlap(old: pl.Series, new: pl.Series) -> float:
    """From 0 to 1: the values that two columns of one type share, or the forms of their texts."""
    then, now = old.drop_nulls(), new.drop_nulls()
    if not then.len() or not now.len():
        return 0.0
    first = set(then.cast(pl.String, strict=False).unique(maintain_order=True).head(_DISTINCT_KEPT))
    second = set(now.cast(pl.String, strict=False).unique(maintain_order=True).head(_DISTINCT_KEPT))
    fewest = min(len(first), len(second))
    shared = len(first & second) / fewest
    found = stability(then, now)
    alike = math.exp(-found.psi) if found else None
    if fewest <= _FEW_VALUES and not _are_words(first & second):
        return 0.5 * shared
    if alike is not None and fewest <= _CATEGORIES:
        return (shared + alike) / 2
    if then.dtype == pl.String:
        return max(shared, _SHAPE_WEIGHT * _same_shapes(then, now))
    return max(shared, alike or 0.0)


def name_likeness(one: str, other: str) -> float:
    """From 0 to 1: how near two names are, whatever their case and what joins their words.

    >>> name_likeness("customer_id", "Customer Id"), round(name_likeness("qty", "colour"), 1)
    (1.0, 0.0)
    """
    first, second = (
        " ".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())
        for name in (one, other)
    )
    straight = SequenceMatcher(None, first, second, autojunk=False).ratio()
    words = (" ".join(sorted(first.split())), " ".join(sorted(second.split())))
    return max(straight, SequenceMatcher(None, *words, autojunk=False).ratio())


def _are_words(values: set[str]) -> bool:
    return any(
        len(value) >= _WORD and value.isalpha() and value.casefold() not in _ANSWERS
        for value in values
    )


def _goes_on(then: pl.Series, now: pl.Series) -> bool:
    """Whether the numbers of one are all beyond those of the other, as those of ids are."""
    ends = (then.min(), then.max(), now.min(), now.max())
    least_then, most_then, least_now, most_now = (float(str(end)) for end in ends)
    return least_now > most_then or most_now < least_then


def _binned(then: pl.Series, now: pl.Series) -> tuple[list[int], list[int]]:
    first, second = then.cast(pl.Float64), now.cast(pl.Float64)
    cuts = sorted(
        {cut for at in range(1, _BINS) if (cut := first.quantile(at / _BINS, "lower")) is not None}
    )
    edges = [-math.inf, *cuts, math.inf]
    return (
        [int(((first > low) & (first <= high)).sum()) for low, high in pairwise(edges)],
        [int(((second > low) & (second <= high)).sum()) for low, high in pairwise(edges)],
    )


def _top(then: pl.Series, now: pl.Series) -> tuple[list[int], list[int]] | None:
    counts = (
        then.alias("value").value_counts(sort=True).sort("count", "value", descending=[True, False])
    )
    top = counts.head(_TOP_VALUES)
    covered = int(top["count"].sum())
    if counts.height > _CATEGORIES and covered * 2 < then.len():
        return None
    here = dict(now.alias("value").value_counts().iter_rows())
    found = [int(here.get(value, 0)) for value in top["value"]]
    return [*top["count"], then.len() - covered], [*found, now.len() - sum(found)]


def _psi(old: list[int], new: list[int]) -> Stability:
    bins, n, m = len(old), sum(old), sum(new)
    total = 0.0
    for then, now in zip(old, new, strict=True):
        p, q = (then + 0.5) / (n + 0.5 * bins), (now + 0.5) / (m + 0.5 * bins)
        total += (p - q) * math.log(p / q)
    chance = (1 / n + 1 / m) * ((bins - 1) + 3 * math.sqrt(2 * (bins - 1)))
    return Stability(total, max(PSI_LIMIT, chance))


def _same_shapes(then: pl.Series, now: pl.Series) -> float:
    """How much of both is written in the same forms (`a-9`); plain words have none."""
    first, second = _shapes(then), _shapes(now)
    return sum(min(share, second.get(shape, 0.0)) for shape, share in first.items())


def _shapes(texts: pl.Series) -> dict[str, float]:
    shapes = texts.head(_DISTINCT_KEPT).str.replace_all(r"\p{L}+", "a").str.replace_all(r"\d+", "9")
    counts = shapes.alias("shape").value_counts()
    return {
        shape: count / shapes.len()
        for shape, count in counts.iter_rows()
        if shape.replace("a", "").strip()
    }
