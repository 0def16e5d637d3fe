"""What changed between two runs: rows by table, cells by row, and why.

Both states are read from the lake as it is kept; rows are matched by primary key, and the marks of
runs are no change. Gold of a run that is not the published one is computed by today's SELECTs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.catalog import Catalog, load_catalog
from carms_lake.flows.build.plan import key_pairs
from carms_lake.flows.timetravel.as_of import gold_as_of, resolve_as_of
from carms_lake.flows.timetravel.diff_causes import gold_reasons, reasons
from carms_lake.names import (
    DELIVERY_ID,
    INGESTION_TS,
    RUN_ID,
    SRC_FILENAME,
    SRC_ROW_HASH,
    SRC_ROW_NUMBER,
    Layer,
    TableRef,
)
from carms_lake.records import QueryResult
from carms_lake.store.delta.log import version_at
from carms_lake.store.delta.table import pinned
from carms_lake.store.gold.compare import (
    Compared,
    Sides,
    attach_gold,
    compare,
    comparing,
    gold_select,
    row_changes,
    rows_from,
    sides_of,
)
from carms_lake.store.layout import table_path
from carms_lake.store.rejects import live
from carms_lake.store.sql import read_pinned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.store.gold.compare import Connection, RowChange


LIMIT = 100
"""How many rows of a table are shown where nothing else is asked for."""

_IGNORED = frozenset({INGESTION_TS, RUN_ID, SRC_ROW_HASH, SRC_ROW_NUMBER})
"""When, by which run and from which line a row was written; the hash says nothing that the other
columns do not. The line counts where rows are matched by it."""

_REJECT = (
    "layer",
    "table_name",
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    DELIVERY_ID,
    "row_key",
    "raw_record",
)
"""What tells one reject from another."""

CELLS = ("change", "key", "column", "before", "after", "source")


@dataclass(frozen=True)
class TableDiff:
    """How one table of one run differs from that of another."""

    table: TableRef
    added: int = 0
    removed: int = 0
    changed: int = 0
    why: tuple[str, ...] = ()
    key: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """No row differs."""
        return not (self.added or self.removed or self.changed)


@dataclass(frozen=True)
class LakeDiff:
    """How the lake after one run differs from the lake after another."""

    runs: tuple[str, str]
    tables: tuple[TableDiff, ...]
    rejects: tuple[int, int] = (0, 0)
    """Records and rows that are set aside now and were not, and the other way round."""

    def as_rows(self) -> QueryResult:
        """One row per table that differs, and one for the rejects."""
        rows: list[tuple[Any, ...]] = [
            (t.table.in_domain, t.added, t.removed, t.changed, "; ".join(t.why))
            for t in self.tables
            if not t.is_same
        ]
        if any(self.rejects):
            rows.append(("ops.rejects", *self.rejects, 0, "what is set aside"))
        kinds = ("VARCHAR", "BIGINT", "BIGINT", "BIGINT", "VARCHAR")
        return QueryResult(("table", "added", "removed", "changed", "why"), kinds, rows)


def diff(config: LakeConfig, before: str, after: str) -> LakeDiff:
    """How each table of the domain differs between two runs or times.

    Raises:
        UsageError: a text that names no run.
        StoreError: the lake cannot be read, or what a run left was vacuumed.
        ContractError: the gold of a run cannot be computed by today's SELECTs.
    """
    look = _Look(config, before, after)
    with comparing(config) as connection:
        attach_gold(connection, look.gold)
        tables = tuple(look.table(connection, ref) for ref in look.tables)
    return LakeDiff(look.runs, tables, _rejects(config, look))


def table_diff(
    config: LakeConfig, before: str, after: str, name: str, *, limit: int = LIMIT
) -> tuple[TableDiff, QueryResult]:
    """How one table differs: one row per cell that changed, and one per row that came or went.

    Of `limit` rows the cells are given; the counts are of all.

    Raises:
        UsageError: a text that names no run, or no table.
        StoreError: the lake cannot be read, or what a run left was vacuumed.
        ContractError: the gold of a run cannot be computed by today's SELECTs.
    """
    look = _Look(config, before, after, name)
    ref = look.tables[-1]
    with comparing(config) as connection:
        attach_gold(connection, look.gold)
        for below in look.tables[:-1]:  # why gold changed
            look.table(connection, below)
        found = look.table(connection, ref)
        changes: list[RowChange] = []
        if not found.is_same:
            matched = Compared(found.added, found.removed, found.changed, found.key)
            changes = row_changes(connection, matched, _IGNORED, limit)
        sources = look.sources(connection, ref, changes)
    rows = [
        row
        for change, source in zip(changes, sources, strict=True)
        for row in _cells(change, found.key, source)
    ]
    return found, QueryResult(CELLS, ("VARCHAR",) * len(CELLS), rows)


class _Look:
    """Two runs, and what is looked at between them."""

    def __init__(
        self, config: LakeConfig, before: str, after: str, name: str | None = None
    ) -> None:
        self.config = config
        self.runs = (resolve_as_of(config, before).run_id, resolve_as_of(config, after).run_id)
        catalog = load_catalog(config.domain)
        self.contracts = catalog.contracts
        self.steps = {step.contract.ref: step for step in catalog.gold_steps}
        order = [*(r for r in sorted(self.contracts) if r.layer is not Layer.GOLD), *self.steps]
        ordered = sorted(order, key=lambda ref: list(Layer).index(ref.layer))
        all_tables = [ref for ref in ordered if self.contracts[ref].kind == "table"]
        self.tables = all_tables if name is None else self._needed(_find(catalog, name))
        is_gold = any(ref.layer is Layer.GOLD for ref in self.tables)
        self.gold = [gold_as_of(config, run) if is_gold else None for run in self.runs]
        self.differing: set[TableRef] = set()

    def _needed(self, ref: TableRef) -> list[TableRef]:
        """A table after the ones that it is made from in silver, which say why it changed."""
        if ref.layer is not Layer.GOLD:
            return [ref]
        reads = [r for r in self.steps[ref].reads if self.contracts[r].kind == "table"]
        below = [r for read in reads if read != ref for r in self._needed(read)]
        return list(dict.fromkeys([*below, ref]))

    def table(self, connection: Connection, ref: TableRef) -> TableDiff:
        """How a table differs; its two states stay on the connection."""
        contract = self.contracts[ref]
        sides = self._sides(connection, contract)
        if sides is None:
            return TableDiff(ref)
        found = compare(connection, sides, _keys(contract), _IGNORED)
        table = TableDiff(ref, found.added, found.removed, found.changed, key=found.key)
        if table.is_same and not found.new_columns and not found.lost_columns:
            return table
        self.differing.add(ref)
        columns = [f"column `{name}` is new" for name in found.new_columns]
        columns += [f"column `{name}` is gone" for name in found.lost_columns]
        why = (*columns, *self._why(contract))
        return TableDiff(ref, found.added, found.removed, found.changed, why, found.key)

    def sources(
        self, connection: Connection, ref: TableRef, changes: Sequence[RowChange]
    ) -> list[str | None]:
        """Where each row's value came from: its file and run; of silver, those of its driver."""
        if ref.layer is Layer.BRONZE:
            rows = [change.after or change.before or {} for change in changes]
            return [f"{row.get(SRC_FILENAME)} ({row.get(RUN_ID)})" for row in rows]
        contract = self.contracts[ref]
        driver = self.contracts.get(contract.silver.driver) if contract.silver.driver else None
        pairs = key_pairs(contract, driver) if driver and ref.layer is Layer.SILVER else {}
        if driver is None or not pairs or driver.ref.layer is not Layer.BRONZE:
            return [None] * len(changes)
        found: list[str | None] = [None] * len(changes)
        for number, run in enumerate(self.runs):
            chosen = [i for i, c in enumerate(changes) if (c.change == "removed") == (number == 0)]
            rows = [changes[i].after or changes[i].before or {} for i in chosen]
            values = [tuple(row[here] for here in pairs.values()) for row in rows]
            path = table_path(self.config, driver.ref)
            version = version_at(path, run)
            if version < 0:
                continue
            select = read_pinned(pinned(path, version))
            by_value = rows_from(connection, select, list(pairs), values)
            for i, value in zip(chosen, values, strict=True):
                found[i] = ", ".join(by_value.get(value, [])) or None
        return found

    def _sides(self, connection: Connection, contract: Contract) -> Sides | None:
        ref = contract.ref
        if ref.layer is not Layer.GOLD:
            path = table_path(self.config, ref)
            return sides_of(path, ref.in_domain, *(version_at(path, run) for run in self.runs))
        if self.gold[0] == self.gold[1]:
            return None
        selects = [
            gold_select(connection, number, ref.table) if file else None
            for number, file in enumerate(self.gold)
        ]
        return Sides(*selects) if any(selects) else None

    def _why(self, contract: Contract) -> tuple[str, ...]:
        if contract.ref.layer is Layer.GOLD:
            step = self.steps[contract.ref]
            below = [ref for ref in step.reads if ref in self.differing]
            return gold_reasons(self.config, contract, below, self.runs)
        return reasons(self.config, contract, self.runs)


def _find(catalog: Catalog, name: str) -> TableRef:
    tables = {ref: c for ref, c in catalog.contracts.items() if c.kind == "table"}
    return Catalog(catalog.domain, tables).resolve(name)


def _rejects(config: LakeConfig, look: _Look) -> tuple[int, int]:
    refs = [ref for ref in look.contracts if ref.layer is not Layer.GOLD]
    sides = []
    for run in look.runs:
        aside = live(config, refs, as_of=run)
        sides.append(None if aside is None else aside.select(_REJECT).collect())
    before, after = (pl.DataFrame() if side is None else side for side in sides)
    if before.is_empty() or after.is_empty():
        return after.height, before.height
    came = after.join(before, on=_REJECT, how="anti", nulls_equal=True)
    went = before.join(after, on=_REJECT, how="anti", nulls_equal=True)
    return came.height, went.height


def _keys(contract: Contract) -> list[tuple[str, ...]]:
    """What may tell a table's rows apart, the best first; of bronze a record's place does."""
    if contract.ref.layer is not Layer.BRONZE:
        return [contract.primary_key]
    delivery = tuple(name for name in contract.audit_columns if name == DELIVERY_ID)
    place = (SRC_FILENAME, SRC_ROW_NUMBER, *delivery)
    by_key = (*contract.primary_key, SRC_FILENAME, *delivery) if contract.primary_key else ()
    return [by_key, place]


def _cells(change: RowChange, key: Sequence[str], source: str | None) -> list[tuple[Any, ...]]:
    """A row per changed cell; of a row that came or went one, with its values as JSON."""
    row: Mapping[str, Any] = change.after or change.before or {}
    name = "|".join(str(row[column] or "") for column in key)
    rest = {c: v for c, v in row.items() if c not in key and c not in _IGNORED}
    if change.before is None or change.after is None:
        whole = json.dumps(rest, ensure_ascii=False)
        before, after = (None, whole) if change.before is None else (whole, None)
        return [(change.change, name or None, None, before, after, source)]
    return [
        (change.change, name, column, change.before[column], change.after[column], source)
        for column in rest
        if change.before[column] != change.after[column]
    ]
