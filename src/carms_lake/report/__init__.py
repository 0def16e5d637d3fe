"""The report of a lake: what is wrong first, then how it is, what it has, and its domain's pages.

`report` reads a lake once; the result becomes one HTML file, Markdown, or the tables of a workbook,
in English or French. It uses the public API alone, and knows no time but that of the runs: the
same lake gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from carms_lake.api.held import HeldLake
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
    lake: HeldLake
    """Open, with the gold file that was read."""
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
    held = HeldLake(lake.config)
    facts = read_facts(held, with_samples=with_samples)
    own = pages_of(held) if facts.is_published else ()
    pages = (cockpit(facts, queries(held, lang)), *(fill(held, page, lang) for page in own))
    return Report(facts, pages, held, lang)
