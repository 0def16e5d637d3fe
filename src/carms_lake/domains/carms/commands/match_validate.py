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
    note,
    progress,
)
from carms_lake.domains.carms.commands.match import Seed, match_app
from carms_lake.domains.carms.commands.options import IterationOption
from carms_lake.domains.carms.commands.shared import lake

if TYPE_CHECKING:
    import polars as pl

Folder = Annotated[
    Path,
    Option("--oracle", metavar="DIR", help="Your copies of published tables (docs/match.md)."),
]
Repetitions = Annotated[
    int, Option("--reps", min=1, max=10_000, help="How many repetitions of each year.")
]
Each = Annotated[bool, Option("--each", help="Every discipline and school, not mean errors.")]


@command(match_app)
def validate(
    call: Call,
    to: Target,
    oracle: Folder,
    reps: Repetitions = 40,
    seed: Seed = 1,
    each: Each = False,
    iteration: IterationOption = None,
) -> None:
    """Compare the model with published years and with plain answers.

    Those are the curve, last year, and the mean of three years. The nearest is first, and what
    loses is printed too. Nothing of the folder is kept.
    """
    from carms_lake.domains.carms.match import validation
    from carms_lake.domains.carms.match.oracle import read_oracle
    from carms_lake.domains.carms.match.supply import supply

    offered = supply(lake(call), iteration)
    tables = read_oracle(oracle, offered.programs)
    whole = len(validation.years(tables)) * reps
    with progress(call) as advance:
        predicted = validation.predictions(
            offered.programs,
            tables,
            reps,
            seed,
            lambda done: advance("repetitions", done, whole) if advance else None,
        )
    rows = predicted if each else validation.errors(predicted)
    said = {
        "seed_and_repetitions": f"seed {seed}, {reps} repetitions of each year; bands hold 90 %",
        "seats": f"those of the folder by discipline, spread over schools as in match iteration"
        f" {offered.iteration}; IMGs' are of that iteration",
        "held_out": "not where it is false: the shipped parameters may have seen that year",
        "published_totals": _totals(validation.conservation()),
    }
    if call.json:
        envelope({**said, "rows": rows.to_dicts()}, to=to)
        return
    emit(call, _shown(rows, each=each) if to.format is Format.TABLE else rows, to)
    for name, text in said.items():
        note(call, f"{name.replace('_', ' ')}: {text}")


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

    of_success = pl.col("measure") == "first_choice_success"
    short = pl.when(of_success).then(pl.lit("success")).otherwise("measure").alias("measure")
    if each:
        figures = pl.col("published", "predicted", "low", "high")
        points = pl.when(of_success).then(100.0).otherwise(1.0)
        return rows.with_columns((figures * points).round(1), short)
    names = {"place": "#", "mean_error": "error", "in_band": "band"}
    return rows.with_columns(pl.col("mean_error", "bias").round(1), short).rename(names)
