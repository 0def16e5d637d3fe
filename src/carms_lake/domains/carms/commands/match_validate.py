"""`match validate`: the model held against a user's own copies of published tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from carms_lake.cli.command import (
    Call,
    Format,
    Option,
    Target,
    command,
    emit,
    envelope,
)
from carms_lake.domains.carms.commands.match import ParametersFile, Seed, match_app, reps_option
from carms_lake.domains.carms.commands.match_shown import note_all, repetitions
from carms_lake.domains.carms.commands.options import IterationOption
from carms_lake.domains.carms.commands.shared import lake

if TYPE_CHECKING:
    import polars as pl

Folder = Annotated[
    Path,
    Option("--oracle", metavar="DIR", help="Your copies of published tables (docs/match.md)."),
]
Repetitions = Annotated[int, reps_option(help="How many repetitions of each year.")]
Each = Annotated[bool, Option("--each", help="Every discipline and school, not mean errors.")]


@command(match_app)
def validate(
    call: Call,
    to: Target,
    oracle: Folder,
    reps: Repetitions = 40,
    seed: Seed = 1,
    each: Each = False,
    parameters: ParametersFile = None,
    iteration: IterationOption = None,
) -> None:
    """Compare the model with published years and with plain answers.

    Those are the curve, last year, and the mean of three years. The nearest is first, and what
    loses is printed too. Nothing of the folder is kept.
    """
    from carms_lake.domains.carms.match import validation
    from carms_lake.domains.carms.match.fitted import Fitted, read_parameters
    from carms_lake.domains.carms.match.oracle import read_oracle
    from carms_lake.domains.carms.match.supply import supply

    fitted = read_parameters(parameters) if parameters else Fitted()
    offered = supply(lake(call), iteration)
    tables = read_oracle(oracle, offered.programs)
    whole = len(validation.years(tables)) * reps
    with repetitions(call, whole) as done:
        predicted = validation.predictions(
            offered.programs, tables, reps, seed, done, parameters=fitted.parameters
        )
    saw = validation.saw(fitted.years)
    rows = predicted if each else validation.errors(predicted, saw)
    said = {
        "seed_and_repetitions": f"seed {seed}, {reps} repetitions of each year; bands hold 90 %",
        "seats": f"those of the folder by discipline, spread over schools as in match iteration"
        f" {offered.iteration}; IMGs' are of that iteration",
        "parameters": f"`{parameters}`" if parameters else "as shipped",
        "held_out": "not where it is false: the parameters may have seen that year",
        "published_totals": _totals(validation.conservation()),
    }
    if call.json:
        envelope({**said, "rows": rows.to_dicts()}, to=to)
        return
    emit(call, _shown(rows, each=each) if to.format is Format.TABLE else rows, to)
    note_all(call, said)


def _totals(off: dict[int, dict[str, int]]) -> str:
    """Whether the published totals that carms ships add up."""
    wrong = [
        f"{year} ({name} off by {abs(by)}, as published)"
        for year, sums in off.items()
        for name, by in sums.items()
        if by
    ]
    return f"of {min(off)} to {max(off)} add up" + (
        f", but for {', '.join(wrong)}" if wrong else ""
    )


def _shown(rows: pl.DataFrame, *, each: bool) -> pl.DataFrame:
    """With the digits that are worth reading, success in points, and names that fit a terminal."""
    import polars as pl

    if not each:
        return shown_errors(rows)
    figures = pl.col("published", "predicted", "low", "high")
    points = pl.when(measure="first_choice_success").then(100.0).otherwise(1.0)
    return _short(rows.with_columns((figures * points).round(1)))


def shown_errors(rows: pl.DataFrame) -> pl.DataFrame:
    """Mean errors of methods for a terminal."""
    import polars as pl

    names = {"place": "#", "mean_error": "error", "in_band": "band"}
    return _short(rows.with_columns(pl.col("mean_error", "bias").round(1)).rename(names))


def _short(rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return rows.with_columns(pl.col("measure").replace("first_choice_success", "success"))
