"""The repetitions as a table: base, scenario and their difference, each with its band."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, log, sqrt

import polars as pl

from carms_lake.domains.carms.match.parameters import CURVE
from carms_lake.domains.carms.match.simulate import APPLICANTS, SEATS, Counts

LEVELS = ("all", "applicants", "discipline", "province", "stream", "group")

COLUMNS = {
    "level": pl.String,
    "name": pl.String,
    "measure": pl.String,
    "base": pl.Float64,
    "base_low": pl.Float64,
    "base_high": pl.Float64,
    "scenario": pl.Float64,
    "scenario_low": pl.Float64,
    "scenario_high": pl.Float64,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "difference_error": pl.Float64,
}
"""`low` and `high` bound 90 % of the repetitions; `error` is the Monte-Carlo error of the mean."""


def table(found: Sequence[tuple[Counts, Counts]]) -> pl.DataFrame:
    """One row per level, name and measure.

    Levels are `LEVELS`; measures of seats: seats, filled_first, filled_second, unfilled,
    first_choices (of CMGs) and first_choice_success; `curve_success` at the level discipline, what
    the two-parameter curve says. Measures of applicants, whose name is a kind: applicants,
    matched_first, matched_second, and as shares of all match_rate_first, match_rate, first_program,
    first_discipline and home_school.
    """
    keys = dict.fromkeys(key for pair in found for side in pair for key in side)
    rows = []
    for level in LEVELS:
        for key in sorted(key for key in keys if key[0] == level):
            sides = [[measures(key, side.get(key)) for side in pair] for pair in found]
            rows += [
                (*key, name, *_summary([(base[name], after[name]) for base, after in sides]))
                for name in dict.fromkeys(name for pair in sides for one in pair for name in one)
            ]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def measures(key: tuple[str, str], counted: Sequence[int] | None) -> dict[str, float | None]:
    """The measures of one row of counts; what was not there has no seats and nobody."""
    level, name = key
    if level == "applicants":
        one = dict(zip(APPLICANTS, counted or [0] * len(APPLICANTS), strict=True))
        whole = one["applicants"]
        both = one["matched_first"] + one["matched_second"]
        shares = {"match_rate_first": one["matched_first"], "match_rate": both}
        shares |= {measure: one[measure] for measure in APPLICANTS[3:]}
        if name != "CMG":  # others have no home school
            del shares["home_school"]
        return {
            **{measure: float(one[measure]) for measure in APPLICANTS[:3]},
            **{of: value / whole if whole else None for of, value in shares.items()},
        }
    one = dict(zip(SEATS, counted or [0] * len(SEATS), strict=True))
    wanted = one["first_choices"]
    values: dict[str, float | None] = {of: float(one[of]) for of in SEATS[:3]}
    values["unfilled"] = float(one["seats"] - one["filled_first"] - one["filled_second"])
    if level == "all":  # every CMG who matches has a program there: the match rate says that
        return values
    values["first_choices"] = float(wanted)
    values["first_choice_success"] = one["first_choice_matched"] / wanted if wanted else None
    if level == "discipline":
        values["curve_success"] = curve(one["seats"], wanted)
    return values


def curve(seats: int, first_choices: int, constants: tuple[float, float] = CURVE) -> float | None:
    """What the two-parameter curve says of first-choice success."""
    if not first_choices:
        return None
    if not seats:
        return 0.0
    return round(1 / (1 + exp(-constants[0] - constants[1] * log(seats / first_choices))), 9)


def _summary(pairs: Sequence[tuple[float | None, float | None]]) -> Iterable[float | None]:
    differences = [None if a is None or b is None else b - a for a, b in pairs]
    for values in ([a for a, _ in pairs], [b for _, b in pairs], differences):
        known = [value for value in values if value is not None]
        if not known:
            yield from (None, None, None)
            continue
        yield from (round(value, 6) for value in banded(known))
    known = [value for value in differences if value is not None]
    yield round(_error(known), 6) if len(known) > 1 else None


def banded(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean, and between which two bounds 90 % of the values are."""
    ordered = sorted(values)
    mean = sum(ordered) / len(ordered)
    return mean, _quantile(ordered, 0.05), _quantile(ordered, 0.95)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """A quantile of sorted values, between neighbours in proportion."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def _error(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values))
