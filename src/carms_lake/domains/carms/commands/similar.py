"""`similar`: programs like one."""

from __future__ import annotations

from typing import Annotated

from carms_lake.cli.command import (
    Call,
    Format,
    Option,
    Target,
    command,
    emit,
    emit_text,
    note,
    text_width,
)
from carms_lake.domains.carms.commands.options import Filters
from carms_lake.domains.carms.commands.program import ProgramId
from carms_lake.domains.carms.commands.shared import app, lake

Limit = Annotated[int, Option("--limit", min=1, help="How many programs at most.")]


@command(app)
def similar(
    call: Call, to: Target, program_id: ProgramId, filters: Filters, limit: Limit = 10
) -> None:
    """List the programs most like one, with the reasons.

    Other streams and sites of the same program are apart, at the end.
    """
    from carms_lake.domains.carms.analysis import similar as programs
    from carms_lake.domains.carms.similar_text import as_text

    found = programs.similar(lake(call), program_id, filters._asdict(), limit)
    if call.json or to.format is not Format.TABLE:
        emit(call, found, to)
    elif found.height:
        emit_text(as_text(found.to_dicts(), text_width(to), limit), to)
    if not found.height:
        note(call, "no other program matches")
