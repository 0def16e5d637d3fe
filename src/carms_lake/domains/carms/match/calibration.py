"""The model fitted to published years of a user's own folder, and tried on one that it did not see.

Nothing of the folder is in the answer but the errors; nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import polars as pl

import carms_lake
from carms_lake.domains.carms.match import validation
from carms_lake.domains.carms.match.fitted import written
from carms_lake.domains.carms.match.fitting import Ask, Done, Search
from carms_lake.domains.carms.match.moments import MOMENTS, Moments, Year, error, mean, year_of
from carms_lake.domains.carms.match.oracle import Oracle
from carms_lake.domains.carms.match.parameters import CURVE, Parameters
from carms_lake.domains.carms.match.processes import processes
from carms_lake.domains.carms.match.search import Vector, cross_entropy, separable, size
from carms_lake.domains.carms.match.supply import Program
from carms_lake.domains.carms.match.tables import curve

SEARCHED = (
    "home", "province", "region", "language", "agreement", "home_bonus", "second_discipline",
    "canadian", "bar", "bar_img", "one_discipline",
)  # fmt: skip
"""The parameters that a first iteration may say something about."""

CURVE_LIMITS = ((-6.0, 6.0), (0.0, 12.0))
CURVE_EVALUATIONS = 900

FITTED, WEAK, FLAT, ALIKE = "fitted", "fitted, flat there", "flat", "not distinguishable"
ROUNDED = pl.selectors.float().round(3)
BEFORE_NAMES = {name: name.replace("model", "model before") for name in validation.METHODS}
FITTED_NAMES = {name: f"fitted {name}" for name in validation.METHODS}

PARAMETERS = {
    "parameter": pl.String, "before": pl.Float64, "fitted": pl.Float64, "effect": pl.Float64,
    "effect_fitted": pl.Float64, "noise": pl.Float64, "status": pl.String,
}  # fmt: skip
MOMENT_COLUMNS = {
    "year": pl.Int64, "held_out": pl.Boolean, "moment": pl.String, "published": pl.Float64,
    "before": pl.Float64, "fitted": pl.Float64, "last_year": pl.Float64,
}  # fmt: skip


class Calibration(NamedTuple):
    """What came out; `ask` has the years that were chosen.

    `parameters` and `moments`: the columns of `PARAMETERS` and `MOMENT_COLUMNS`; `held_out`: those
    of `validation.ERRORS` for the year held out; `before` and `after`: how far the moments of the
    fitted years are off before and after the search, in points.
    """

    ask: Ask
    fitted: Parameters
    parameters: pl.DataFrame
    moments: pl.DataFrame
    held_out: pl.DataFrame
    before: float
    after: float


def chosen(oracle: Oracle, ask: Ask) -> Ask:
    """With the year held out, the newest that follows another, and the years to fit to, the others.

    Raises:
        carms_lake.UsageError: there are too few, or one that is named is not in the folder.
    """
    there = sorted(oracle.disciplines)
    hold_out = ask.hold_out or validation.years(oracle)[-1]
    for year in (hold_out, hold_out - 1, *ask.years):
        if year not in there:
            raise carms_lake.UsageError(
                f"the folder has no disciplines of {year}",
                f"it has {', '.join(map(str, there))}; the year before the one held out is needed",
            )
    if hold_out in ask.years:
        raise carms_lake.UsageError(
            f"{hold_out} is held out and among the years to fit to", "leave it out of one of them"
        )
    years = tuple(sorted(set(ask.years or there) - {hold_out}))
    return ask._replace(years=years, hold_out=hold_out)


def calibrate(
    programs: Sequence[Program],
    oracle: Oracle,
    ask: Ask,
    done: Done = lambda *_: None,
    workers: int | None = None,
) -> Calibration:
    """Fit the parameters that the moments of some years tell apart; try them on another year.

    `done` is called with what is being done, how much of it is, and of how much. How many processes
    share the work changes no figure.

    Raises:
        carms_lake.UsageError: the folder has too little; the message names what is missing.
    """
    ask = chosen(oracle, ask)
    start = ask.start.parameters
    years = [_year(programs, oracle, year, start) for year in (*ask.years, ask.hold_out)]
    with processes(workers) as mapped:
        fit = Search(years[:-1], ask, mapped, done).fit(start, SEARCHED)
        both = Search(years, ask, mapped, done).runs("moments", [start, fit.parameters])
        said = [[mean(draws) for draws in run] for run in both]
    fitted, flat = fit.parameters, separable(fit.last)[1]
    rows = [
        (name, getattr(start, name), getattr(fitted, name), size(fit.first[name].changes),
         size(fit.last[name].changes), fit.last[name].noise, _status(name, fit.searched, flat))
        for name in SEARCHED
    ]  # fmt: skip
    published = [year.published for year in years]
    return Calibration(
        ask,
        fitted,
        pl.DataFrame(rows, schema=PARAMETERS, orient="row").with_columns(ROUNDED),
        _moment_rows(years, said).with_columns(ROUNDED),
        _held_out(programs, oracle, ask, fitted, done),
        *(error(one[:-1], published[:-1]) for one in said),
    )


def _status(name: str, searched: Collection[str], flat: Collection[str]) -> str:
    if name in searched:
        return WEAK if name in flat else FITTED
    return FLAT if name in flat else ALIKE


def _year(programs: Sequence[Program], oracle: Oracle, year: int, start: Parameters) -> Year:
    rows = oracle.disciplines[year]
    return year_of(oracle, year, validation.world_of(programs, rows, rows, start))


def _moment_rows(years: Sequence[Year], said: Sequence[Sequence[Moments]]) -> pl.DataFrame:
    """Every moment of every year, the last of which is held out."""
    published = {year.year: year.published for year in years}
    nothing = (None,) * len(MOMENTS)
    rows = [
        (year.year, year is years[-1], *row)
        for n, year in enumerate(years)
        for row in zip(
            MOMENTS, year.published, *(one[n] for one in said),
            published.get(year.year - 1, nothing), strict=True,
        )
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=MOMENT_COLUMNS, orient="row")


def moment_errors(found: Calibration) -> tuple[float, float, float | None]:
    """How far the moments of the year held out are off: before, fitted, last year's; in points."""
    rows = found.moments.filter("held_out")
    published = [tuple(rows["published"])]
    before, fitted, last = (
        error([tuple(rows[name])], published) for name in ("before", "fitted", "last_year")
    )
    return before, fitted, None if rows["last_year"].null_count() == len(rows) else last


def _held_out(
    programs: Sequence[Program], oracle: Oracle, ask: Ask, fitted: Parameters, done: Done
) -> pl.DataFrame:
    """The errors of every method in the year held out, over the names that all of them answer."""
    number = ask.repetitions
    found = [
        validation.predictions(
            programs, oracle, number, ask.seed,
            lambda n, begin=begin: done("hold-out", begin + n, 2 * number),  # type: ignore[misc]
            parameters=parameters, constants=constants, only=ask.hold_out,
        )
        for begin, parameters, constants in (
            (0, ask.start.parameters, CURVE),
            (number, fitted, fitted_curve(oracle, ask.years, ask.seed)),
        )
    ]  # fmt: skip
    method = pl.col("method")
    ours = (
        found[1].filter(method.is_in(list(FITTED_NAMES))).with_columns(method.replace(FITTED_NAMES))
    )
    rows = pl.concat([found[0].with_columns(method.replace(BEFORE_NAMES)), ours])
    rows = rows.filter(
        method.n_unique().over("measure", "name") == method.n_unique().over("measure")
    )
    seen = {BEFORE_NAMES[name]: those for name, those in validation.saw(ask.start.years).items()}
    seen |= {
        FITTED_NAMES[name]: ask.years if "curve" in name else those
        for name, those in validation.saw({*ask.start.years, *ask.years}).items()
    }
    return validation.errors(rows, seen)


def fitted_curve(oracle: Oracle, years: Collection[int], seed: int) -> tuple[float, float]:
    """The constants of the curve that come nearest to the success of disciplines in some years."""
    rows = [row for year in years for row in oracle.disciplines[year].values()]

    def off(vector: Vector) -> float:
        said = [curve(row.seats, row.first_choices, (vector[0], vector[1])) or 0.0 for row in rows]
        return sum((one - row.success) ** 2 for one, row in zip(said, rows, strict=True))

    best = cross_entropy(
        CURVE, CURVE_LIMITS, CURVE_EVALUATIONS, seed, lambda vectors: map(off, vectors)
    )
    return best[0], best[1]


def file_of(found: Calibration) -> str:
    """The fitted parameters as a file that `fitted.read_parameters` reads."""
    status = dict(found.parameters.select("parameter", "status").rows())
    remarks = {
        FITTED: "fitted; before: {}",
        WEAK: "fitted, but the figures hardly depend on it; before: {}",
        FLAT: "as before: the figures hardly depend on it",
        ALIKE: "as before: what it does, others do too",
    }
    other = "as before: no figure is about it"
    return written(
        found.fitted,
        {
            "years": sorted({*found.ask.start.years, *found.ask.years}),
            "hold_out": found.ask.hold_out, "seed": found.ask.seed,
            "evaluations": found.ask.evaluations, "error_before": found.before,
            "error_fitted": found.after,
        },
        {
            name: remarks[status[name]].format(value) if name in status else other
            for name, value in found.ask.start.parameters._asdict().items()
        },
    )  # fmt: skip
