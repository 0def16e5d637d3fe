"""The first page: the search, the map of Canada, the disciplines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from carms_lake.domains.carms.report.canada import canada
from carms_lake.domains.carms.service.pages import said
from carms_lake.domains.carms.service.pages.finder import form
from carms_lake.domains.carms.service.programs import profiles
from carms_lake.report.cells import heat_class
from carms_lake.report.find import folded
from carms_lake.report.markup import Child, Markup, h, join
from carms_lake.serve.pages import parts
from carms_lake.serve.pages.page import Drawn, Page, Visit

if TYPE_CHECKING:
    from carms_lake.domains.carms.service.pages.said import Names


class Sum(NamedTuple):
    """Programs and their seats."""

    programs: int
    seats: int


def _draw(visit: Visit) -> Drawn:
    words, known = visit.words, said.names_of(visit)
    held = profiles(visit.asked, None).held
    rows = [dict(zip(held.columns, row, strict=True)) for row in held.rows]
    provinces = sums(rows, "training_province")
    disciplines = sums(rows, "discipline_id")
    called = {row["discipline_id"]: said.discipline(row, known) for row in rows}
    schools = len({row["school_code"] for row in rows})
    figures = parts.joined(
        [
            words("n_programs", n=len(rows)),
            words("n_seats", n=sum(row["quota"] or 0 for row in rows)),
            words("n_schools", n=schools),
            words("n_disciplines", n=len(disciplines)),
        ]
    )
    body = [
        h("p", figures, cls="lead"),
        form(visit, is_whole=False),
        h("h2", words("home.map")),
        h("p", words("home.map.note"), cls="note"),
        h(
            "div",
            _map(visit, provinces, known),
            _table(visit, provinces, known),
            cls="beside",
        ),
        h("h2", words("home.disciplines")),
        _disciplines(visit, disciplines, called),
    ]
    return Drawn(words("home.title"), join(body))


def sums(rows: Iterable[Mapping[str, Any]], column: str) -> dict[Any, Sum]:
    """Programs and seats by a column, most seats first."""
    found: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        of_value = found[row[column]]
        of_value[0] += 1
        of_value[1] += row["quota"] or 0
    order = sorted(found.items(), key=lambda one: (-one[1][1], str(one[0])))
    return {value: Sum(*counts) for value, counts in order}


def _map(visit: Visit, provinces: Mapping[str | None, Sum], known: Names) -> Markup:
    words = visit.words
    largest = max((one.seats for code, one in provinces.items() if code), default=0)
    state = {
        code: (heat_class(one.seats, largest), words.number(one.seats))
        for code, one in provinces.items()
        if code
    }
    links = {
        code: (
            visit.link("/programs", province=code),
            f"{said.province(code, known, words)}: {words('n_seats', n=one.seats)}",
        )
        for code, one in provinces.items()
        if code
    }
    return canada(state, links, role="group", aria_label=words("home.map.label"))


def _table(visit: Visit, provinces: Mapping[str | None, Sum], known: Names) -> Markup:
    words = visit.words
    lines = []
    for code, one in provinces.items():
        name: Child = said.province(code, known, words)
        if code:
            name = h("a", name, href=visit.link("/programs", province=code))
        cells = [h("td", words.number(count), cls="n") for count in (one.programs, one.seats)]
        lines.append(h("tr", h("th", name, scope="row"), cells))
    heads = [
        h("th", words("filter.province"), scope="col"),
        h("th", words("nav.programs"), scope="col", cls="n"),
        h("th", words("fact.seats"), scope="col", cls="n"),
    ]
    return h("table", h("thead", h("tr", heads)), h("tbody", lines), cls="list")


def _disciplines(visit: Visit, disciplines: Mapping[str, Sum], called: Mapping[str, str]) -> Markup:
    words = visit.words
    items = []
    for code in sorted(disciplines, key=lambda one: folded(called[one])):
        link = h("a", called[code], href=visit.link("/programs", discipline=code))
        count = said.counted(words, *disciplines[code])
        items.append(h("li", link, " ", h("span", count, cls="note")))
    return h("ul", items, cls="index")


PAGE = Page("/", _draw)
