"""Which columns a column is made of: by the SELECTs of gold, and the contracts of silver."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import polars as pl

from carms_lake.catalog import Catalog, GoldStep, SilverStep, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.names import Layer, TableRef
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.store.ops import OPS_SCHEMAS
from carms_lake.store.sql.column_lineage import (
    ColumnOrigin,
    LineageUnknown,
    Prepared,
    column_origins,
    prepared,
)


class Evidence(StrEnum):
    """Where the origin of a value is known from."""

    SQL = "sql"
    """The SELECT says so."""
    CONTRACT = "contract"
    """The contract says so: silver is computed by Python, or the SELECT could not be followed."""
    FILE = "file"
    """The source file has it."""


@dataclass(frozen=True)
class MadeOf:
    """What a column of silver or gold is made of."""

    evidence: Evidence
    text: str
    """The expression of the SELECT, or the rule of the contract."""
    columns: tuple[str, ...]
    """`<layer>.<table>.<column>`."""
    notes: tuple[str, ...] = ()


@dataclass
class ColumnLineage:
    """The columns of some tables, and what each is made of."""

    contracts: Mapping[TableRef, Contract]
    gold: Mapping[TableRef, GoldStep]
    is_through_views: bool = True
    """Whether views are expanded, since they have no rows of their own; else they are tables."""
    _selects: dict[TableRef, Prepared] = field(default_factory=dict)
    _origins: dict[TableRef, Mapping[str, ColumnOrigin]] = field(default_factory=dict)

    @cached_property
    def _schema(self) -> dict[str, dict[str, list[str]]]:
        """By layer and table: the columns, for the SELECTs of gold."""
        ops = {**OPS_SCHEMAS, "rejects": REJECT_SCHEMA}
        found = {"ops": {table: list(columns) for table, columns in ops.items()}}
        for ref, contract in self.contracts.items():
            found.setdefault(ref.layer, {})[ref.table] = list(contract.column_names)
        return found

    def select(self, ref: TableRef) -> Prepared:
        """A gold table's SELECT.

        Raises:
            LineageUnknown: it cannot be read.
        """
        if ref not in self._selects:
            views = {
                r.in_domain: step.sql
                for r, step in self.gold.items()
                if self.is_through_views and step.contract.kind == "view" and r != ref
            }
            self._selects[ref] = prepared(self.gold[ref].sql, self._schema, views)
        return self._selects[ref]

    def made_of(self, ref: TableRef, column: str) -> MadeOf:
        """What a column of a silver or gold table is made of."""
        contract = self.contracts[ref].column(column)
        sources, notes = contract.sources, []
        if ref.layer is Layer.SILVER and not sources:
            driver = self.contracts[ref].silver.driver
            there = self.contracts.get(driver) if driver else None
            if there and column in there.column_names:
                sources = (f"{there.ref.in_domain}.{column}",)
            notes = ["the contract names no source"]
        if ref.layer is Layer.GOLD:
            found, why = self._sql(ref, column)
            if found and (found.columns or not sources):
                return MadeOf(Evidence.SQL, found.expression, found.columns)
            notes = [why or "the SELECT reads no column, as in a count; the contract names"]
        return MadeOf(Evidence.CONTRACT, contract.rule, sources, tuple(notes))

    def _sql(self, ref: TableRef, column: str) -> tuple[ColumnOrigin | None, str]:
        """What the SELECT says of a column, or why it says nothing."""
        try:
            if ref not in self._origins:
                self._origins[ref] = column_origins(self.select(ref))
        except LineageUnknown as error:
            return None, f"the SELECT cannot be followed: {error}; the contract names"
        found = self._origins[ref].get(column)
        if found is None or found.unknown:
            parts = ", ".join(f"`{name}`" for name in found.unknown) if found else f"`{column}`"
            return None, f"the SELECT cannot be followed at {parts}; the contract names"
        return found, ""


_NAMES = ("table", "column", "reads", "reads_column", "known", "how")

Line = tuple[str, str | None, str, str | None, str | None, str | None]


def column_lineage(config: LakeConfig, tables: Sequence[str] = ()) -> pl.DataFrame:
    """What the columns of tables, and of all that these are made of, are made of.

    One row per column and column that it is made of: `table`, `column`, `reads`, `reads_column`,
    `known` (sql, contract or file), `how`. `reads` is a table, or the files of a bronze table; a
    table that is read, and none of whose columns is named, has a row without columns. Gold first.

    Raises:
        UsageError: unknown table.
        ContractError: a contract is wrong, or functions and SELECTs do not fit the contracts.
    """
    catalog = load_catalog(config.domain)
    steps: list[SilverStep | GoldStep] = [*catalog.silver_steps, *catalog.gold_steps]
    reads = {step.contract.ref: _read_by(step) for step in steps}
    wanted = _upward(catalog.select(tables), reads) if tables else set(catalog.contracts)
    has_columns = {r: c for r, c in catalog.contracts.items() if c.kind != "macro"}
    gold = {step.contract.ref: step for step in catalog.gold_steps}
    lineage = ColumnLineage(has_columns, gold, is_through_views=False)
    order = (Layer.GOLD, Layer.SILVER, Layer.BRONZE)
    lines = [
        line
        for ref in catalog.refs(*order)
        if ref in wanted
        for line in (
            _of_files(catalog.contracts[ref])
            if ref.layer is Layer.BRONZE
            else _of_tables(catalog, lineage, ref, reads[ref])
        )
    ]
    return pl.DataFrame(lines, dict.fromkeys(_NAMES, pl.String), orient="row")


def _read_by(step: SilverStep | GoldStep) -> list[TableRef]:
    return sorted(step.reads.values() if isinstance(step, SilverStep) else step.reads)


def _upward(
    start: Sequence[TableRef], reads: Mapping[TableRef, Sequence[TableRef]]
) -> set[TableRef]:
    """The tables, and all that they are made of."""
    found, todo = set(start), list(start)
    while todo:
        new = [ref for ref in reads.get(todo.pop(), ()) if ref not in found]
        found.update(new)
        todo += new
    return found


def _of_files(contract: Contract) -> Iterator[Line]:
    name = contract.ref.in_domain
    for pattern in contract.source.files if contract.source else ():
        for column in contract.columns:
            yield name, column.name, pattern, column.source, str(Evidence.FILE), column.rule or None


def _of_tables(
    catalog: Catalog, lineage: ColumnLineage, ref: TableRef, reads: Sequence[TableRef]
) -> Iterator[Line]:
    name, named = ref.in_domain, set()
    for column in lineage.contracts[ref].columns if ref in lineage.contracts else ():
        made = lineage.made_of(ref, column.name)
        for source in made.columns:
            table, _, there = source.rpartition(".")
            named.add(table)
            yield name, column.name, table, there, str(made.evidence), made.text or None
    for read in reads:
        if read.in_domain not in named and read in catalog.contracts:
            yield name, None, read.in_domain, None, None, None
