"""The catalogue: every table and column, with what its contract says and what its rows are like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carms_lake.report import graph
from carms_lake.report.facts import SAMPLE
from carms_lake.report.find import finder, item
from carms_lake.report.markup import Markup, h, join
from carms_lake.report.words import Words

if TYPE_CHECKING:
    from carms_lake import Contract
    from carms_lake.report.facts import Facts, Statistics

KEY = "catalogue"
_LIST = f"{KEY}-tables"
_LAYERS = ("gold", "silver", "bronze")


def _names(facts: Facts) -> list[str]:
    """The tables, gold first; those of a domain's own layers last."""
    place = {layer: at for at, layer in enumerate(_LAYERS)}
    return sorted(
        facts.contracts, key=lambda name: (place.get(name.partition(".")[0], len(place)), name)
    )


def catalogue(facts: Facts, words: Words) -> Markup:
    """The graphs, the search and an entry for each table."""
    lineage = graph.lineage(facts, words)
    references = graph.references(facts, words)
    rows = dict(facts.status.tables.select("table", "rows").rows())
    entries = [
        _entry(facts, name, facts.contracts[name], rows.get(name), words) for name in _names(facts)
    ]
    return join(
        [
            h("h3", words("lineage.title"), id=f"{KEY}-lineage"),
            h("p", words("lineage.note" if lineage else "lineage.none"), cls="note"),
            lineage,
            h("h3", words("references.title"), id=f"{KEY}-references"),
            h("p", words("references.note" if references else "references.none"), cls="note"),
            references,
            h("h3", words("tables.title"), id=_LIST + "-title"),
            h("p", words("tables.note", n=SAMPLE), cls="note"),
            finder(words, _LIST, words("tables.find")),
            h("div", entries, id=_LIST),
        ]
    )


def _entry(facts: Facts, name: str, contract: Contract, rows: int | None, words: Words) -> Markup:
    statistics = facts.statistics.get(name, {})
    facts_of = [
        words.code("kind", contract.kind),
        words("n_rows", n=rows) if rows is not None else None,
        words("n_columns", n=len(contract.columns)),
        words("version", version=contract.version),
    ]
    summary = h(
        "summary",
        h("code", name, cls=contract.ref.layer),
        " ",
        h("span", _joined(facts_of), cls="facts"),
    )
    reads = [read for reader, read in facts.reads if reader == name]
    read_by = [reader for reader, read in facts.reads if read == name]
    body = [
        h("p", contract.description, **_english(words)) if contract.description else None,
        _terms(
            [
                ("grain", h("span", contract.grain, **_english(words)) if contract.grain else None),
                ("parameters", _code(", ".join(contract.parameters))),
                ("reads", _links(reads)),
                ("read_by", _links(read_by)),
                ("rules", _rules(contract, words)),
            ],
            words,
        ),
        _columns(contract, statistics, words) if contract.columns else None,
    ]
    return item("details", summary, *body, id=f"t-{name}", data_table=name)


def rows(facts: Facts, words: Words) -> tuple[list[str], list[list[Any]]]:
    """The columns of all tables: headers, then a row for each column."""
    keys = ("table", "column", "type", "meaning", "rule", "filled", "distinct")
    found = [
        [
            name,
            column.name,
            str(column.type),
            column.description,
            column.rule,
            *_counted(facts, name, column),
        ]
        for name in _names(facts)
        for column in facts.contracts[name].columns
    ]
    return [words(f"column.{key}") for key in keys], found


def _counted(facts: Facts, name: str, column: Any) -> tuple[float | None, int | None]:
    found = facts.statistics.get(name, {}).get(column.name)
    if found is None or not found.rows:
        return None, None
    return round(100 * found.filled / found.rows, 1), found.distinct


def _english(words: Words) -> dict[str, str]:
    """What contracts say is English on every page."""
    return {} if words.lang == "en" else {"lang": "en"}


def _joined(parts: Sequence[str | None]) -> list[str | Markup]:
    """Facts with a dot between them."""
    kept = [part for part in parts if part is not None]
    return [one for part in kept for one in (part, " \u00b7 ")][:-1]


def _code(said: str) -> Markup | None:
    return h("code", said) if said else None


def _links(names: Sequence[str]) -> Markup | None:
    links = [one for name in names for one in (h("a", name, href=f"#t-{name}"), ", ")][:-1]
    return h("code", links) if links else None


def _terms(pairs: Sequence[tuple[str, Markup | None]], words: Words) -> Markup | None:
    shown = [(h("dt", words(f"term.{key}")), h("dd", value)) for key, value in pairs if value]
    return h("dl", shown) if shown else None


def _rules(contract: Contract, words: Words) -> Markup | None:
    """The quality rules of the table: what each says, or its SQL."""
    entries = [
        h(
            "li",
            h("code", rule.name),
            " ",
            h("span", rule.description, **_english(words)) if rule.description else None,
            " ",
            _code(rule.query or ""),
        )
        for rule in contract.quality
    ]
    return h("ul", entries) if entries else None


def _columns(contract: Contract, statistics: Mapping[str, Statistics], words: Words) -> Markup:
    heads = ["column.column", "column.type", "column.meaning"]
    heads += ["column.filled", "column.distinct", "column.ends"] if statistics else []
    lines = [
        h(
            "tr",
            h("th", h("code", column.name), _key(contract, column, words), scope="row"),
            h("td", h("code", str(column.type))),
            h("td", _meaning(column, words)),
            _measured(statistics.get(column.name), words) if statistics else None,
        )
        for column in contract.columns
    ]
    name = contract.ref.in_domain
    head = h("thead", h("tr", [h("th", words(key), scope="col") for key in heads]))
    label = words("columns.of", table=name)
    return h(
        "div",
        h("table", head, h("tbody", lines)),
        cls="scroll",
        tabindex=0,
        role="region",
        aria_label=label,
    )


def _key(contract: Contract, column: Any, words: Words) -> Markup | None:
    """Whether the column is a key, must be there, refers to another table, or is classified."""
    marks: list[str | Markup] = []
    if column.name in contract.primary_key:
        marks.append(words("mark.primary"))
    elif column.unique:
        marks.append(words("mark.unique"))
    if column.required:
        marks.append(words("mark.required"))
    if column.is_private:
        marks.append(words.code("classification", column.classification))
    for reference in contract.relationships:
        if column.name in reference.columns:
            there = reference.target.in_domain
            marks.append(h("a", h("code", f"\u2192 {there}"), href=f"#t-{there}"))
    return h("span", _joined(marks), cls="marks") if marks else None


def _meaning(column: Any, words: Words) -> list[Markup | None]:
    english = _english(words)
    limits = [f"{name} {value}" for name, value in sorted(column.bounds.items())]
    limits += [f"pattern {column.pattern}"] if column.pattern else []
    limits += [", ".join(map(str, column.enum))] if column.enum else []
    return [
        h("span", column.description, **english) if column.description else None,
        h("span", column.rule, cls="rule", **english) if column.rule else None,
        h("span", _code(", ".join(column.sources)), cls="rule") if column.sources else None,
        h("span", _code("; ".join(limits)), cls="rule") if limits else None,
    ]


def _measured(found: Statistics | None, words: Words) -> list[Markup]:
    if found is None:
        return [h("td"), h("td"), h("td")]
    share = words.percent(100 * found.filled / found.rows) if found.rows else "\u2013"
    ends = None
    if found.low is not None:
        ends = h("code", f"{found.low} \u2026 {found.high}")
    distinct = words.number(found.distinct)
    return [h("td", share, cls="n"), h("td", distinct, cls="n"), h("td", ends)]
