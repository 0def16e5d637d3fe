"""`search`: the programs whose descriptions have some words."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

from carms_lake.cli.command import (
    Argument,
    Call,
    Format,
    Option,
    Rows,
    Target,
    command,
    emit,
    emit_text,
    note,
    text_width,
)
from carms_lake.domains.carms.commands.options import Filters
from carms_lake.domains.carms.commands.shared import app, lake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carms_lake.domains.carms.analysis.search import Found, Hit

Words = Annotated[
    list[str],
    Argument(metavar="QUERY", help="Words in English or French, in one or several arguments."),
]
Limit = Annotated[int, Option("--limit", min=1, help="How many programs at most.")]
Section = Annotated[
    str | None, Option("--section", metavar="NAME", help="Only in this section, as interviews.")
]
Explain = Annotated[bool, Option("--explain", help="Say what each word brings in each section.")]


@command(app)
def search(
    call: Call,
    query: Words,
    to: Target,
    filters: Filters,
    section: Section = None,
    limit: Limit = 10,
    explain: Explain = False,
) -> None:
    """Find programs by words of their descriptions and names.

    The best answer comes first. Programs with the same text are one answer. Case and accents make
    no difference; `carms search psychiatrie autochtone` and `--province`, `--for` and the like ask
    together.
    """
    from carms_lake.domains.carms.analysis.known import held_open
    from carms_lake.domains.carms.analysis.search import COLUMNS, answer

    there = lake(call)
    with held_open(there) as published:

        def ask(sql: str, asked: Mapping[str, Any]) -> list[Any]:
            return published.rows(sql, asked)[1]

        found = answer(
            ask, " ".join(query), filters._asdict(), section=section, limit=limit, explain=explain
        )
    if not found.hits:
        from carms_lake.domains.carms.analysis.filters import ensure_named

        ensure_named(there, filters._asdict())
    if to.format is Format.TABLE and not call.json:
        marked = {hit.snippet.text[a:b] for hit in found.hits for a, b in hit.snippet.marks}
        emit_text(_page(found, text_width(to)), to, marked)
    else:
        names = (*COLUMNS, *(["explanation"] if explain else []))
        emit(call, Rows(names, [hit.row(explain=explain) for hit in found.hits]), to)
    _notes(call, found)


def _notes(call: Call, found: Found) -> None:
    for word, terms in found.read_as.items():
        shown = ", ".join(f"`{term}`" for term in terms[:5])
        note(call, f"no program has `{word}`; looked for {shown}")
    if not found.hits:
        note(call, "no program has these words; fewer filters, or other words, find more")
        return
    listed = sum(1 + len(hit.same_text) for hit in found.hits)
    note(call, f"{listed} of {found.programs} programs that have a word of the query")


def _page(found: Found, width: int) -> str:
    return "\n".join(_entry(hit, width) for hit in found.hits)


def _entry(hit: Hit, width: int) -> str:
    """A program for reading: id, name, where the words are, which others have its text."""

    def indented(text: str) -> list[str]:
        return wrap(text, width, initial_indent=" " * 7, subsequent_indent=" " * 7)

    program_id, score, name, *_ = hit.facts
    lines = wrap(f"{program_id}  {name}", width, subsequent_indent=" " * 7)
    if hit.snippet.text:
        lines += indented(f"{hit.section}: {hit.snippet.text}")
    if hit.same_text:
        count = len(hit.same_text)
        what = "stream or site" if count == 1 else "streams or sites"
        lines += indented(f"+{count} {what} with the same text: {', '.join(hit.same_text)}")
    if hit.explanation:
        lines += indented(f"score {score:.4f}:")
    lines += [
        f"       {one['score']:8.4f}  {one['term']}, {one['occurrences']} x in {one['field']}"
        for one in hit.explanation
    ]
    return "\n".join(lines) + "\n"
