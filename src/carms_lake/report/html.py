"""The page: one file with its style and its script, and a policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake import __version__, authored
from carms_lake.report.catalogue import KEY as CATALOGUE
from carms_lake.report.catalogue import catalogue
from carms_lake.report.cells import table
from carms_lake.report.charts import chart
from carms_lake.report.filled import Filled, FilledPage, Query, answer
from carms_lake.report.markup import Markup, h, join
from carms_lake.report.pages import Chart, Drawing, Pen
from carms_lake.report.state import banner
from carms_lake.report.words import Words

if TYPE_CHECKING:
    from carms_lake.report.facts import Facts

MOST_ROWS = 300
"""More rows of a table are in Markdown and the workbook alone."""
_ASSETS = Path(__file__).with_name("assets")


def document(facts: Facts, pages: Sequence[FilledPage], words: Words, query: Query) -> str:
    """The whole page."""
    title = words("title", domain=facts.domain)
    style = (_ASSETS / "report.css").read_text(encoding="utf-8")
    script = (_ASSETS / "report.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", http_equiv="Content-Security-Policy", content=policy),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("meta", name="color-scheme", content="light dark"),
        h("title", title),
        h("style", Markup(style)),
    )
    own = [(page.page.key, words.of(page.page.title)) for page in pages]
    links = [*own[:1], (CATALOGUE, words("page.catalogue")), *own[1:]]
    nav = h(
        "nav",
        h("ul", [h("li", h("a", name, href=f"#{key}")) for key, name in links]),
        aria_label=words("nav"),
    )
    first, *more = pages
    body = h(
        "body",
        h("a", words("skip"), href="#main", cls="skip"),
        h("header", h("h1", title), h("p", _as_of(facts, words), cls="note")),
        nav,
        h(
            "main",
            section(first, words, query, banner(facts, words)),
            h(
                "section",
                h("h2", words("page.catalogue"), id=f"{CATALOGUE}-title"),
                catalogue(facts, words),
                id=CATALOGUE,
                aria_labelledby=f"{CATALOGUE}-title",
            ),
            [section(page, words, query) for page in more],
            id="main",
        ),
        h("footer", h("p", words("footer", version=__version__, domain=facts.domain))),
        h("script", Markup(script)),
    )
    return f"<!doctype html>\n{h('html', head, body, lang=words.lang)}\n"


def section(filled: FilledPage, words: Words, query: Query, top: Markup | None = None) -> Markup:
    """A page: its title, its lead and its blocks."""
    page = filled.page
    return h(
        "section",
        h("h2", words.of(page.title), id=f"{page.key}-title"),
        top,
        h("p", words.of(page.lead), cls="lead") if page.lead else None,
        [figure(block, words, query) for block in filled.blocks],
        id=page.key,
        aria_labelledby=f"{page.key}-title",
    )


def figure(filled: Filled, words: Words, query: Query) -> Markup:
    """A block: its title and note, its chart, and the table behind it."""
    block, rows, place, sql = filled
    shown: Markup | None = None
    if isinstance(block, Chart):
        shown = chart(block, rows, words)
    elif isinstance(block, Drawing):
        pen = Pen(words, lambda more: answer(place, more, query).to_dicts(), place)
        with authored.called(f"the report's block `{place}`", block.draw):
            shown = block.draw(rows, pen)
    grid = None
    if rows and block.columns and (not isinstance(block, Drawing) or block.has_table):
        grid = h(
            "div",
            table(block.columns, rows[:MOST_ROWS], words),
            cls="scroll",
            tabindex=0,
            role="region",
            aria_labelledby=f"{place}-title",
        )
        if shown is not None:
            grid = h("details", h("summary", words("as_table", n=len(rows))), grid)
        if len(rows) > MOST_ROWS:
            more = words("table.more", n=len(rows) - MOST_ROWS)
            grid = join([grid, h("p", more, cls="none")])
    elif shown is None:
        grid = h("p", words("none"), cls="none")
    source = h("pre", h("code", sql), tabindex=0) if sql else None
    return h(
        "article",
        h("h3", words.of(block.title), id=f"{place}-title"),
        h("p", words.of(block.note), cls="note") if block.note else None,
        shown,
        grid,
        h("details", h("summary", words("sql")), source, cls="sql") if source else None,
        id=place,
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _as_of(facts: Facts, words: Words) -> Markup | str:
    if facts.at is None:
        return words("as_of.never")
    return join(
        [words("as_of"), " ", h("time", words.moment(facts.at), datetime=facts.at.isoformat())]
    )
