"""`programs`, `program`, `disciplines`: what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from carms_lake.cli.command import (
    Argument,
    Call,
    Format,
    Option,
    OutputFile,
    OutputFormat,
    Target,
    UnknownKey,
    UsageError,
    command,
    did_you_mean,
    emit,
    emit_text,
    envelope,
    note,
    target,
    text_width,
)
from carms_lake.domains.carms.commands.options import Filters, IterationOption
from carms_lake.domains.carms.commands.shared import app, lake

if TYPE_CHECKING:
    from pathlib import Path

Limit = Annotated[int, Option("--limit", min=1, help="How many programs at most.")]
Offset = Annotated[int, Option("--offset", min=0, help="How many programs to leave out first.")]
ProgramId = Annotated[str, Argument(metavar="ID", help="The program stream's id, as 27447.")]
SectionOption = Annotated[
    str | None, Option("--section", metavar="NAME", help="The text of one section, as interviews.")
]
Full = Annotated[bool, Option("--full", help="The text of all sections.")]

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

LISTS = ("interview_dates", "requirements", "selection_criteria", "sections")
"""What a program has several of: columns of its envelope, not of a row of its profile."""


@command(app)
def programs(
    call: Call,
    to: Target,
    filters: Filters,
    limit: Limit = 20,
    offset: Offset = 0,
) -> None:
    """List the programs of the newest match that fit.

    A table has the columns that fit a terminal, other formats the whole profile.
    """
    from carms_lake.domains.carms import questions

    asked = {**filters._asdict(), "limit": limit, "offset": offset}
    found = lake(call).query(questions.PROGRAMS, asked)
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
