"""The model run with parameters that differ, over processes, and what that says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from carms_lake.domains.carms.match.fitted import LIMITS, Fitted
from carms_lake.domains.carms.match.moments import (
    Moments,
    Year,
    differences,
    error,
    mean,
    simulated,
)
from carms_lake.domains.carms.match.parameters import Parameters
from carms_lake.domains.carms.match.processes import Map
from carms_lake.domains.carms.match.search import Column, Vector, cross_entropy, separable, size

STAGES = 2
STEP = 0.5
"""How far a parameter is moved to see what depends on it, as a part of its range."""

FEWEST = 4
"""Repetitions of all years together in one evaluation of the search; each year has one or more."""

APART = 100
"""Between the numbers of the repetitions of two years, so that no two draw the same applicants."""

Runs = list[list[Moments]]
"""By year and repetition."""

Done = Callable[[str, int, int], None]


class Ask(NamedTuple):
    """What is asked for: the year held out (0: the newest), years to fit to (none: all others).

    `start`: where the search begins; what it does not change stays as it is there. `draws`:
    repetitions of a year that say what depends on a parameter, and how far off the moments are.
    """

    hold_out: int = 0
    years: tuple[int, ...] = ()
    seed: int = 1
    evaluations: int = 360
    repetitions: int = 40
    start: Fitted = Fitted()
    draws: int = 4


class Fit(NamedTuple):
    """Where a search ended, which parameters it changed, what depends on which at start and end."""

    parameters: Parameters
    searched: list[str]
    first: dict[str, Column]
    last: dict[str, Column]


class Search:
    """The model run on some years with parameters that differ."""

    def __init__(self, years: Sequence[Year], ask: Ask, mapped: Map, done: Done) -> None:
        self.years, self.ask, self.mapped, self.done = years, ask, mapped, done

    def runs(self, what: str, parameters: Sequence[Parameters]) -> Iterator[Runs]:
        """The moments under each, in their order."""
        run = partial(_runs, self.years, self.ask.seed, self.ask.draws)
        for number, one in enumerate(self.mapped(run, parameters), 1):
            self.done(what, number, len(parameters))
            yield one

    def columns(self, what: str, middle: Parameters, names: Sequence[str]) -> dict[str, Column]:
        """What a step of each parameter, to both sides as far as its range goes, changes."""
        ends = []
        for name in names:
            low, high = _limits(middle, name)
            step, value = STEP * (high - low), getattr(middle, name)
            ends += [
                middle._replace(**{name: round(max(low, value - step), 6)}),
                middle._replace(**{name: round(min(high, value + step), 6)}),
            ]
        found = list(self.runs(what, ends))
        return {name: _column(*found[2 * n : 2 * n + 2]) for n, name in enumerate(names)}

    def fit(self, start: Parameters, names: Sequence[str]) -> Fit:
        """The parameters whose moments are nearest to the published ones.

        What figures can tell apart depends on where one is. So the search is in `STAGES`, each of
        which begins with that question where the one before it ended.
        """
        now, searched = start, dict[str, None]()
        first = columns = self.columns("sensitivity", start, names)
        for stage in range(1, STAGES + 1):
            chosen, _ = separable(columns)
            searched |= dict.fromkeys(chosen)
            now = self._nearest(now, chosen, stage)
            columns = self.columns(f"sensitivity after {stage}", now, names)
        return Fit(now, list(searched), first, columns)

    def _nearest(self, start: Parameters, names: Sequence[str], stage: int) -> Parameters:
        number = (
            self.ask.evaluations * stage // STAGES - self.ask.evaluations * (stage - 1) // STAGES
        )
        if not names or not number:
            return start
        published = [year.published for year in self.years]
        run = partial(_runs, self.years, self.ask.seed, -(-FEWEST // len(self.years)))
        done = 0

        def score(vectors: Sequence[Vector]) -> Iterator[float]:
            nonlocal done
            for one in self.mapped(run, [_with(start, names, vector) for vector in vectors]):
                done += 1
                self.done(f"search {stage}", done, number)
                yield error([mean(rows) for rows in one], published)

        best = cross_entropy(
            tuple(float(getattr(start, name)) for name in names),
            [_limits(start, name) for name in names],
            number,
            self.ask.seed,
            score,
        )
        return _with(start, names, best)


def _with(start: Parameters, names: Sequence[str], vector: Vector) -> Parameters:
    changed: dict[str, Any] = dict(zip(names, vector, strict=True))
    return start._replace(**changed)


def _limits(parameters: Parameters, name: str) -> tuple[float, float]:
    """The range of a parameter; one discipline or two are not more than all."""
    low, high = LIMITS[name]
    return (
        (low, min(high, 1 - parameters.two_disciplines))
        if name == "one_discipline"
        else (low, high)
    )


def _runs(years: Sequence[Year], seed: int, draws: int, parameters: Parameters) -> Runs:
    return [simulated(year, parameters, seed, draws, APART * n) for n, year in enumerate(years)]


def _column(low: Runs, high: Runs) -> Column:
    """The mean change of every moment of every year, and the error of these means."""
    changes: list[float] = []
    errors: list[float] = []
    for before, after in zip(low, high, strict=True):
        for column in zip(
            *(differences(b, a) for a, b in zip(before, after, strict=True)), strict=True
        ):
            middle = sum(column) / len(column)
            changes.append(middle)
            off = sum((one - middle) ** 2 for one in column)
            errors.append((off / (len(column) - 1) / len(column)) ** 0.5)
    return Column(changes, size(errors))
