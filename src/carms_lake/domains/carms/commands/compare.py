"""`compare`: programs side by side, or one in two iterations."""

from __future__ import annotations

from typing import Annotated

from carms_lake.cli.command import (
    Argument,
    Call,
    Format,
    Option,
    Target,
    UsageError,
    command,
    emit,
    emit_text,
    text_width,
)
from carms_lake.domains.carms.commands.options import IterationOption
from carms_lake.domains.carms.commands.shared import app, lake

Programs = Annotated[
    list[str], Argument(metavar="ID...", help="Ids of program streams, as 27447 26700.")
]
Iterations = Annotated[
    tuple[str, str] | None,
    Option("--iterations", metavar="BEFORE AFTER", help="One program in two match iterations."),
]
All = Annotated[bool, Option("--all", help="Facts that are equal, too.")]


@command(app)
def compare(
    call: Call,
    to: Target,
    program_ids: Programs,
    iterations: Iterations = None,
    iteration: IterationOption = None,
    everything: All = False,
) -> None:
    """Compare programs, or one program in two iterations.

    What differs comes first. `carms program ID --why FACT` shows what a value was read from.
    Formats for rows have all facts, one row per fact and program.
    """
    from carms_lake.domains.carms.analysis import compare as programs
    from carms_lake.domains.carms.compare_text import as_text

    if iterations is None:
        found = programs.compare(lake(call), program_ids, iteration)
    elif len(program_ids) > 1 or iteration is not None:
        wrong = "`--iteration`" if len(program_ids) == 1 else f"{len(program_ids)} programs"
        raise UsageError(f"`--iterations` was given with {wrong}", "name one program with it")
    else:
        found = programs.compare_in_iterations(lake(call), program_ids[0], *iterations)
    if call.json or to.format is not Format.TABLE:
        emit(call, found, to)
    else:
        emit_text(as_text(found.to_dicts(), text_width(to), everything=everything), to)
