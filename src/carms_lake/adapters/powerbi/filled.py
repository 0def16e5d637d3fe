"""The pages of a domain with the fields of its model: found, checked, or made for any domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carms_lake import authored
from carms_lake.adapters.powerbi.pages import Card, Chart, Grid, Page, Slicer
from carms_lake.errors import ContractError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake import Lake
    from carms_lake.adapters.powerbi.model import Model, ModelTable
    from carms_lake.adapters.powerbi.pages import Visual

MODULE = "powerbi"
"""The module of a domain that has `PAGES`."""


class Declared(NamedTuple):
    """What the module of a domain says."""

    where: str
    pages: tuple[Page, ...] = ()
    left_out: tuple[str, ...] = ()


class Field(NamedTuple):
    """A field of a visual: a column of a table, or a measure, in whose table it is."""

    table: str
    name: str
    is_measure: bool


class Fields:
    """The measures and columns of a model, by what pages call them."""

    def __init__(self, model: Model) -> None:
        self._known = {
            measure.name: Field(table.name, measure.name, is_measure=True)
            for table in model.tables
            for measure in table.measures
        }
        for table in model.tables:
            for column in table.columns:
                name = f"{table.name}.{column.name}"
                self._known[name] = Field(table.name, column.name, is_measure=False)

    def __getitem__(self, name: str) -> Field:
        """The field of that name.

        Raises:
            ContractError: the model does not have the field.
        """
        if name not in self._known:
            raise ContractError(
                f"the model has no `{name}`",
                did_you_mean(name, self._known) or "name a measure, or `table.column`",
            )
        return self._known[name]


class Roles(NamedTuple):
    """The fields of a visual, by the role that they have in it."""

    x: tuple[Field, ...] = ()
    y: tuple[Field, ...] = ()
    series: tuple[Field, ...] = ()


class FilledPage(NamedTuple):
    """A page and the fields of each of its visuals."""

    page: Page
    rows: tuple[tuple[tuple[Visual, Roles], ...], ...]


def declared(lake: Lake) -> Declared:
    """What a domain declares; nothing where it does not have the module.

    Raises:
        ContractError: the module cannot be imported, or declares something else.
    """
    package = lake.config.domain.package
    module = authored.load(package, MODULE)
    where = f"`{authored.shown(package, MODULE)}`"
    pages, left_out = getattr(module, "PAGES", ()), getattr(module, "LEFT_OUT", ())
    if not isinstance(pages, list | tuple) or not all(isinstance(p, Page) for p in pages):
        raise ContractError(
            f"{where}: `PAGES` is not a list of pages",
            "write `PAGES = (Page(...),)`, with Page from `carms_lake.adapters.powerbi.pages`",
        )
    if not isinstance(left_out, list | tuple) or not all(isinstance(n, str) for n in left_out):
        raise ContractError(
            f"{where}: `LEFT_OUT` is not a list of names", 'write `LEFT_OUT = ("search_*",)`'
        )
    keys = [page.key for page in pages]
    if twice := [key for key in keys if keys.count(key) > 1]:
        raise ContractError(f"{where}: page `{twice[0]}` is there twice", "give one another key")
    return Declared(where, tuple(pages), tuple(left_out))


def pages_of(model: Model, said: Declared) -> tuple[FilledPage, ...]:
    """The pages of a report with their fields; one of all tables where a domain declares none.

    Raises:
        ContractError: a page names what the model does not have; the message has page and place.
    """
    fields = Fields(model)
    return tuple(_filled(page, fields, said.where) for page in said.pages or (_generic(model),))


def _filled(page: Page, fields: Fields, where: str) -> FilledPage:
    try:
        rows = tuple(tuple((one, _roles(one, fields)) for one in row) for row in page.rows)
    except ContractError as error:
        raise ContractError(f"{where}, page `{page.key}`: {error.message}", error.hint) from None
    return FilledPage(page, rows)


def _roles(visual: Visual, fields: Fields) -> Roles:
    match visual:
        case Card():
            found = Roles(y=(fields[visual.measure],))
        case Slicer():
            found = Roles(x=(fields[visual.column],))
        case Grid():
            return Roles(x=tuple(fields[name] for name in visual.fields))
        case Chart():
            series = (fields[visual.series],) if visual.series else ()
            found = Roles((fields[visual.x],), tuple(fields[name] for name in visual.y), series)
    for field, is_measure in [(f, False) for f in found.x + found.series] + [
        (f, True) for f in found.y
    ]:
        if field.is_measure is not is_measure:
            wanted = "a measure" if is_measure else "a column, as `table.column`"
            raise ContractError(f"`{field.name}` is not {wanted}", f"name {wanted}")
    return found


_MOST_CARDS, _MOST_GRIDS, _MOST_COLUMNS = 5, 4, 6


def _generic(model: Model) -> Page:
    """A page for any domain: its measures as cards, and its facts, or all tables, as grids."""
    cards = tuple(Card(measure.name) for table in model.tables for measure in table.measures)
    facts = {join.table for join in model.joins}
    shown = [t for t in model.tables if t.name in facts] or [*model.tables]
    grids = [Grid(table.name, tuple(_shown(table))) for table in shown[:_MOST_GRIDS]]
    pairs = [tuple(grids[n : n + 2]) for n in range(0, len(grids), 2)]
    rows: tuple[tuple[Visual, ...], ...] = tuple(pairs)
    return Page("tables", "Tables", ((cards[:_MOST_CARDS],) if cards else ()) + rows)


def _shown(table: ModelTable) -> Iterator[str]:
    visible = [c.name for c in table.columns if not c.is_hidden] or [table.columns[0].name]
    for name in visible[:_MOST_COLUMNS]:
        yield f"{table.name}.{name}"
