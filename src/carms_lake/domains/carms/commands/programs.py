"""`programs`, `disciplines`: what there is."""

from __future__ import annotations

from typing import Annotated

from carms_lake.cli.command import (
    Call,
    Format,
    Option,
    Target,
    command,
    emit,
    note,
)
from carms_lake.domains.carms.commands.options import Filters, IterationOption
from carms_lake.domains.carms.commands.shared import app, lake, programs_app

Limit = Annotated[int, Option("--limit", min=1, help="How many programs at most.")]
Offset = Annotated[int, Option("--offset", min=0, help="How many programs to leave out first.")]

TABLE_COLUMNS = {
    "program_stream_id": "id",
    "discipline_name": "discipline",
    "school_name": "school",
    "program_site": "site",
    "eligibility": "for",
    "training_province": "in",
    "quota": "seats",
}
"""What fits a terminal, under short headings; other formats have all columns of program_profile."""


@command(programs_app, "list")
def programs(
    call: Call,
    to: Target,
    filters: Filters,
    limit: Limit = 20,
    offset: Offset = 0,
) -> None:
    """List the programs of the newest match that fit.

    A table has the columns that fit a terminal, other formats the whole profile.
    What changed from one match to the next: `carms programs compare 1503 1504`.
    """
    from carms_lake.domains.carms import questions
    from carms_lake.domains.carms.analysis.filters import matching as matching_programs

    found = matching_programs(
        lake(call), questions.PROGRAMS, filters._asdict(), limit=limit, offset=offset
    )
    matching = found.item(0, -1) if found.height else 0
    if to.format is Format.TABLE and not call.json:
        shown = found.select(*TABLE_COLUMNS).rename(TABLE_COLUMNS)
    else:
        shown = found[:, :-1]
    emit(call, shown, to)
    if not found.height:
        note(call, "no more programs match" if offset else "no program matches")
        return
    more = matching - offset - found.height
    listed = f"{found.height} of {matching} {'program' if matching == 1 else 'programs'}"
    note(call, f"{listed}; {more} more with `--offset {offset + found.height}`" if more else listed)


@command(app)
def disciplines(call: Call, to: Target, iteration: IterationOption = None) -> None:
    """List the disciplines, with programs and seats."""
    from carms_lake.domains.carms import questions

    emit(call, lake(call).query(questions.DISCIPLINES, {"iteration": iteration}), to)
