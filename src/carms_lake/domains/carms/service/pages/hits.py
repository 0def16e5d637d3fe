"""The programs of a list: what each is, its figures, and a box to compare it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from carms_lake.domains.carms.service.pages import facts, said, text
from carms_lake.domains.carms.service.pages.found import LIMIT, Found
from carms_lake.report.markup import Child, Markup, h
from carms_lake.serve.pages import parts

if TYPE_CHECKING:
    from carms_lake.domains.carms.analysis.search import Hit
    from carms_lake.serve.pages.page import Visit

_EXAMINATIONS = ("casper", "fmproc", "mccqe1", "nac")


def hits(visit: Visit, found: Found) -> Markup:
    """The programs of one page, in a form that leads to their comparison."""
    values = visit.asked.values
    offset, limit = values.get("offset", 0), values.get("limit", LIMIT)
    rows = found.rows(found.positions[offset : offset + limit])
    entries = [(row, _excerpt(found.excerpts.get(row["program_stream_id"]), row)) for row in rows]
    return compared(visit, entries, start=offset + 1)


def compared(
    visit: Visit,
    entries: Iterable[tuple[Mapping[str, Any], Child]],
    start: int = 1,
    besides: Iterable[str] = (),
) -> Markup:
    """Programs, each with a note, in a form that leads to their comparison with `besides`."""
    items = [hit(visit, row, note) for row, note in entries]
    kept = [h("input", type_="hidden", name="programs", value=one) for one in besides]
    button = h("button", visit.words("find.compare.chosen"), type_="submit", cls="plain")
    return h(
        "form",
        kept,
        h("ol", items, cls="hits", start=start),
        h("p", button),
        action=visit.link("/compare"),
    )


def hit(visit: Visit, row: Mapping[str, Any], note: Child = None) -> Markup:
    """One program."""
    words, known = visit.words, said.names_of(visit)
    number = row["program_stream_id"]
    place = parts.joined(
        [said.school(row, known), h("span", row["program_site"], lang="zxx"), said.stream(row)]
    )
    name = h("h3", said.program_link(visit, row, said.discipline(row, known)))
    box = h(
        "label",
        h("input", type_="checkbox", name="programs", value=number),
        " ",
        h("span", words("find.compare"), h("span", f" {number}", cls="unseen")),
        cls="pick",
    )
    shown = [
        h("div", h("dt", words(f"fact.{key}")), h("dd", value))
        for key, value in _figures(visit, row)
        if value
    ]
    return h("li", h("div", name, h("p", place), note, cls="what"), h("dl", shown), box, cls="hit")


def _figures(visit: Visit, row: Mapping[str, Any]) -> Iterable[tuple[str, Child]]:
    words, told = visit.words, facts.Facts(visit.words, said.names_of(visit))
    for name in ("seats", "length", "applications"):
        yield name, told.of(name, row)
    yield "interviews_on", said.days(words, row["first_interview_on"], row["last_interview_on"])
    asks = [words(f"exam.{code}") for code in _EXAMINATIONS if row[f"needs_{code}"]]
    yield "asks", ", ".join(asks)
    yield "reference_letters", told.reference_letters(row)


def _excerpt(found: Hit | None, row: Mapping[str, Any]) -> Child:
    if found is None or not found.snippet.text:
        return None
    shown = text.excerpt(found.snippet.text, found.snippet.marks)
    return h("p", shown, lang=row["document_language"], cls="excerpt")
