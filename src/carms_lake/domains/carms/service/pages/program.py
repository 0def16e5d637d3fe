"""`/programs/{program_stream_id}`: one program, and what each of its facts was read from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis import program as one
from carms_lake.domains.carms.analysis.similar import similar
from carms_lake.domains.carms.service.pages import asks, facts, reasons, said, text
from carms_lake.domains.carms.service.pages.hits import compared
from carms_lake.domains.carms.service.pages.why import Evidence, evidence_of
from carms_lake.domains.carms.service.programs import ITERATION, PROGRAM_ID
from carms_lake.report.markup import Child, Markup, h, join
from carms_lake.serve.pages import parts
from carms_lake.serve.pages.page import Drawn, Page, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    Row = Mapping[str, Any]

SIMILAR = 6
_FIGURES = ("seats", "length", "applications", "interviewed", "reference_letters")
_URL = ("http://", "https://")


def _draw(visit: Visit) -> Drawn:
    values, words = visit.asked.values, visit.words
    found = one.program(visit.asked.lake, values["program_stream_id"], values.get("iteration"))
    row: Row = found.row(0, named=True)
    known = said.names_of(visit)
    title = f"{said.discipline(row, known)}, {said.school(row, known)}"
    back = h("p", h("a", words("program.back"), href=visit.link("/programs")), cls="back")
    place = parts.joined(
        [
            h("span", row["program_site"], lang="zxx"),
            said.stream(row),
            words("program.number", id=row["program_stream_id"]),
        ]
    )
    evidence = evidence_of(visit, row)
    sections = [
        ("facts", _facts(visit, row, evidence)),
        ("interviews", _dates(visit, row)),
        ("requirements", asks.requirements(visit, row, evidence)),
        ("criteria", asks.criteria(visit, row)),
        ("description", _texts(visit, row)),
        ("similar", _similar(visit, row)),
    ]
    there = [(key, body) for key, body in sections if body]
    contents = [h("li", h("a", words(f"program.{key}"), href=f"#{key}")) for key, _ in there]
    body = [
        h("p", place, cls="lead"),
        _when(visit, row),
        _figures(visit, row),
        h("nav", h("ul", contents), aria_label=words("program.contents"), cls="contents"),
        [
            h("section", h("h2", words(f"program.{key}"), id=f"{key}-title"), body, id=key,
              aria_labelledby=f"{key}-title")
            for key, body in there
        ],
    ]  # fmt: skip
    return Drawn(title, join(body), back)


def _when(visit: Visit, row: Row) -> Markup | None:
    """That it was dropped, or is of an earlier match."""
    words = visit.words
    if row["deleted_on"]:
        day = words.day(row["deleted_on"])
        return h("p", words("program.dropped", day=day), cls="state watch")
    if not row["is_newest_iteration"]:
        of_match = [words("program.other"), " ", h("code", row["match_iteration_id"]), "."]
        return h("p", of_match, cls="state watch")
    return None


def _figures(visit: Visit, row: Row) -> Markup:
    """The figures that are looked for first."""
    words, told = visit.words, facts.Facts(visit.words, said.names_of(visit))
    tiles = [
        h("div", h("dt", words(f"fact.{name}")), h("dd", value))
        for name in _FIGURES
        if (value := told.of(name, row))
    ]
    return h("dl", tiles, cls="tiles")


def _facts(visit: Visit, row: Row, evidence: Evidence) -> Markup:
    words, told = visit.words, facts.Facts(visit.words, said.names_of(visit))
    rows: list[tuple[Child, Child]] = []
    for name in facts.ON_THE_PAGE:
        shown = value = told.of(name, row)
        if value is None:
            section = facts.in_prose(name, row)
            if section is None:
                continue
            shown = h("a", words("see"), href=f"#section-{section}")
        note = f"fact.{name}.note"
        more = h("span", " ", words(note), cls="note") if value and note in words else None
        rows.append((words(f"fact.{name}"), [shown, more, evidence.of_fact(name)]))
    url = row["program_url"] or ""
    links = [h("a", words("program.json"), href=f"/programs/{row['program_stream_id']}")]
    if url.startswith(_URL):
        links.insert(0, h("a", words("program.page"), href=url, rel="noreferrer"))
    return join([parts.facts(rows, cls="about"), h("p", parts.joined(links), cls="note")])


def _dates(visit: Visit, row: Row) -> Markup | None:
    """The days of interviews, by their months."""
    words = visit.words
    months: dict[tuple[int, int], list[date]] = {}
    for day in row["interview_dates"] or ():
        months.setdefault((day.year, day.month), []).append(day)
    if not months:
        return None
    rows: list[tuple[Child, Child]] = [
        (
            f"{words(f'month.{month}')} {year}",
            said.listed(h("time", str(day.day), datetime=day.isoformat()) for day in days),
        )
        for (year, month), days in months.items()
    ]
    return parts.facts(rows, cls="about")


def _texts(visit: Visit, row: Row) -> Markup | None:
    """The sections of the description, folded; a link to one opens it."""
    language = row["document_language"]
    rows = one.sections(visit.asked.lake, dict(row), None).to_dicts()
    shown = [
        h(
            "details",
            h(
                "summary",
                h("h3", entry["heading"], lang=language),
                h("span", visit.words("program.characters", n=len(entry["content"])), cls="note"),
            ),
            h("div", text.as_html(entry["content"], 4), lang=language, cls="prose"),
            id=f"section-{entry['section_code']}",
        )
        for entry in rows
        if entry["content"]
    ]
    return join(shown) if shown else None


def _similar(visit: Visit, row: Row) -> Markup | None:
    """The programs most like it with the reasons, then its own other streams and sites."""
    if row["deleted_on"]:
        return None
    iteration = None if row["is_newest_iteration"] else row["match_iteration_id"]
    number = row["program_stream_id"]
    try:
        found = similar(visit.asked.lake, number, {"iteration": iteration}, SIMILAR).to_dicts()
    except carms_lake.UnknownKey:
        return None
    return join(_groups(visit, row, found)) if found else None


def _groups(visit: Visit, row: Row, found: list[dict[str, Any]]) -> Iterator[Markup]:
    others = [each for each in found if not each["is_same_program"]]
    own = [each for each in found if each["is_same_program"]][:SIMILAR]
    for group in (others, own):
        if group:
            if group is own:
                yield h("h3", visit.words("program.same"))
            entries = [(each, reasons.of(visit, each, row)) for each in group]
            yield compared(visit, entries, besides=[row["program_stream_id"]])


PAGE = Page("/programs/{program_stream_id}", _draw, (PROGRAM_ID, ITERATION))
