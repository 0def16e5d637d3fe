"""The tables of gold as pages: their list, and the rows of each, filtered by its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from carms_lake.api.published import encoded
from carms_lake.report.cells import NONE
from carms_lake.report.markup import Child, Markup, h, join
from carms_lake.serve.held import some_rows
from carms_lake.serve.pages import parts
from carms_lake.serve.pages.page import Drawn, Page, Pairs, Visit
from carms_lake.serve.paging import MOST_OFFSET
from carms_lake.serve.routes import Asked, Parameter
from carms_lake.serve.tables import NAME, SORT, conditions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake import Contract

LIMIT, MOST = 50, 200
MOST_CHARACTERS = 300
"""Of a value that is shown; the API has all of it."""
LONG = 40
"""Characters of a text that needs a wide column."""
_COLUMN, _HOW, _VALUE = "_column", "_how", "_value"
"""What the form for a filter sends."""
_HOWS = ("eq", "contains", "gt", "gte", "lt", "lte", "in", "null")
"""As `serve.filters` has them; not each column takes each."""


def _listed(visit: Visit) -> Drawn:
    words, snapshot = visit.words, visit.asked.snapshot
    entries = []
    for name in sorted(snapshot.tables):
        contract: Contract = snapshot.contracts[f"gold.{name}"]
        link = h("a", h("code", name), href=visit.link(f"/tables/{name}"))
        entries.append(
            h(
                "tr",
                h("th", link, scope="row"),
                h("td", contract.description or contract.grain, lang="en"),
                h("td", len(snapshot.tables[name]), cls="n"),
            )
        )
    heads = [
        h("th", words("tables.name"), scope="col"),
        h("th", words("tables.description"), scope="col"),
        h("th", words("tables.columns"), scope="col", cls="n"),
    ]
    table = h("table", h("thead", h("tr", heads)), h("tbody", entries), cls="list")
    return Drawn(words("tables.title"), join([h("p", words("tables.lead"), cls="note"), table]))


def _table(visit: Visit) -> Drawn:
    asked, words = visit.asked, visit.words
    name = asked.values["name"]
    contract, filters, sort = conditions(asked, name)
    offset, limit = asked.values.get("offset", 0), asked.values.get("limit", LIMIT)
    rows, total = some_rows(asked.snapshot, name, filters, sort, (offset, limit))
    columns = asked.snapshot.tables[name]
    back = h("p", h("a", words("tables.title"), href=visit.link("/tables")), cls="back")
    return Drawn(
        name,
        join(
            [
                h("p", contract.description, lang="en") if contract.description else None,
                h(
                    "p",
                    words("tables.grain"),
                    " ",
                    h("span", contract.grain, lang="en"),
                    cls="note",
                ),
                _filter_form(visit, columns),
                parts.chips(_given(visit), words),
                h("h2", words("tables.rows", n=total)),
                _rows(visit, contract, columns, rows),
                parts.pager(visit, total, offset, limit),
                h("p", h("a", words("tables.json"), href=_json_of(asked, name))),
                _columns(visit, contract, columns),
            ]
        ),
        back,
        "zxx",
    )


def _rows(
    visit: Visit, contract: Contract, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Markup:
    words = visit.words
    if not rows:
        return h("p", words("tables.no_rows"), cls="none")
    kinds = [contract.column(name).type.logical for name in columns]
    numbers = [kind in ("integer", "number") for kind in kinds]
    heads = [_head(visit, name, kind) for name, kind in zip(columns, kinds, strict=True)]
    links = _references(visit, contract)
    lines = [
        h(
            "tr",
            [
                h("td", _value(value, links.get(name)), cls=_class(value, is_number=is_number))
                for name, value, is_number in zip(columns, row, numbers, strict=True)
            ],
        )
        for row in rows
    ]
    table = h("table", h("thead", h("tr", heads)), h("tbody", lines, lang="zxx"), cls="raw")
    return parts.scroll(table, words("tables.rows", n=len(rows)))


def _class(value: Any, *, is_number: bool) -> str | None:
    if is_number:
        return "n"
    return "long" if isinstance(value, str) and len(value) > LONG else None


def _head(visit: Visit, name: str, kind: str) -> Markup:
    """A column's name; it sorts, and once more the other way round."""
    if kind == "array":
        return h("th", h("code", name), scope="col")
    sort = visit.asked.values.get("sort")
    is_up, is_down = sort == name, sort == f"-{name}"
    link = h(
        "a", h("code", name), href=visit.again(sort=f"-{name}" if is_up else name, offset=None)
    )
    order = "ascending" if is_up else "descending" if is_down else None
    return h(
        "th", link, scope="col", aria_sort=order, cls="n" if kind in ("integer", "number") else None
    )


def _references(visit: Visit, contract: Contract) -> dict[str, tuple[Visit, str, str]]:
    """By column: the table of gold that its values are the keys of, and its column there."""
    found = {}
    for one in contract.relationships:
        table = one.target.in_domain.removeprefix("gold.")
        if len(one.columns) == 1 and table in visit.asked.snapshot.tables:
            found[one.columns[0]] = (visit, table, one.target_columns[0])
    return found


def _value(value: Any, link: tuple[Visit, str, str] | None) -> Child:
    if value is None:
        return NONE
    text = value if isinstance(value, str) else encoded(value).decode().strip('"')
    if link is not None:
        visit, table, column = link
        return h("a", text, href=visit.link(f"/tables/{table}", **{column: text}))
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}\u2026"


def _filter_form(visit: Visit, columns: Sequence[str]) -> Markup:
    """One more filter; those of now, and the order, are sent along."""
    words, asked = visit.words, visit.asked
    hows = {how: words(f"tables.how.{how}") for how in _HOWS}
    controls = [
        parts.field(
            words("tables.column"), parts.select(_COLUMN, {one: one for one in columns}, lang="zxx")
        ),
        parts.field(words("tables.how"), parts.select(_HOW, hows)),
        parts.field(words("tables.value"), parts.text_input(_VALUE, autocomplete="off")),
        h("button", words("tables.filter"), type_="submit"),
    ]
    kept = [
        h("input", type_="hidden", name=one, value=text)
        for one, text in [*asked.more, ("sort", asked.values.get("sort", ""))]
        if text
    ]
    return h(
        "form", kept, controls, cls="filters line", action=visit.link(visit.path), role="search"
    )


def _tidy(pairs: Pairs) -> Pairs:
    """A filter of the form as the address has it: `column__gte=value`."""
    said = dict(pairs)
    column, how = said.get(_COLUMN), said.get(_HOW, "eq")
    kept = [(name, value) for name, value in pairs if name not in (_COLUMN, _HOW, _VALUE)]
    value = said.get(_VALUE, "true" if how == "null" else "")
    if column and value:
        kept.append((column if how == "eq" else f"{column}__{how}", value))
    return list(dict(kept).items())


def _given(visit: Visit) -> list[tuple[Child, str]]:
    entries: list[tuple[Child, str]] = []
    for name, text in visit.asked.more:
        column, _, how = name.partition("__")
        said = [
            h("code", column),
            " ",
            visit.words(f"tables.how.{how or 'eq'}"),
            " ",
            h("code", text),
        ]
        entries.append((said, visit.without(name)))
    return entries


def _columns(visit: Visit, contract: Contract, columns: Sequence[str]) -> Markup:
    words = visit.words
    lines = []
    for name in columns:
        column = contract.column(name)
        marks = [words("tables.key")] if name in contract.primary_key else []
        said = [column.description, ", ".join(map(str, column.enum))]
        lines.append(
            h(
                "tr",
                h("th", h("code", name), scope="row", lang="zxx"),
                h("td", h("code", str(column.type)), lang="zxx"),
                h("td", parts.joined(marks)),
                h("td", parts.joined([one for one in said if one]), lang="en"),
            )
        )
    keys = ("column", "type", "mark", "description")
    heads = [h("th", words(f"tables.{key}"), scope="col") for key in keys]
    table = h("table", h("thead", h("tr", heads)), h("tbody", lines), cls="list")
    return h("details", h("summary", words("tables.about")), table, open=True)


def _json_of(asked: Asked, name: str) -> str:
    query = urlencode(
        [*asked.more, *([("sort", asked.values["sort"])] if "sort" in asked.values else [])]
    )
    return f"/api/v1/tables/{name}{'?' + query if query else ''}"


_PARAMETERS = (
    NAME,
    SORT,
    Parameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST}, "How many at most."),
    Parameter(
        "offset", {"type": "integer", "minimum": 0, "maximum": MOST_OFFSET}, "So many first."
    ),
)

LIST = Page("/tables", _listed, label="tables.nav")
TABLE = Page("/tables/{name}", _table, _PARAMETERS, takes_more=True, tidy=_tidy)
FIRST = Page("/", _listed)
"""The first page of a domain that declares none."""
