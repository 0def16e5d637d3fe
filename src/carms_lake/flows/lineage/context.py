"""What a trace works with: tables, contracts, a connection; and what identifies a row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from carms_lake.catalog import Catalog, GoldStep, SilverStep, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Column, Contract
from carms_lake.errors import UsageError
from carms_lake.flows.lineage.columns import ColumnLineage
from carms_lake.names import Layer, TableRef
from carms_lake.store import delta, lookup, table_path
from carms_lake.store.gold import reading
from carms_lake.store.gold.macros import SURROGATE_KEY, add_keyed_hash, key_file
from carms_lake.store.lookup import ROWS, Condition, Connection
from carms_lake.store.sql import quoted
from carms_lake.store.sql.column_lineage import LineageUnknown
from carms_lake.store.sql.row_lineage import LineageQuery, lineage_query

Row = dict[str, Any]
TableRows = dict[TableRef, list[Row]]


VAGUE = ("double", "list", "blob", "json")
"""Types whose values do not identify a row."""


@dataclass
class LineageContext:
    """What a trace works with: the tables of the lake, how each is made, a connection."""

    config: LakeConfig
    contracts: Mapping[TableRef, Contract]
    connection: Connection
    gold: Mapping[TableRef, GoldStep]
    """In the order of the build."""
    silver: Mapping[TableRef, SilverStep]
    notes: dict[str, None] = field(default_factory=dict)
    """What could not be followed, once each."""

    @cached_property
    def columns(self) -> ColumnLineage:
        """What the columns of these tables are made of."""
        return ColumnLineage(self.contracts, self.gold)

    def ref(self, name: str) -> TableRef | None:
        """The table of a name such as `silver.program`, where it exists."""
        found = TableRef.parse(name, domain=self.config.domain.name)
        return found if found in self.contracts else None

    def sources(self, column: Column) -> Iterator[tuple[TableRef, str]]:
        """The tables and columns that a column is made of, by the contract."""
        for text in column.sources:
            table, _, name = text.rpartition(".")
            ref = self.ref(table)
            if ref:
                yield ref, name

    def resolve(self, name: str) -> TableRef:
        """The table that a person names.

        Raises:
            UsageError: the table is unknown, has no rows of its own, or is not built yet.
        """
        try:
            return Catalog(self.config.domain, self.contracts).resolve(name)
        except UsageError as error:
            raise UsageError(f"no table `{name}` to trace", error.hint) from None

    def lineage_query(
        self, ref: TableRef, subsets: Mapping[str, str] | None = None
    ) -> LineageQuery | None:
        """A gold table's SELECT with the keys of its inputs; None, and a note, where impossible."""
        keys = {r.in_domain: c.primary_key for r, c in self.contracts.items() if c.kind == "table"}
        try:
            return lineage_query(self.columns.select(ref), keys, subsets=subsets, limit=ROWS + 1)
        except LineageUnknown as error:
            self.unfollowed(ref, error)
            return None

    def contributions(self, ref: TableRef, rows: Sequence[Row]) -> list[lookup.Contribution] | None:
        """The keys that contributed to gold rows; None, and a note, where that is impossible."""
        select = self.lineage_query(ref)
        if select is None:
            return None
        names = identity(self.contracts[ref])
        wanted = [same(self.contracts[ref], row, names) for row in rows]
        try:
            return lookup.contributing_keys(self.connection, select, names, wanted)
        except LineageUnknown as error:
            self.unfollowed(ref, error)
            return None

    def note(self, text: str) -> None:
        """Tell the user something, once."""
        self.notes[text] = None

    def unfollowed(self, ref: TableRef, error: LineageUnknown) -> None:
        """Note that rows cannot be followed through a SELECT."""
        self.note(
            f"the SELECT of `{ref.in_domain}` cannot be followed: {error}; its inputs are found by "
            "the names of their key columns"
        )


@contextmanager
def lineage_context(config: LakeConfig) -> Iterator[LineageContext]:
    """The context of a trace in this lake.

    Raises:
        GoldMissing: gold is not built yet.
        StoreError: the lake cannot be read.
        ContractError: a contract is wrong.
        ConfigError: the file of the masking key holds none.
    """
    catalog = load_catalog(config.domain)
    existing = {
        ref: c
        for ref, c in catalog.contracts.items()
        if c.kind != "macro"
        and not c.written_by  # made of nothing in the lake, and nothing is made of it
        and (ref.layer is Layer.GOLD or delta.exists(table_path(config, ref)))
    }
    gold = {step.contract.ref: step for step in catalog.gold_steps}
    silver = {step.contract.ref: step for step in catalog.silver_steps}
    # A SELECT that needs more memory fails, and its inputs are found by names instead.
    limits = {"memory_limit": config.memory_limit, "temp_directory": ""}
    with reading(config, list(existing.values()), **limits) as connection:
        _prepare(connection, config)
        steps = (step for step in catalog.gold_steps if step.contract.kind == "macro")
        lookup.add_macros(connection, ((step.contract, step.sql) for step in steps))
        columns = lookup.columns_of(connection)
        known = {}
        for ref, contract in existing.items():  # without columns that are newer than the table
            there = columns.get(ref.in_domain, ())
            old = tuple(c for c in contract.columns if c.name in there)
            known[ref] = replace(contract, columns=old)
        yield LineageContext(config, known, connection, gold, silver)


def _prepare(connection: Connection, config: LakeConfig) -> None:
    """What the SELECTs of gold need; without a masking key every mask is null, and none is made."""
    connection.execute(SURROGATE_KEY)
    if key_file(config).exists():
        add_keyed_hash(connection, config)
    else:
        connection.execute("create temp macro keyed_hash(word) as null")
    connection.execute("create schema ops")
    tables = connection.execute(
        "select table_name from duckdb_tables()"
        " where database_name = 'published' and schema_name = 'ops'"
    ).fetchall()
    for (name,) in tables:
        connection.execute(f"create view ops.{quoted(name)} as from published.ops.{quoted(name)}")


def identity(contract: Contract) -> tuple[str, ...]:
    """The columns that identify a row: the primary key, or all whose values are exact."""
    if contract.primary_key:
        return contract.primary_key
    return tuple(c.name for c in contract.columns if c.type.name not in VAGUE)


def same(contract: Contract, row: Mapping[str, Any], names: Iterable[str]) -> list[Condition]:
    """The conditions that a row has the values of another row in some columns."""
    return [Condition((name,), row[name], contract.column(name).type.sql) for name in names]
