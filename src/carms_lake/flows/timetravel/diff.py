"""What changed between two runs: rows by table, cells by row, and why.

Both states are read from the lake's own versions; rows are matched by primary key, and the audit
columns of a run do not count as changes.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from carms_lake.catalog import Catalog, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.errors import UsageError, counted
from carms_lake.flows.build.plan import key_pairs
from carms_lake.flows.timetravel import diff_causes
from carms_lake.flows.timetravel.as_of import gold_as_of, publishing_runs, resolve_as_of
from carms_lake.names import (
    AUDIT_COLUMNS,
    DELIVERY_ID,
    RUN_ID,
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    Layer,
    TableRef,
)
from carms_lake.store import own, table_path
from carms_lake.store.delta import pinned
from carms_lake.store.delta.log import commits, version_at
from carms_lake.store.gold.compare import (
    Comparison,
    Connection,
    RowChange,
    Sides,
    compare,
    comparing,
    files_and_runs,
    gold_select,
    row_changes,
    sides_of,
)
from carms_lake.store.rejects import live
from carms_lake.store.sql import read_pinned

LIMIT = 100
"""How many rows of a table are shown by default."""

_IGNORED = frozenset(AUDIT_COLUMNS) - {SRC_FILENAME}
"""When, by which run and from which line a row was written; the hash says nothing that the other
columns do not. The line counts where rows are matched by it."""

_REJECT = "layer", "table_name", SRC_FILENAME, SRC_ROW_NUMBER, DELIVERY_ID, "row_key", "raw_record"
"""What tells one reject from another."""

_CELLS = dict.fromkeys(("change", "key", "column", "before", "after", "source"), pl.String)


@dataclass(frozen=True)
class TableDiff:
    """How one table of one run differs from that of another."""

    table: TableRef
    rows: Comparison
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class LakeDiff:
    """How the lake after one run differs from the lake after another."""

    runs: tuple[str, str]
    tables: tuple[TableDiff, ...]
    rejects: tuple[int, int] = (0, 0)
    """Rejected records and quarantined rows: how many were added, and how many removed."""

    def _repr_html_(self) -> str:
        """The rows, for a notebook; every value is escaped."""
        return self.as_rows()._repr_html_()

    def as_rows(self) -> pl.DataFrame:
        """One row per table whose rows or columns differ, and one for the rejects."""
        rows = [
            (t.table.in_domain, t.rows.added, t.rows.removed, t.rows.changed, "; ".join(t.why))
            for t in self.tables
            if t.rows.differs
        ]
        if any(self.rejects):
            rows.append(("ops.rejects", *self.rejects, 0, "rejected records, quarantined rows"))
        schema = {"table": str, "added": int, "removed": int, "changed": int, "why": str}
        return pl.DataFrame(rows, schema, orient="row")


def diff(config: LakeConfig, before: str, after: str) -> LakeDiff:
    """How each table of the domain differs between two runs or times.

    Raises:
        UsageError: a text that names no run.
        StoreError: the lake cannot be read, or what a run left was vacuumed.
        ContractError: the gold of a run cannot be computed by today's SELECTs.
    """
    context = _DiffContext(config, before, after)
    with comparing(config, context.gold) as connection:
        tables = tuple(context.diff(connection, ref) for ref in context.tables)
    return LakeDiff(context.runs, tables, _rejects(context))


def table_diff(
    config: LakeConfig, before: str, after: str, name: str, *, limit: int = LIMIT
) -> tuple[TableDiff, pl.DataFrame]:
    """How one table differs: a row per changed cell, and one per added or removed row.

    The cells are those of `limit` rows at most; the counts are of all.

    Raises:
        UsageError: a text that names no run, or no table.
        StoreError: the lake cannot be read, or what a run left was vacuumed.
        ContractError: the gold of a run cannot be computed by today's SELECTs.
    """
    context = _DiffContext(config, before, after, name)
    with comparing(config, context.gold) as connection:
        # Whether the tables below differ says why gold does; the states of the last one stay.
        *_, found = [context.diff(connection, ref) for ref in context.tables]
        ignored = ignored_columns(found.table)
        changes = row_changes(connection, found.rows, ignored, limit) if found.rows.total else []
        sources = context.sources(connection, found.table, changes)
    cells = [
        cell
        for change, source in zip(changes, sources, strict=True)
        for cell in _cells(change, found.rows.key, source, ignored)
    ]
    return found, pl.DataFrame(cells, _CELLS, orient="row")


def last_two(config: LakeConfig) -> tuple[str, str]:
    """The last two runs that changed a table of bronze or silver or published gold, by their ids.

    Raises:
        UsageError: fewer than two did.
        StoreError: the lake cannot be read.
    """
    refs = load_catalog(config.domain).refs(Layer.BRONZE, Layer.SILVER)
    logs = (commits(table_path(config, ref)) for ref in refs)
    changing = {c.run_id for log in logs for c in log if c.run_id and not c.keeps_rows}
    runs = sorted(changing.union(publishing_runs(config)))
    if len(runs) < 2:  # noqa: PLR2004 - two sides
        raise UsageError(
            f"it takes two runs to compare: {counted(len(runs), 'run')} changed a table",
            "`carms run` after files have changed makes another",
        )
    return runs[-2], runs[-1]


class _DiffContext:
    """Two runs, and the tables that are compared between them."""

    def __init__(
        self, config: LakeConfig, before: str, after: str, name: str | None = None
    ) -> None:
        self.config = config
        self.runs = (resolve_as_of(config, before).run_id, resolve_as_of(config, after).run_id)
        catalog = load_catalog(config.domain)
        self.contracts = catalog.contracts
        self.steps = {step.contract.ref: step for step in catalog.gold_steps}
        lake = catalog.refs(Layer.BRONZE, Layer.SILVER, *config.domain.own_layers)
        ordered = [*lake, *self.steps]
        self.tables = [ref for ref in ordered if self.contracts[ref].kind == "table"]
        if name is not None:
            with_rows = {ref: self.contracts[ref] for ref in self.tables}
            self.tables = self._needed(Catalog(config.domain, with_rows).resolve(name))
        has_gold = any(ref.layer is Layer.GOLD for ref in self.tables)
        self.gold = [gold_as_of(config, run) if has_gold else None for run in self.runs]
        self.differing: set[TableRef] = set()

    def _needed(self, ref: TableRef) -> list[TableRef]:
        """A table after the tables that it is computed from, down to silver."""
        if ref.layer is not Layer.GOLD:
            return [ref]
        reads = [r for r in self.steps[ref].reads if self.contracts[r].kind == "table"]
        below = [r for read in reads if read != ref for r in self._needed(read)]
        return list(dict.fromkeys([*below, ref]))

    def diff(self, connection: Connection, ref: TableRef) -> TableDiff:
        """How a table differs; its two states stay on the connection."""
        contract = self.contracts[ref]
        sides = self._sides(connection, ref)
        found = Comparison()
        if sides is not None:
            found = compare(connection, sides, _keys(contract), ignored_columns(ref))
        if not found.differs:
            return TableDiff(ref, found)
        self.differing.add(ref)
        why = [f"column `{name}` was added" for name in found.new_columns]
        why += [f"column `{name}` was removed" for name in found.lost_columns]
        why += [f"column `{n}` changed from {was} to {now}" for n, was, now in found.new_types]
        reads = self.steps[ref].reads if ref.layer is Layer.GOLD else ()
        changed = [read for read in reads if read in self.differing]
        why += diff_causes(self.config, contract, self.runs, changed)
        return TableDiff(ref, found, tuple(why))

    def _sides(self, connection: Connection, ref: TableRef) -> Sides | None:
        if ref.layer is not Layer.GOLD:
            path = table_path(self.config, ref)
            versions = (own.version(self.config, ref, run) for run in self.runs)
            return sides_of(path, ref.in_domain, *versions)
        if self.gold[0] == self.gold[1]:
            return None
        selects = [gold_select(connection, number, ref.table) for number in (0, 1)]
        return Sides(*selects) if any(selects) else None

    def sources(
        self, connection: Connection, ref: TableRef, changes: Sequence[RowChange]
    ) -> list[str | None]:
        """The file and run that each row came from; of silver, those of its driver's rows."""
        rows = [change.after or change.before or {} for change in changes]
        if ref.layer is Layer.BRONZE:
            return [f"{row.get(SRC_FILENAME)} ({row.get(RUN_ID)})" for row in rows]
        found: list[str | None] = [None] * len(changes)
        contract = self.contracts[ref]
        driver = self.contracts.get(contract.silver.driver) if contract.silver.driver else None
        if driver is None or driver.ref.layer is not Layer.BRONZE:
            return found
        pairs, path = key_pairs(contract, driver), table_path(self.config, driver.ref)
        for run, is_removed in zip(self.runs, (True, False), strict=True):
            version = version_at(path, run)
            chosen = [i for i, c in enumerate(changes) if (c.change == "removed") == is_removed]
            if version < 0 or not chosen or not pairs:
                continue
            values = [tuple(rows[i][name] for name in pairs.values()) for i in chosen]
            select = read_pinned(pinned(path, version))
            by_value = files_and_runs(connection, select, list(pairs), values)
            for i, value in zip(chosen, values, strict=True):
                found[i] = ", ".join(by_value.get(value, [])) or None
        return found


def _rejects(context: _DiffContext) -> tuple[int, int]:
    refs = [ref for ref in context.contracts if ref.layer is not Layer.GOLD]
    found = [live(context.config, refs, as_of=run) for run in context.runs]
    before, after = (pl.DataFrame() if f is None else f.select(_REJECT).collect() for f in found)
    if before.is_empty() or after.is_empty():
        return after.height, before.height
    added = after.join(before, on=_REJECT, how="anti", nulls_equal=True)
    removed = before.join(after, on=_REJECT, how="anti", nulls_equal=True)
    return added.height, removed.height


def _keys(contract: Contract) -> list[tuple[str, ...]]:
    """What may tell a table's rows apart, the best first; of bronze a record's place does."""
    if contract.ref.layer is not Layer.BRONZE:
        return [contract.primary_key]
    delivery = tuple(name for name in contract.audit_columns if name == DELIVERY_ID)
    place = (SRC_FILENAME, SRC_ROW_NUMBER, *delivery)
    by_key = (*contract.primary_key, SRC_FILENAME, *delivery) if contract.primary_key else ()
    return [by_key, place]


def ignored_columns(ref: TableRef) -> frozenset[str]:
    """Columns that do not count as a change; in gold `updated_at` follows what is below it."""
    return _IGNORED | {"updated_at"} if ref.layer is Layer.GOLD else _IGNORED


def _cells(
    change: RowChange, key: Sequence[str], source: str | None, ignored: Collection[str]
) -> list[tuple[str | None, ...]]:
    """One row per changed cell; for an added or removed row one, with its values as JSON."""
    row = change.after or change.before or {}
    name = "|".join(str(row[column] or "") for column in key)
    rest = {c: v for c, v in row.items() if c not in key and c not in ignored}
    if change.before is None or change.after is None:
        values = json.dumps(rest, ensure_ascii=False)
        before, after = (None, values) if change.before is None else (values, None)
        return [(change.change, name or None, None, before, after, source)]
    return [
        (change.change, name, column, change.before[column], change.after[column], source)
        for column in rest
        if change.before[column] != change.after[column]
    ]
