"""The model held against published years, in comparison with answers that need no model.

Methods know what was there before the match (its seats, the years before) and, where their
name says so, what applicants wanted. The nearest is first; those that lose are in the table too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import polars as pl

import carms_lake
from carms_lake.domains.carms.match.demand import invented, shared
from carms_lake.domains.carms.match.oracle import Oracle, Published
from carms_lake.domains.carms.match.parameters import CURVE, HEADLINES, Headline, Parameters
from carms_lake.domains.carms.match.population import Behaviour, parts
from carms_lake.domains.carms.match.simulate import Counts, Plan, World, repetitions, schools_of
from carms_lake.domains.carms.match.supply import Program
from carms_lake.domains.carms.match.tables import banded, curve

SUCCESS, VACANCIES = "first_choice_success", "unfilled"
MODEL, MODEL_BEFORE = "model, demand given", "model, last year's demand"
CURVE_GIVEN, CURVE_BEFORE = "curve, demand given", "curve, last year's demand"
METHODS = (MODEL, MODEL_BEFORE, CURVE_GIVEN, CURVE_BEFORE)
LAST, THREE = "last year", "mean of three years"

SHIPPED = Parameters()
MODEL_SAW, CURVE_SAW = (2018, 2025), (2017, 2018)
"""Years of which shipped parameters may have seen something: such a row does not test them."""

PREDICTED = {
    "year": pl.Int64, "measure": pl.String, "name": pl.String, "method": pl.String,
    "published": pl.Float64, "predicted": pl.Float64, "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip
ERRORS = {
    "year": pl.Int64, "measure": pl.String, "place": pl.Int64, "method": pl.String,
    "names": pl.Int64, "mean_error": pl.Float64, "bias": pl.Float64, "in_band": pl.Int64,
    "held_out": pl.Boolean,
}  # fmt: skip


class Answer(NamedTuple):
    """What a method says, and between which bounds, if it says any."""

    value: float
    low: float | None = None
    high: float | None = None


Answers = dict[str, dict[str, Answer]]
"""By method, then by discipline or school."""


def years(oracle: Oracle) -> list[int]:
    """The years that can be judged: those after a year that is in the folder, too.

    Raises:
        carms_lake.UsageError: there is none.
    """
    found = [year for year in sorted(oracle.disciplines) if year - 1 in oracle.disciplines]
    if not found:
        raise carms_lake.UsageError(
            "no year in the folder comes after another that is in it",
            "a year is compared with the year before: give two in a row at least",
        )
    return found


def predictions(  # noqa: PLR0913 - what is judged, and how long
    programs: Sequence[Program],
    oracle: Oracle,
    number: int,
    seed: int = 1,
    done: Callable[[int], None] = lambda _: None,
    *,
    parameters: Parameters = SHIPPED,
    constants: tuple[float, float] = CURVE,
    only: int | None = None,
) -> pl.DataFrame:
    """What was published and what each method says: the columns of `PREDICTED`.

    Success is a share, `unfilled` seats. `low` and `high` bound 90 % of `number` repetitions, and
    only the model has them. Methods of a year and measure have the same names: those that all can
    answer. A method that lacks its years in the folder is left out. `parameters` of the model and
    `constants` of the curve are those that are shipped, years all that can be judged, unless given.

    Raises:
        carms_lake.UsageError: no year can be judged.
    """
    rows: list[dict[str, object]] = []
    for at, year in enumerate([only] if only else years(oracle)):
        plan = plan_of(programs, oracle, year, seed, parameters)
        solved = [
            pair
            for pair in repetitions(plan, number, lambda n, at=at: done(at * number + n))  # type: ignore[misc]
            if pair is not None
        ]
        success = _success(oracle, year, solved, constants)
        vacant = _vacant(oracle, year, solved)
        shares = {name: row.success for name, row in oracle.disciplines[year].items()}
        rows += _judged(year, SUCCESS, shares, success)
        rows += _judged(year, VACANCIES, oracle.vacancies.get(year, {}), vacant)
    return pl.DataFrame(rows, schema=PREDICTED)


def errors(
    predicted: pl.DataFrame, seen: Mapping[str, Collection[int]] | None = None
) -> pl.DataFrame:
    """One row per year, measure and method: the columns of `ERRORS`, the nearest first.

    `mean_error` is the mean absolute error and `bias` that with its sign (predicted minus
    published), in points of success or in seats; `in_band` counts the names whose published
    figure the band covers. Methods that are equally near share a place. `held_out` is false where
    the parameters may have seen something of that year; `seen` has these years by method.
    """
    seen = seen or saw()
    difference = (pl.col("predicted") - pl.col("published")) * pl.when(measure=SUCCESS).then(
        100
    ).otherwise(1)
    inside = pl.col("published").is_between("low", "high")
    found = (
        predicted.group_by("year", "measure", "method")
        .agg(
            names=pl.len().cast(pl.Int64),
            mean_error=difference.abs().mean().round(6),
            bias=difference.mean().round(6),
            in_band=pl.when(pl.col("low").is_not_null().any()).then(inside.sum()).cast(pl.Int64),
        )
        .with_columns(
            place=pl.col("mean_error").rank("min").over("year", "measure").cast(pl.Int64),
            held_out=~pl.any_horizontal(
                (pl.col("method") == method) & pl.col("year").is_in(list(those))
                for method, those in seen.items()
            ),
        )
    )
    return found.select(list(ERRORS)).sort("year", "measure", "place", "method")


def saw(fitted: Collection[int] = ()) -> dict[str, Collection[int]]:
    """The years that each method may have seen; `fitted`: those that the model was fitted to."""
    model = {*MODEL_SAW, *fitted}  # what a search does not change is as shipped
    return {MODEL: model, MODEL_BEFORE: model, CURVE_GIVEN: CURVE_SAW, CURVE_BEFORE: CURVE_SAW}


def plan_of(
    programs: Sequence[Program],
    oracle: Oracle,
    year: int,
    seed: int,
    parameters: Parameters = SHIPPED,
) -> Plan:
    """The first iteration of a year: its base knows what was wanted, its scenario the year before.

    Seats of a discipline for CMGs are those of the year, spread as those of the lake are. What
    IMGs have and want is the lake's and the model's, for the folder does not say it.
    """
    of_year, before = oracle.disciplines[year], oracle.disciplines[year - 1]
    base = world_of(programs, of_year, of_year, parameters)
    return Plan(base, world_of(programs, of_year, before, parameters), seed, iterations=1)


def world_of(
    programs: Sequence[Program],
    of_year: Mapping[str, Published],
    wanted: Mapping[str, Published],
    parameters: Parameters,
) -> World:
    """A world with the seats of one year and the demand of one, which may be another."""
    offered = scaled(programs, {name: row.seats for name, row in of_year.items()})
    chosen = {name: row.first_choices for name, row in sorted(wanted.items())}
    parameters = parameters._replace(cmg=sum(chosen.values()))
    return World(offered, Behaviour(parameters, invented(offered) | {"CMG": shared(chosen)}))


def scaled(programs: Sequence[Program], seats: Mapping[str, int]) -> tuple[Program, ...]:
    """Programs with other sums of seats for CMGs by discipline, in proportion to what they had."""
    changed = list(programs)
    for discipline, total in seats.items():
        places = [
            n for n, p in enumerate(programs) if p.discipline == discipline and "CMG" in p.kinds
        ]
        had = [programs[n].seats for n in places]
        for n, now in zip(places, parts(total, had if any(had) else [1] * len(had)), strict=True):
            changed[n] = programs[n]._replace(seats=now, appeal=now)
    return tuple(changed)


def conservation(headlines: Sequence[Headline] = HEADLINES) -> dict[int, dict[str, int]]:
    """By year, by how much published totals do not add up: 0 where they do.

    `kinds`: CMG, IMG and USMG against all who matched; `seats`: matched and unfilled against
    positions, where unfilled was published.
    """
    return {
        one.year: {"kinds": one.cmg + one.img + one.usmg - one.matched}
        | ({} if one.unfilled is None else {"seats": one.matched + one.unfilled - one.positions})
        for one in headlines
    }


def _success(
    oracle: Oracle,
    year: int,
    solved: Sequence[tuple[Counts, Counts]],
    constants: tuple[float, float],
) -> Answers:
    of_year, before = oracle.disciplines[year], oracle.disciplines[year - 1]
    found: Answers = {MODEL: {}, MODEL_BEFORE: {}}
    for side, method in enumerate((MODEL, MODEL_BEFORE)):
        for name in of_year:
            rows = [pair[side].get(("discipline", name), [0] * 5) for pair in solved]
            shares = [row[4] / row[3] for row in rows if row[3]]
            if shares:
                found[method][name] = Answer(*banded(shares))
    for method, wanted in ((CURVE_GIVEN, of_year), (CURVE_BEFORE, before)):
        found[method] = {
            name: Answer(said)
            for name, row in of_year.items()
            if name in wanted
            and (said := curve(row.seats, wanted[name].first_choices, constants)) is not None
        }
    history = {
        past: {name: row.success for name, row in rows.items()}
        for past, rows in oracle.disciplines.items()
    }
    return found | _from_history(history, year)


def _vacant(oracle: Oracle, year: int, solved: Sequence[tuple[Counts, Counts]]) -> Answers:
    found: Answers = {MODEL: {}, MODEL_BEFORE: {}}
    for side, method in enumerate((MODEL, MODEL_BEFORE)):
        empty: dict[str, list[int]] = {}
        for pair in solved:
            for school, (unfilled, _) in schools_of(pair[side]).items():
                empty.setdefault(school, []).append(unfilled)
        found[method] = {school: Answer(*banded(values)) for school, values in empty.items()}
    return found | _from_history(oracle.vacancies, year)


def _from_history(history: Mapping[int, Mapping[str, float]], year: int) -> Answers:
    """What last year and the mean of the last three say."""
    found: Answers = {}
    for method, back in ((LAST, 1), (THREE, 3)):
        past = [history.get(year - n, {}) for n in range(1, back + 1)]
        found[method] = {
            name: Answer(sum(rows[name] for rows in past) / back)
            for name in past[0]
            if all(name in rows for rows in past)
        }
    return found


def _judged(
    year: int, measure: str, published: Mapping[str, float], answers: Answers
) -> list[dict[str, object]]:
    """Rows of all methods that answer anything, over the names that all of them answer."""
    able = {
        method: said for method, said in answers.items() if not published.keys().isdisjoint(said)
    }
    names = [name for name in sorted(published) if all(name in said for said in able.values())]
    return [
        {
            "year": year, "measure": measure, "name": name, "method": method,
            "published": float(published[name]), "predicted": round(said[name].value, 6),
            "low": said[name].low, "high": said[name].high,
        }
        for method, said in able.items()
        for name in names
    ]  # fmt: skip
