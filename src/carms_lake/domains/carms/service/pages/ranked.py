"""Ranked programs as a table: where each is, and what each wish adds to its fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carms_lake.domains.carms.service.pages import said
from carms_lake.domains.carms.service.programs import profiles
from carms_lake.report.cells import NONE
from carms_lake.report.markup import Child, Markup, h, join
from carms_lake.serve.pages import parts

if TYPE_CHECKING:
    from carms_lake.serve.pages.page import Visit

    Row = Mapping[str, Any]

_COLOURS = 8
"""So many the stylesheet of the report has."""
_BAR = 8
"""Pixels of a bar's height."""


def ranked(visit: Visit, rows: Sequence[Row], why: Mapping[str, Sequence[Row]]) -> Markup:
    """Rows of `Ranking.programs`, with those of `ranking.reasons` by program."""
    words = visit.words
    keys = ("rank", "program", "seats", "per_seat", "fit")
    heads = [
        h("th", words(f"rank.{key}"), scope="col", cls=None if key == "program" else "n")
        for key in keys
    ]
    wishes = sorted({one["wish"] for of_one in why.values() for one in of_one})
    colours = {wish: f"s{at % _COLOURS}" for at, wish in enumerate(wishes)}
    lines = [
        h("tr", _cells(visit, row, why.get(row["program_stream_id"], ()), colours))
        for row in _with_codes(visit, rows)
    ]
    table = h("table", h("thead", h("tr", heads)), h("tbody", lines), cls="ranked list")
    return parts.scroll(table, words("rank.result"))


def _with_codes(visit: Visit, rows: Sequence[Row]) -> list[Row]:
    """Ranked programs with the codes that their names are looked up by."""
    found = profiles(visit.asked, visit.asked.values.get("iteration"))
    places = {one: at for at, one in enumerate(found.ids)}
    columns, held = found.held.columns, found.held.rows
    return [
        {**dict(zip(columns, held[places[row["program_stream_id"]]], strict=True)), **row}
        for row in rows
    ]


def _cells(
    visit: Visit, row: Row, reasons: Sequence[Row], colours: Mapping[str, str]
) -> list[Markup]:
    words, known = visit.words, said.names_of(visit)
    place = [said.school(row, known), h("span", row["program_site"], lang="zxx"), said.stream(row)]
    low, high = row["applications_per_seat_min"], row["applications_per_seat_max"]
    return [
        h("td", words.number(row["rank"]), _band(visit, row), cls="n"),
        h(
            "th",
            said.program_link(visit, row, said.discipline(row, known)),
            h("span", parts.joined(place), cls="note block"),
            _bar(reasons, colours),
            _why(visit, row, reasons, colours),
            scope="row",
        ),
        *(
            h("td", shown, cls="n", data_label=words(f"rank.{key}"))
            for key, shown in (
                ("seats", NONE if row["quota"] is None else words.number(row["quota"])),
                ("per_seat", said.between(words, low, high) or NONE),
                ("fit", words.number(row["fit"], 1)),
            )
        ),
    ]


def _band(visit: Visit, row: Row) -> Markup | None:
    low, high = row["rank_from"], row["rank_to"]
    if low == high:
        return None
    words = visit.words
    label = h("span", words("rank.band"), " ", cls="unseen")
    return h("span", label, f"{words.number(low)}\u2013{words.number(high)}", cls="note block")


def _bar(reasons: Sequence[Row], colours: Mapping[str, str]) -> Markup | None:
    """The points of all wishes one after the other, of 100."""
    if not reasons:
        return None
    bars, at = [], 0.0
    for one in reasons:
        width = f"{one['points']:g}%"
        bars.append(h("rect", x=f"{at:g}%", width=width, height=_BAR, cls=colours[one["wish"]]))
        at = round(at + one["points"], 2)
    return h("svg", bars, width="100%", height=_BAR, cls="points", aria_hidden="true")


def _why(
    visit: Visit, row: Row, reasons: Sequence[Row], colours: Mapping[str, str]
) -> Markup | None:
    """What each wish adds, and which facts are not known, folded."""
    words, items = visit.words, []
    for one in reasons:
        key = h("rect", width=10, height=10, cls=colours[one["wish"]])
        swatch = h("svg", key, width=10, height=10, aria_hidden="true")
        share = words.number(100 * one["share"], 1)
        points = words("rank.points", points=words.number(one["points"], 1), share=share)
        items.append(h("li", swatch, " ", _around(visit, wish_text(visit, one["wish"]), points)))
    unknown = _unknown(visit, row)
    if not items and not unknown:
        return None
    return h("details", h("summary", words("rank.why")), h("ul", items), unknown, cls="why")


def _unknown(visit: Visit, row: Row) -> Markup | None:
    if not row["unknown"]:
        return None
    names = [said.of_code(visit.words, "column", one) for one in row["unknown"].split(", ")]
    begin, end = visit.words("rank.unknown", facts="\0").split("\0")
    return h("p", begin, said.listed(names), end, cls="note")


_GROUPS = {"theme": "theme", "apply_in": "language", "return_of_service": "service"}
"""The words of the values of some wishes."""


def wish_text(visit: Visit, stated: str) -> Markup:
    """A wish as it was stated, `province=ON`, in words."""
    words, known = visit.words, said.names_of(visit)
    kind, _, value = stated.partition("=")
    shown: Child
    if (kind, value) in known:
        shown = known[kind, value]
    elif kind in _GROUPS:
        shown = said.of_code(words, _GROUPS[kind], value)
    elif (key := f"wish.{kind}.{value or 'true'}") in words:
        shown = words(key)
    else:
        shown = h("span", value, lang="zxx")
    return _around(visit, words(f"wish.{kind}"), shown)


def _around(visit: Visit, name: Child, value: Child) -> Markup:
    """A name and its value, with the sign that the language has between them."""
    return join([name, visit.words("site.label", name="", value=""), value])
