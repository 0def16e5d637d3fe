"""Which parameters figures can tell apart, and the cross-entropy search for their values.

Search: R. Y. Rubinstein and D. P. Kroese, "The Cross-Entropy Method", 2004. Choice of parameters
by orthogonal columns with pivoting: M. Burth, G. C. Verghese and M. Velez-Reyes, "Subset selection
for improved parameter estimation", 1999.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import NamedTuple

Vector = tuple[float, ...]
Score = Callable[[Sequence[Vector]], Iterable[float]]
"""The error of each vector, in their order."""

POPULATION = 30
ELITE = 5
"""One vector in so many decides where the next ones are drawn."""

DIGITS = 3
"""Of a drawn value: what is written to a file is what was evaluated."""

KEPT, KEPT_SPREAD = 0.3, 0.6
"""How much of the mean and of the spread of a round goes into the next one.

The spread is kept for longer: with less, searches for the least of parabolas ended too early.
"""

WIDTH, LEAST = 4.0, 200.0
"""The first spread is the range by `WIDTH`; none is less than the range by `LEAST`."""

LEAST_EFFECT = 0.1
"""Root mean square over the figures: points, where these are points."""


class Column(NamedTuple):
    """What a step of one parameter changes in each figure, and the Monte-Carlo error of that."""

    changes: list[float]
    noise: float


def separable(columns: Mapping[str, Column]) -> tuple[list[str], list[str]]:
    """The parameters that figures can tell apart, the strongest first, and those that are flat.

    A parameter is flat if its step changes the figures no more than noise does. Of the others, the
    one is taken that changes them most in a way that those taken before it do not, until none does
    by more than its noise. All that are left do what others do.
    """
    flat = [name for name, one in columns.items() if size(one.changes) <= least(one)]
    rest = {name: one.changes for name, one in columns.items() if name not in flat}
    chosen: list[str] = []
    while rest:
        name = max(rest, key=lambda one: size(rest[one]))
        axis = rest.pop(name)
        if size(axis) <= least(columns[name]):
            break
        chosen.append(name)
        rest = {other: _without(changes, axis) for other, changes in rest.items()}
    return chosen, flat


def size(changes: Sequence[float]) -> float:
    """The root of the mean square."""
    return (sum(one * one for one in changes) / len(changes)) ** 0.5 if changes else 0.0


def least(column: Column) -> float:
    """What an effect has to be above: twice its noise, and `LEAST_EFFECT`."""
    return max(LEAST_EFFECT, 2 * column.noise)


def _without(changes: Sequence[float], axis: Sequence[float]) -> list[float]:
    """What is left of changes without their part along an axis."""
    whole = sum(one * one for one in axis)
    along = sum(a * b for a, b in zip(changes, axis, strict=True)) / whole
    return [a - along * b for a, b in zip(changes, axis, strict=True)]


def cross_entropy(
    start: Vector,
    limits: Sequence[tuple[float, float]],
    evaluations: int,
    seed: int,
    score: Score,
) -> Vector:
    """The vector with the least error among `evaluations`, the start among them.

    Each round draws vectors around the elite of the one before it and the best so far. All draws
    are of one generator, so how the score is computed changes nothing.
    """
    rng = Random(f"calibrate/{seed}")  # noqa: S311 - a seed, not secrecy
    mean, spread = list(start), [(high - low) / WIDTH for low, high in limits]
    best: list[tuple[float, Vector]] = []
    for begin in range(0, evaluations, POPULATION):
        drawn = [] if best else [start]
        more = min(POPULATION, evaluations - begin) - len(drawn)
        drawn += [_drawn(rng, mean, spread, limits) for _ in range(more)]
        ranked = sorted([*best, *zip(score(drawn), drawn, strict=True)])
        elite = [vector for _, vector in ranked[: POPULATION // ELITE]]
        best = ranked[:1]
        for at, (low, high) in enumerate(limits):
            values = [vector[at] for vector in elite]
            middle = sum(values) / len(values)
            off = sum((one - middle) ** 2 for one in values)
            around = (off / max(len(values) - 1, 1)) ** 0.5
            mean[at] = KEPT * mean[at] + (1 - KEPT) * middle
            wide = KEPT_SPREAD * spread[at] + (1 - KEPT_SPREAD) * around
            spread[at] = max(wide, (high - low) / LEAST)
    return best[0][1]


def _drawn(
    rng: Random,
    mean: Sequence[float],
    spread: Sequence[float],
    limits: Sequence[tuple[float, float]],
) -> Vector:
    return tuple(
        min(max(round(rng.gauss(middle, around), DIGITS), low), high)
        for middle, around, (low, high) in zip(mean, spread, limits, strict=True)
    )
