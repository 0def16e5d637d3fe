"""`programs compare`: what changed from one match to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from carms_lake.cli.command import (
    Argument,
    Call,
    Format,
    Option,
    Target,
    UsageError,
    command,
    emit,
    note,
)
from carms_lake.domains.carms.commands.options import Filters
from carms_lake.domains.carms.commands.shared import lake, programs_app
from carms_lake.domains.carms.commands.tables import fitting

if TYPE_CHECKING:
    import polars as pl

Before = Annotated[str, Argument(metavar="BEFORE", help="A match iteration, as 1503.")]
After = Annotated[
    str | None,
    Argument(
        metavar="[AFTER]",
        help="A later one; without it, BEFORE is compared with itself before its last change.",
    ),
]
All = Annotated[bool, Option("--all", help="Programs in which nothing changed, too.")]
Totals = Annotated[bool, Option("--totals", help="Only the sums: a row per kind of change.")]


@command(programs_app)
def compare(
    call: Call,
    to: Target,
    before: Before,
    filters: Filters,
    after: After = None,
    everything: All = False,
    only_totals: Totals = False,
) -> None:
    """Show which programs came, went or changed between two matches.

    Programs are the same where school, discipline, site and stream are, else by their id. A table
    has the columns that fit a terminal; sums are below it.
    """
    from carms_lake.domains.carms.analysis import iterations

    if filters.iteration is not None:
        raise UsageError(
            "`--iteration` was given in addition to the iterations to compare", "leave it out"
        )
    if after is None:
        if any(value is not None for value in filters):
            raise UsageError("filters need two iterations", "name the second one, too")
        compared = iterations.compare_deliveries(lake(call), before)
    else:
        compared = iterations.compare_iterations(lake(call), before, after, filters._asdict())
    sums = iterations.totals(compared)
    if only_totals:
        emit(call, sums, to)
        return
    shown = compared if everything else compared.filter(compared["change"] != "same")
    is_table = to.format is Format.TABLE and not call.json
    table = _table(shown) if is_table else shown
    emit(call, fitting(lake(call), table) if is_table and not to.file else table, to)
    note(call, _said(sums))
    if after is None and not compared["change"].ne("same").any():
        note(
            call,
            f"nothing has changed in iteration `{before}` since it first arrived; "
            f"`carms programs compare {before} OTHER` compares it with another one",
        )


def _table(compared: pl.DataFrame) -> pl.DataFrame:
    """What fits a terminal: of facts that changed, their names."""
    import polars as pl

    seats = [pl.col(f"seats_{side}").cast(pl.String).fill_null("?") for side in ("before", "after")]
    return compared.select(
        "change",
        pl.coalesce("program_stream_id_after", "program_stream_id_before").alias("id"),
        discipline="discipline_name",
        school="school_name",
        site="program_site",
        seats=pl.when(pl.col("seats_difference") == 0)
        .then(seats[1])
        .otherwise(pl.concat_str(*seats, separator=" -> ")),
        facts=pl.col("changed_facts").list.join(", "),
    )


def _said(sums: pl.DataFrame) -> str:
    words = {"seats": "with other seats", "facts": "with other facts", "same": "unchanged"}
    parts = []
    for change, programs, before, after, difference in sums.rows():
        if change == "all":
            parts.append(f"seats {before} -> {after} ({difference:+})")
        elif difference:
            parts.append(f"{programs} {words.get(change, change)} ({difference:+} seats)")
        else:
            parts.append(f"{programs} {words.get(change, change)}")
    return ", ".join(parts)
