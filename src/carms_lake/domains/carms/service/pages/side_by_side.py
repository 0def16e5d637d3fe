"""`/compare`: two to five programs side by side, what differs first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis.compare import compared
from carms_lake.domains.carms.analysis.program import program
from carms_lake.domains.carms.service.filters import FILTERS
from carms_lake.domains.carms.service.pages import facts, said
from carms_lake.report.markup import Child, Markup, h, join
from carms_lake.serve.pages import parts
from carms_lake.serve.pages.page import Drawn, Page, Visit
from carms_lake.serve.routes import Parameter

if TYPE_CHECKING:
    from carms_lake.report.words import Words

    Row = Mapping[str, Any]

MOST = 5
PROGRAMS = Parameter(
    "programs",
    {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": 50},
        "maxItems": 100,
    },
    "Ids of program streams, with commas.",
)
ITERATION = FILTERS[-1]


def _draw(visit: Visit) -> Drawn:
    words = visit.words
    asked: list[str] = list(dict.fromkeys(visit.asked.values.get("programs", ())))
    rows, unknown = _programs(visit, asked)
    shown = list(rows.values())[:MOST]
    notes = [h("p", words("compare.unknown", id=one), cls="state watch") for one in unknown]
    if len(rows) > MOST:
        notes.append(h("p", words("compare.too_many"), cls="state watch"))
    if len(shown) == 1:
        notes.append(h("p", words("compare.twice_needed"), cls="state"))
    body = [
        h("p", words("compare.lead")),
        _form(visit, list(rows)[:MOST]),
        notes,
        _table(visit, shown) if len(shown) > 1 else _named(visit, shown),
    ]
    return Drawn(words("compare.title"), join(body))


def _programs(visit: Visit, asked: Sequence[str]) -> tuple[dict[str, Row], list[str]]:
    """The programs by their ids, and the ids that no program has."""
    rows: dict[str, Row] = {}
    unknown = []
    iteration = visit.asked.values.get("iteration")
    for one in asked[: 2 * MOST]:
        try:
            rows[one] = program(visit.asked.lake, one, iteration).row(0, named=True)
        except carms_lake.UnknownKey:
            unknown.append(one)
    return rows, unknown


def _form(visit: Visit, kept: Sequence[str]) -> Markup:
    words = visit.words
    hidden = [h("input", type_="hidden", name="programs", value=one) for one in kept]
    add = parts.field(words("compare.add"), parts.text_input("programs", inputmode="numeric"))
    button = h("button", words("compare.do"), type_="submit")
    return h("form", hidden, add, button, action=visit.link("/compare"), cls="filters line")


def _named(visit: Visit, rows: Sequence[Row]) -> Markup:
    known = said.names_of(visit)
    return h("ul", [h("li", *_head(visit, row, known)) for row in rows])


def _head(visit: Visit, row: Row, known: said.Names) -> list[Child]:
    place = [said.school(row, known), h("span", row["program_site"], lang="zxx"), said.stream(row)]
    name = said.program_link(visit, row, said.discipline(row, known))
    return [name, h("span", parts.joined(place), cls="note block")]


def _table(visit: Visit, rows: Sequence[Row]) -> Markup:
    """The facts that differ, those in prose, and folded those that are equal."""
    found = compared(rows).to_dicts()
    by_fact = [list(group) for _, group in groupby(found, lambda row: (row["part"], row["fact"]))]
    of = {
        kind: [fact[0] for fact in by_fact if fact[0]["is_different"] is kind]
        for kind in (True, None, False)
    }
    words = visit.words
    shown: list[Child] = []
    for kind, key in ((True, "differs"), (None, "prose")):
        if of[kind]:
            note = f"compare.{key}.note"
            shown.append(h("h2", words(f"compare.{key}")))
            shown.append(h("p", words(note), cls="note") if note in words else None)
            shown.append(_grid(visit, rows, of[kind], words(f"compare.{key}")))
    if equal := of[False]:
        title = words("compare.equal", n=len(equal))
        grid = _grid(visit, rows, equal, title)
        shown.append(h("details", h("summary", title), grid))
    return join(shown)


def _grid(visit: Visit, rows: Sequence[Row], found: Sequence[Row], label: str) -> Markup:
    """A row for each fact, a column for each program."""
    words, known = visit.words, said.names_of(visit)
    ids = [row["program_stream_id"] for row in rows]
    heads = [
        h(
            "th",
            *_head(visit, row, known),
            h(
                "a",
                words("compare.remove"),
                h("span", f" {row['program_stream_id']}", cls="unseen"),
                href=visit.again(programs=[one for one in ids if one != row["program_stream_id"]]),
                cls="remove",
            ),
            scope="col",
        )
        for row in rows
    ]
    bodies = []
    for part, of_part in groupby(found, lambda fact: fact["part"]):
        name = words(f"compare.{part.replace(' ', '_')}")
        title = h("tr", h("th", name, colspan=len(rows) + 1, scope="rowgroup"), cls="part")
        lines = [
            h(
                "tr",
                h("th", label_of(visit, rows, each), scope="row"),
                [h("td", value_of(visit, row, each)) for row in rows],
            )
            for each in of_part
        ]
        bodies.append(h("tbody", title, lines))
    head = h("thead", h("tr", h("th", words("compare.fact"), scope="col"), heads))
    return parts.scroll(h("table", head, bodies, cls="compared"), label)


def label_of(visit: Visit, rows: Sequence[Row], fact: Row) -> Child:
    """What a fact of a comparison is called."""
    words, name = visit.words, fact["fact"]
    if fact["part"] == "facts":
        return words(f"fact.{name}")
    if fact["part"] == "requirements":
        entries = (e for row in rows for e in row["requirements"] or ())
        entry = next(e for e in entries if e["requirement_code"] == name)
        return facts.requirement({**entry, **_BARE}, words)
    return said.of_code(words, "component", name.partition(".")[2])


_BARE = {"requested_number": None, "max_words": None, "applies_to": None}


def value_of(visit: Visit, row: Row, fact: Row) -> Child:
    """What a fact of a comparison is for one program."""
    words, name = visit.words, fact["fact"]
    if fact["part"] == "facts":
        value = facts.Facts(words, said.names_of(visit)).of(name, row)
        if value is None and (section := facts.in_prose(name, row)):
            place = visit.link(f"/programs/{row['program_stream_id']}")
            return h("a", words("see"), href=f"{place}#section-{section}")
        return words("unknown") if value is None else value
    if fact["part"] == "requirements":
        return _asked(row, name, words)
    stage, _, code = name.partition(".")
    entries = row["selection_criteria"] or ()
    verdicts = [
        facts.verdict(e, words)
        for e in entries
        if e["stage"] == stage and e["component_code"] == code
    ]
    return said.listed(dict.fromkeys(verdicts)) or _absent(row, words("criterion.absent"), words)


def _asked(row: Row, code: str, words: Words) -> Child:
    told = [
        parts.joined([facts.level(e, words), *_notes(e, words)], ", ")
        for e in row["requirements"] or ()
        if e["requirement_code"] == code
    ]
    return parts.joined(dict.fromkeys(told), "; ") or _absent(row, words("asked.absent"), words)


def _notes(entry: Row, words: Words) -> list[str]:
    return [
        *facts.notes(entry, words),
        *([words("asked.alternative")] if entry["is_alternative"] else []),
    ]


def _absent(row: Row, absent: str, words: Words) -> str:
    """What a program has not, where it has a description that would say so."""
    return words("unknown") if row["document_language"] is None else absent


PAGE = Page("/compare", _draw, (PROGRAMS, ITERATION), "nav.compare")
