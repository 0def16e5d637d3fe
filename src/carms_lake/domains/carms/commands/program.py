"""`program`: all about one program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from carms_lake.cli.command import (
    Argument,
    Call,
    Format,
    Option,
    OutputFile,
    OutputFormat,
    UnknownKey,
    UsageError,
    command,
    did_you_mean,
    emit,
    emit_text,
    envelope,
    target,
    text_width,
)
from carms_lake.domains.carms.commands.options import IterationOption
from carms_lake.domains.carms.commands.shared import app, lake

if TYPE_CHECKING:
    from pathlib import Path

ProgramId = Annotated[str, Argument(metavar="ID", help="The program stream's id, as 27447.")]
SectionOption = Annotated[
    str | None, Option("--section", metavar="NAME", help="The text of one section, as interviews.")
]
Full = Annotated[bool, Option("--full", help="The text of all sections.")]

LISTS = ("interview_dates", "requirements", "selection_criteria", "sections")
"""What a program has several of: columns of its envelope, not of a row of its profile."""


@command(app)
def program(
    call: Call,
    program_id: ProgramId,
    section: SectionOption = None,
    full: Full = False,
    iteration: IterationOption = None,
    output_format: OutputFormat = None,
    output: OutputFile = None,
) -> None:
    """Show one program: its facts, demands and interviews.

    A table is text for reading; other formats have its profile in one row, --json all of it.
    """
    from carms_lake.domains.carms import questions
    from carms_lake.domains.carms.profile_text import as_text

    if section and full:
        raise UsageError("both `--section` and `--full` were given", "give one of them")
    asked = {"program": program_id, "iteration": iteration}
    found = lake(call).query(questions.PROGRAM, asked)
    if found.is_empty():
        raise UnknownKey(
            f"no program of today has the id `{program_id}`", "`carms programs` lists them"
        )
    profile = found.row(0, named=True)
    if section or full:
        _show_sections(call, profile, section, output_format, output)
        return
    to = target(output_format, output)
    if call.json:
        envelope(profile, to=to)
    elif to.format is Format.TABLE:
        emit_text(as_text(profile, text_width(to)), to)
    else:
        emit(call, found.drop(LISTS), to)


def _show_sections(
    call: Call,
    profile: dict[str, Any],
    section: str | None,
    output_format: Format | None,
    output: Path | None,
) -> None:
    """The text of one section, or of all; as it is, unless a format for rows is asked for."""
    from carms_lake.domains.carms import questions

    program_id, iteration = profile["program_stream_id"], profile["match_iteration_id"]
    asked = {"program": program_id, "iteration": iteration, "section": section}
    found = lake(call).query(questions.SECTIONS, asked)
    if section and found.is_empty():
        known = [entry["section_code"] for entry in profile["sections"] or []]
        raise UnknownKey(
            f"program `{program_id}` has no section `{section}`", did_you_mean(section, known)
        )
    if call.json or output_format not in (None, Format.TABLE):
        emit(call, found, target(output_format, output))
        return
    text = "\n".join(f"# {heading}\n\n{content.strip()}\n" for _, heading, content in found.rows())
    emit_text(text, target(Format.TABLE, output))
