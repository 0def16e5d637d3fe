"""The report of a lake: what is wrong first, then how it is, what it has, and its domain's pages.

`report` reads a lake once; the result becomes one HTML file, Markdown, or the tables of a workbook,
in English or French. It uses the public API alone, and knows no time but that of the runs: the
same lake gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from carms_lake.report import html, markdown
from carms_lake.report.cockpit import cockpit
from carms_lake.report.facts import Facts, read_facts
from carms_lake.report.filled import FilledPage, fill, pages_of, queries
from carms_lake.report.words import Lang, Words

if TYPE_CHECKING:
    import polars as pl

    from carms_lake import Lake

__all__ = ["Report", "report"]


class Report(NamedTuple):
    """A lake as its last run left it, ready to be written."""

    facts: Facts
    pages: Sequence[FilledPage]
    """The cockpit, then the pages of the domain."""
    lake: Lake
    lang: Lang

    def html(self) -> str:
        """The page, one file that needs nothing else.

        Raises:
            ContractError: a drawing of the domain fails.
        """
        query = queries(self.lake, self.lang)
        return html.document(self.facts, self.pages, Words(self.lang), query)

    def markdown(self) -> str:
        """The tables as Markdown."""
        return markdown.document(self.facts, self.pages, Words(self.lang))

    def frames(self) -> list[tuple[str, pl.DataFrame]]:
        """The tables as (title, frame) with headers in the report's language: a sheet for each."""
        return markdown.frames(self.facts, self.pages, Words(self.lang))


def report(lake: Lake, lang: Lang = "en", *, with_samples: bool = False) -> Report:
    """Read a lake for its report; values of rows that failed are read only `with_samples`.

    Raises:
        ContractError: a contract, or a page that the domain declares, is wrong.
        LakeError: the lake cannot be read.
    """
    facts, query = read_facts(lake, with_samples=with_samples), queries(lake, lang)
    own = pages_of(lake) if facts.is_published else ()
    # To open a query costs more than these take to answer: two at once, in the order of the pages.
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cockpit, facts, query)
        filled = pool.map(lambda page: fill(lake, page, lang), own)
        pages = (first.result(), *filled)
    return Report(facts, pages, lake, lang)
