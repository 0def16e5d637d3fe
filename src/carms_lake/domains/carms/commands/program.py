"""`program`: all about one program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from carms_lake.cli.command import (
    Argument,
    Call,
    Format,
    Option,
    OutputFile,
    OutputFormat,
    Target,
    UsageError,
    command,
    emit,
    emit_text,
    envelope,
    note,
    target,
    text_width,
)
from carms_lake.domains.carms.commands.options import IterationOption
from carms_lake.domains.carms.commands.shared import app, lake

if TYPE_CHECKING:
    import polars as pl

ProgramId = Annotated[str, Argument(metavar="ID", help="The program stream's id, as 27447.")]
SectionOption = Annotated[
    str | None, Option("--section", metavar="NAME", help="The text of one section, as interviews.")
]
Full = Annotated[bool, Option("--full", help="The text of all sections.")]
Why = Annotated[
    str | None,
    Option("--why", metavar="FACT", help="What a fact was read from, as quota, seats or casper."),
]


@command(app)
def program(
    call: Call,
    program_id: ProgramId,
    section: SectionOption = None,
    full: Full = False,
    why: Why = None,
    iteration: IterationOption = None,
    output_format: OutputFormat = None,
    output: OutputFile = None,
) -> None:
    """Show one program: its facts, demands and interviews.

    It is a page for reading, through a pipe too; -f has its profile in one row, --json all of it.
    """
    from carms_lake.domains.carms.analysis import program as programs
    from carms_lake.domains.carms.profile_text import as_text

    if sum((section is not None, full, why is not None)) > 1:
        raise UsageError(
            "`--section`, `--full` and `--why` were given together", "give one of them"
        )
    if why is not None:
        _show_evidence(call, program_id, why, iteration, page_target(output_format, output))
        return
    found = programs.program(lake(call), program_id, iteration)
    profile = found.row(0, named=True)
    if section or full:
        texts = programs.sections(lake(call), profile, section)
        _show_sections(call, texts, output_format, output)
        return
    to = page_target(output_format, output)
    if call.json:
        envelope(profile, to=to)
    elif to.format is Format.TABLE:
        emit_text(as_text(profile, text_width(to)), to)
    else:
        emit(call, found.drop(programs.LISTS), to)
    if profile["deleted_on"]:
        note(call, f"program `{program_id}` was dropped on {profile['deleted_on']}")


def page_target(output_format: Format | None, output: Path | None) -> Target:
    """Where the answer goes: a page for reading, unless rows are asked for."""
    is_page = output is None or str(output) == "-" or output.suffix.lower() == ".txt"
    return target(output_format or (Format.TABLE if is_page else None), output)


def _show_evidence(
    call: Call, program_id: str, fact: str, iteration: str | None, to: Target
) -> None:
    """What a fact was read from, as text or as rows."""
    from carms_lake.domains.carms.analysis import evidence
    from carms_lake.domains.carms.evidence_text import as_text

    found = evidence.why(lake(call), program_id, fact, iteration)
    if call.json or to.format is not Format.TABLE:
        emit(call, found, to)
    else:
        emit_text(as_text(found.iter_rows(named=True), text_width(to)), to)


def _show_sections(
    call: Call, texts: pl.DataFrame, output_format: Format | None, output: Path | None
) -> None:
    """The text of sections; as it is, unless a format for rows is asked for."""
    if call.json or output_format not in (None, Format.TABLE):
        emit(call, texts, target(output_format, output))
        return
    text = "\n".join(f"# {heading}\n\n{content.strip()}\n" for _, heading, content in texts.rows())
    emit_text(text, target(Format.TABLE, output))
