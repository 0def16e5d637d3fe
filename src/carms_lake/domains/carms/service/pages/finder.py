"""`/programs`: the form whose address can be shared, and the programs that fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from carms_lake.domains.carms.analysis.filters import SERVICE
from carms_lake.domains.carms.service.filters import FILTERS
from carms_lake.domains.carms.service.pages import said
from carms_lake.domains.carms.service.pages.found import LIMIT, find
from carms_lake.domains.carms.service.pages.hits import hits
from carms_lake.domains.carms.service.programs import SORT, profiles
from carms_lake.report.find import folded
from carms_lake.report.markup import Child, Markup, h, join
from carms_lake.report.words import Words
from carms_lake.serve.pages import parts
from carms_lake.serve.pages.page import Drawn, Page, Visit
from carms_lake.serve.paging import MOST_OFFSET
from carms_lake.serve.routes import Parameter

QUERY = Parameter("q", {"type": "string", "minLength": 1, "maxLength": 500}, "Words to search for.")
PARAMETERS = (
    QUERY,
    *FILTERS,
    SORT,
    Parameter("limit", {"type": "integer", "minimum": 1, "maximum": 100}, "How many at most."),
    Parameter(
        "offset", {"type": "integer", "minimum": 0, "maximum": MOST_OFFSET}, "So many first."
    ),
)
SORTS = (
    "discipline_name", "-quota", "quota", "school_name", "training_province", "length_years",
    "first_interview_on", "applications_min",
)  # fmt: skip
FIRST = ("province", "discipline", "school", "applicant", "apply_in", "length")
"""Filters that are always seen; the others are folded until one is used."""
MORE = tuple(one.name for one in FILTERS if one.name not in FIRST)
_ASKS = ("casper", "fmproc", "mccqe1", "nac")
_SEATS = ("min_seats", "max_seats")
_LANGS = {"site": "zxx", "stream": "en", "iteration": "en"}
"""The languages of what programs, and not the page, call things."""
_DAYS = ("interviews_from", "interviews_to")


def _draw(visit: Visit) -> Drawn:
    words, found = visit.words, find(visit)
    total = len(found.positions)
    offset, limit = visit.asked.values.get("offset", 0), visit.asked.values.get("limit", LIMIT)
    body = [
        form(visit),
        parts.chips(_given(visit), words),
        h("h2", said.counted(words, total, found.seats), cls="total"),
        h("p", words("find.none"), cls="none") if not total else hits(visit, found),
        parts.pager(visit, total, offset, limit),
        _elsewhere(visit) if total else None,
    ]
    return Drawn(words("find.title"), join(body))


def form(visit: Visit, *, is_whole: bool = True) -> Markup:
    """The search and the filters; without `is_whole` the first ones alone."""
    words, values = visit.words, visit.asked.values
    search = h(
        "div",
        parts.field(
            words("find.words"),
            parts.text_input(
                "q", values.get("q"), type_="search", placeholder=words("find.words.hint")
            ),
        ),
        h("button", words("find.search"), type_="submit"),
        cls="search",
    )
    first = [_field(visit, name) for name in (FIRST if is_whole else FIRST[:4])]
    more = None
    if is_whole:
        is_used = any(name in values for name in MORE)
        fields = [field for name in MORE if (field := _field(visit, name)) is not None]
        grid = h("div", fields, cls="grid")
        more = [h("details", h("summary", words("find.more")), grid, open=is_used), _doing(visit)]
    place = visit.link("/programs")
    return h(
        "form",
        search,
        h("div", first, cls="grid"),
        more,
        action=place,
        role="search",
        cls="filters",
    )


def _doing(visit: Visit) -> Markup:
    words, values = visit.words, visit.asked.values
    sorts = {key: words(f"find.sort.{key}") for key in SORTS}
    best = words("find.sort.best") if "q" in values else None
    if best is None:
        sorts.pop(SORTS[0])
    chosen = parts.select(
        "sort", sorts, values.get("sort"), best or words("find.sort.discipline_name")
    )
    return h(
        "div",
        parts.field(words("find.sort"), chosen, cls="field inline"),
        h("button", words("find.apply"), type_="submit", cls="plain"),
        h("a", words("find.clear"), href=visit.link("/programs")),
        cls="doing",
    )


def _field(visit: Visit, name: str) -> Markup | None:
    """The control of one filter; None where there is nothing to choose."""
    words, value = visit.words, visit.asked.values.get(name)
    label = words(f"filter.{name}")
    if name in _SEATS:
        return parts.field(label, parts.text_input(name, value, type_="number", min=0, max=10_000))
    if name in _DAYS:
        return parts.field(label, parts.text_input(name, value, type_="date"))
    if name in ("site", "stream"):
        known = choices(visit, name)
        names = h("datalist", [h("option", value=one) for one in known], id=f"list-{name}")
        text = parts.text_input(name, value, list=f"list-{name}", autocomplete="off")
        return join([parts.field(label, text), names])
    known = choices(visit, name)
    if not known or (name == "iteration" and len(known) == 1):
        return None
    chosen = str(value).lower() if isinstance(value, bool) else value
    if chosen is not None and str(chosen) not in known:  # what an address says in another way
        known = {str(chosen): _called(visit, name, value), **known}
    return parts.field(
        label, parts.select(name, known, chosen, words("site.any"), _LANGS.get(name))
    )


def choices(visit: Visit, name: str) -> Mapping[str, str]:
    """What a filter can be, and what each value is called."""
    asked, words = visit.asked, visit.words
    if name in _ASKS:
        return {"true": words("yes"), "false": words("no")}
    if name == "return_of_service":
        return {one: words(f"service.{one}") for one in SERVICE}
    fixed = next((one.schema.get("enum") for one in FILTERS if one.name == name), None)
    if fixed:
        group = "language" if name in ("language", "apply_in") else name
        return {one: words(f"{group}.{one}") for one in fixed}
    key = ("choices", name, words.lang, asked.values.get("iteration"))
    found: Mapping[str, str] = asked.memory.once(key, lambda: _choices(visit, name))
    return found


def _choices(visit: Visit, name: str) -> dict[str, str]:
    """The values that programs have, in the order of their names."""
    if name == "iteration":
        return _iterations(visit)
    asked, words = visit.asked, visit.words
    held = profiles(asked, asked.values.get("iteration")).held
    rows = [dict(zip(held.columns, row, strict=True)) for row in held.rows]
    if name == "length":
        years = sorted({row["length_years"] for row in rows if row["length_years"]})
        return {str(one): words("n_years", n=one) for one in years}
    if name == "interview_month":
        days = [row[f"{end}_interview_on"] for row in rows for end in ("first", "last")]
        months = sorted({(day.year, day.month) for day in days if day})
        return {f"{y}-{m:02}": f"{words(f'month.{m}')} {y}" for y, m in months}
    known = said.names(asked, words.lang)
    column, called = _NAMED[name]
    found = {str(row[column]): called(row, known, words) for row in rows if row[column] is not None}
    return dict(sorted(found.items(), key=lambda one: folded(one[1])))


_NAMED: dict[str, tuple[str, Callable[[Mapping[str, Any], said.Names, Words], str]]] = {
    "province": (
        "training_province",
        lambda row, known, words: said.province(row["training_province"], known, words),
    ),
    "discipline": ("discipline_id", lambda row, known, _: said.discipline(row, known)),
    "school": ("school_code", lambda row, known, _: said.school(row, known)),
    "site": ("program_site", lambda row, *_: str(row["program_site"])),
    "stream": ("program_stream", lambda row, *_: str(row["program_stream"])),
}
"""Filters by a name: the column of its codes, and what a program's is called."""


def _iterations(visit: Visit) -> dict[str, str]:
    sql = (
        "select match_iteration_id, match_iteration_name from dim_match_iteration "
        "where match_iteration_key <> -1 order by iteration_number desc, match_iteration_id"
    )
    return {
        code: f"{code}: {name}" if name else code for code, name in visit.asked.lake.rows(sql)[1]
    }


def _given(visit: Visit) -> list[tuple[Child, str]]:
    """The filters in use, in words, each with the address without it."""
    words, values = visit.words, visit.asked.values
    entries: list[tuple[Child, str]] = []
    if "q" in values:
        text = words("site.label", name=words("find.words"), value=values["q"])
        entries.append((text, visit.without("q")))
    for one in FILTERS:
        if one.name in values:
            name = one.name
            value = _called(visit, name, values[name])
            text = words("site.label", name=words(f"filter.{name}"), value=value)
            entries.append((text, visit.without(name)))
    return entries


def _called(visit: Visit, name: str, value: Any) -> str:
    if name in (*_SEATS, *_DAYS):
        return str(value)
    known = choices(visit, name)
    texts = [str(value).lower()] if isinstance(value, bool) else str(value).split(",")
    return ", ".join(known.get(text, text) for text in texts)


def _elsewhere(visit: Visit) -> Markup | None:
    """The same list for other programs; they have no words to search for."""
    words = visit.words
    if "q" in visit.asked.values:
        return None
    query = visit.again(limit=None, offset=None).partition("?")[2]
    places = {"JSON": "/programs", "Excel": "/api/v1/reports/programs.xlsx"}
    links = [
        h("a", name, href=f"{place}{'?' + query if query else ''}")
        for name, place in places.items()
    ]
    return h("p", words("find.as"), " ", said.listed(links), cls="note")


PAGE = Page("/programs", _draw, PARAMETERS, "nav.programs")
