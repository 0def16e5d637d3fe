"""`match runs`, `rerun` and `compare`: simulations that were kept, given again and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from carms_lake.cli.command import (
    Argument,
    Call,
    Format,
    Option,
    Target,
    command,
    emit,
    envelope,
    note,
)
from carms_lake.domains.carms.commands.match import match_app, reps_option
from carms_lake.domains.carms.commands.match_shown import (
    computed,
    left_out,
    note_all,
    show,
    shown,
)
from carms_lake.domains.carms.commands.shared import lake

if TYPE_CHECKING:
    from carms_lake.domains.carms.match.runs import Kept

RunId = Annotated[str, Argument(metavar="RUN", help="Its id, a part of it, last or previous.")]
First = Annotated[str, Argument(metavar="A", help="A run: its id, last or previous.")]
Second = Annotated[str, Argument(metavar="B", help="Another run.")]
Anyway = Annotated[bool, Option("--anyway", help="Compare also where their seats differ.")]
CompareReps = Annotated[int | None, reps_option(help="How many repetitions (default: those of A).")]


@command(match_app, "runs")
def list_runs(call: Call, to: Target) -> None:
    """List the simulations that were kept, the newest first."""
    import polars as pl

    from carms_lake.run_names import short_id

    names = (
        "run_id", "ingestion_ts", "name", "settings", "demand_file", "parameters_file",
        "match_iteration_id", "seed", "repetitions", "unsolved", "iterations", "couples",
        "by_level", "scenario_hash", "supply_hash", "gold_run_id", "tool_version",
    )  # fmt: skip
    rows = lake(call).table("match.run").select(names).collect().sort("run_id", descending=True)
    if to.format is Format.TABLE:
        rows = rows.select(
            pl.col("run_id").map_elements(short_id, pl.String).alias("run"),
            pl.col("ingestion_ts").dt.strftime("%Y-%m-%d %H:%M").alias("kept"),
            pl.coalesce("name", pl.col("settings").replace("", "base alone")).alias("scenario"),
            pl.col("match_iteration_id").alias("match"),
            "seed",
            pl.col("repetitions").alias("reps"),
        )
    emit(call, rows, to)
    if rows.is_empty():
        note(call, "no simulation is kept yet: `carms match simulate` keeps what it finds")


@command(match_app)
def rerun(call: Call, to: Target, run: RunId) -> None:
    """Give a kept simulation again, on the seats it had.

    It is computed from what was kept, whatever became of the lake since, prints the same bytes, and
    is compared with the figures that were kept.
    """
    import carms_lake
    from carms_lake.domains.carms.match import runs

    project = lake(call)
    kept = runs.find(project, run)
    offered, plan = runs.plan_of(project, kept)
    found = computed(call, offered, plan, kept.repetitions)
    asked = runs.Asked((), kept.demand_file, kept.parameters_file, kept.by_level)
    show(call, to, found, asked, kept.run_id)
    if off := runs.differing(runs.result_of(project, kept), found.table):
        raise carms_lake.DataError(
            f"{off} rows differ from those that were kept of `{kept.short}`",
            f"it was kept by carms {kept.tool_version}, this is {carms_lake.__version__}",
        )
    if not call.json:
        note(call, f"run `{kept.short}`: the same figures as were kept, on the seats that it had")


@command(match_app)
def compare(
    call: Call,
    to: Target,
    one: First,
    other: Second,
    reps: CompareReps = None,
    anyway: Anyway = False,
) -> None:
    """Compare the scenarios of two kept runs on the same draws.

    Both scenarios are drawn again, with the seed of A, so that they share their applicants; base is
    A and scenario is B. They are refused if they are of different seats.
    """
    from carms_lake.domains.carms.match import runs

    project = lake(call)
    first, second = runs.find(project, one), runs.find(project, other)
    offered, plan = runs.plan_of_both(project, first, second, anyway=anyway)
    number = reps or first.repetitions
    found = computed(call, offered, plan, number)
    said = _said(first, second, number, found.unsolved)
    if call.json:
        envelope({**said, "rows": found.table.to_dicts()}, to=to)
        return
    emit(call, shown(found.table) if to.format is Format.TABLE else found.table, to)
    note_all(call, said)


def _said(first: Kept, second: Kept, number: int, unsolved: int) -> dict[str, str]:
    """What has to be known with the figures of a comparison."""
    seats = "the same" if first.supply_hash == second.supply_hash else "different ones"
    return {
        "what_it_is": "a what-if under the assumptions of both runs, not a forecast",
        "base": f"A, run `{first.short}`: {first.settings or 'no change'}",
        "scenario": f"B, run `{second.short}`: {second.settings or 'no change'}",
        "seats": f"{seats}: match iterations {first.match_iteration_id} and"
        f" {second.match_iteration_id}",
        "draws": f"both again with seed {first.seed}, {number} repetitions{left_out(unsolved)}; low"
        " and high bound 90 % of them",
    }
