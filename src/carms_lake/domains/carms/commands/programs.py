"""`programs`, `disciplines`: what there is."""

from __future__ import annotations

import sys
from typing import Annotated

from carms_lake.cli.command import (
    Call,
    Format,
    Option,
    Target,
    command,
    emit,
    envelope,
    note,
)
from carms_lake.domains.carms.commands.options import Filters, IterationOption
from carms_lake.domains.carms.commands.shared import app, lake, programs_app
from carms_lake.domains.carms.commands.tables import fitting

Limit = Annotated[
    int | None,
    Option(
        "--limit",
        metavar="N",
        min=1,
        help="How many programs at most (default: 20 on a terminal, else all).",
    ),
]
Offset = Annotated[
    int, Option("--offset", metavar="N", min=0, help="Leave out so many programs first.")
]
Sort = Annotated[
    str | None,
    Option("--sort", metavar="COLUMNS", help="With commas; `-` before one: its greatest first."),
]

ON_A_TERMINAL = 20
"""So many programs are listed where a person looks at them, unless another limit is given."""


@command(programs_app, "list")
def programs(
    call: Call,
    to: Target,
    filters: Filters,
    sort: Sort = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> None:
    """List the programs of the newest match that fit, and their seats.

    A table has the columns that fit a terminal and those it is sorted by, other formats the whole
    profile. What is not known of a program fits no filter: `--no-casper` lists those whose
    description does not ask for Casper, not those without one.
    What changed from one match to the next: `carms programs compare 1503 1504`.
    """
    from carms_lake.domains.carms.analysis.programs import HEADINGS, sort_columns
    from carms_lake.domains.carms.analysis.programs import programs as programs_of

    found = programs_of(lake(call), filters._asdict(), sort)
    if limit is None and to.is_drawn and not call.json and sys.stdout.isatty():
        limit = ON_A_TERMINAL
    shown = found.slice(offset, limit)
    seats = int(found["quota"].sum())
    if call.json:
        listed = {"total": found.height, "seats": seats, "programs": shown.to_dicts()}
        envelope(listed, to=to)
    elif to.format is Format.TABLE:
        sorted_by = [] if sort is None else sort_columns(sort, found.columns)
        table = shown.select([*dict.fromkeys([*HEADINGS, *sorted_by])]).rename(HEADINGS)
        emit(call, table if to.file else fitting(lake(call), table), to)
    else:
        emit(call, shown, to)
    note(call, _listed(shown.height, found.height, seats, offset))


def _listed(shown: int, total: int, seats: int, offset: int) -> str:
    """How many of how many programs were listed, and the seats of all."""
    if not total:
        return "no program matches"
    text = f"{shown} of {_counted(total, 'program')} with {_counted(seats, 'seat')}"
    if offset >= total:
        return f"no more programs: {text}"
    more = total - offset - shown
    return f"{text}; {more} more with `--offset {offset + shown}`" if more else text


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@command(app)
def disciplines(call: Call, to: Target, iteration: IterationOption = None) -> None:
    """List the disciplines, with programs and seats."""
    from carms_lake.domains.carms.analysis.programs import disciplines as disciplines_of

    emit(call, disciplines_of(lake(call), iteration), to)
