"""Blocks with their rows: what every form of the report is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from carms_lake import authored
from carms_lake.errors import ContractError, QueryRefused
from carms_lake.report.pages import Block, Chart, Drawing, Page

if TYPE_CHECKING:
    import polars as pl

    from carms_lake import Lake
    from carms_lake.report.words import Lang

MODULE = "report"
"""The module of a domain that has `PAGES`."""

Query = Callable[[str], "pl.DataFrame"]


class Filled(NamedTuple):
    """A block and its rows; `place` is its anchor."""

    block: Block
    rows: Sequence[Mapping[str, Any]]
    place: str
    foot: str = ""
    """The statement that gave the rows, where one did."""


class FilledPage(NamedTuple):
    """A page whose blocks have their rows."""

    page: Page
    blocks: tuple[Filled, ...]


def pages_of(lake: Lake) -> tuple[Page, ...]:
    """The pages that a domain declares: `PAGES` in its module `report`; none where it has none.

    Raises:
        ContractError: the module cannot be imported, or declares something else.
    """
    package = lake.config.domain.package
    module = authored.load(package, MODULE)
    where = f"`{authored.shown(package, MODULE)}`"
    found = getattr(module, "PAGES", ())
    if not isinstance(found, list | tuple) or not all(isinstance(p, Page) for p in found):
        raise ContractError(
            f"{where}: `PAGES` is not a list of pages",
            "write `PAGES = (Page(...),)`, with Page from `carms_lake.report.pages`",
        )
    anchors = [f"{page.key}-{block.key}" for page in found for block in page.blocks]
    anchors += [page.key for page in found]
    if twice := [anchor for anchor in anchors if anchors.count(anchor) > 1]:
        raise ContractError(
            f"{where}: `{twice[0]}` is there twice", "each key is an anchor, once on the page"
        )
    return tuple(found)


def queries(lake: Lake, lang: Lang) -> Query:
    """Answers of a lake to statements in the language of the page."""

    def query(sql: str) -> pl.DataFrame:
        return lake.query(in_language(sql, lang))

    return query


def in_language(sql: str, lang: Lang) -> str:
    """A statement with the language in place of `$lang`, so that it can be asked again as it is."""
    return sql.strip().replace("$lang", f"'{lang}'")


def fill(lake: Lake, page: Page, lang: Lang) -> FilledPage:
    """A domain's page with the rows of its blocks.

    Raises:
        ContractError: a statement is refused, or gives other columns than the block shows.
        LakeError: it took too long, or the gold file cannot be read.
    """
    where = f"`{authored.shown(lake.config.domain.package, MODULE)}`"
    return FilledPage(page, tuple(_filled(where, page, block, lake, lang) for block in page.blocks))


def answer(place: str, sql: str, query: Query) -> pl.DataFrame:
    """The rows of a statement of a domain's block.

    Raises:
        ContractError: the statement is refused.
        LakeError: it took too long, or the gold file cannot be read.
    """
    try:
        return query(sql)
    except QueryRefused as error:
        raise ContractError(
            f"the report's block `{place}`: {error.message}",
            "`carms build` if gold is older than the domain; else correct the statement",
        ) from error


def _filled(where: str, page: Page, block: Block, lake: Lake, lang: Lang) -> Filled:
    place = f"{page.key}-{block.key}"
    sql = in_language(block.sql, lang)
    try:
        if block.rows is None:
            frame = lake.query(sql)
        else:
            with authored.called(f"the report's block `{place}`", block.rows):
                frame = block.rows(lake, lang)
    except QueryRefused as error:
        raise ContractError(f"{where}: block `{place}`: {error.message}", error.hint) from error
    wanted = [column.name for column in block.columns]
    if isinstance(block, Chart):
        wanted += [name for name in (block.x, *block.y) if name not in wanted]
        if unknown := {block.x, *block.y} - {column.name for column in block.columns}:
            raise ContractError(
                f"{where}: block `{place}`: the chart draws `{min(unknown)}`, "
                "which is none of its columns",
                "add it to `columns`",
            )
    if missing := [name for name in wanted if name not in frame.columns]:
        raise ContractError(
            f"{where}: block `{place}`: its statement gives no column `{missing[0]}`",
            "name the columns as the statement calls them",
        )
    return Filled(block, frame.to_dicts(), place, sql)


def tables(pages: Iterable[FilledPage]) -> Iterable[Filled]:
    """The blocks that have a table, with rows."""
    for page in pages:
        for filled in page.blocks:
            has_table = not isinstance(filled.block, Drawing) or filled.block.has_table
            if has_table and filled.block.columns:
                yield filled
