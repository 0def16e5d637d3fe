"""From rows of silver to their inputs and outputs, as the contracts say.

A silver function is Python, so its contract is followed: the columns that the key is made of, the
driver's key, or columns that both tables have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carms_lake.flows.lineage.context import VAGUE
from carms_lake.names import AUDIT_COLUMNS, DELIVERY_COLUMNS, Layer
from carms_lake.store import lookup
from carms_lake.store.lookup import ROWS, Condition, Match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.flows.lineage.context import LineageContext, Row, TableRows
    from carms_lake.names import TableRef


def silver_inputs(
    context: LineageContext, ref: TableRef, rows: Sequence[Row]
) -> tuple[TableRows, set[TableRef]]:
    """The rows that silver rows were made of, and the tables that have more of them."""
    contract = context.contracts[ref]
    found: TableRows = {}
    more = set()
    for target, links in _links(context, contract).items():
        rows_there = _linked(context, contract, target, links, rows)
        if rows_there:
            found[target] = rows_there
        if len(rows_there) > ROWS:
            more.add(target)
    between = {below for target in found for below in _all_below(context, target)}
    for target in more & between:  # the path through the other tables finds fewer rows
        del found[target]
    return found, more - between


@dataclass(frozen=True)
class _Link:
    """A column of a silver table, and the columns of a table below that it is made of."""

    column: str
    below: tuple[str, ...]
    is_copied: bool


def _links(context: LineageContext, contract: Contract) -> dict[TableRef, list[_Link]]:
    """By table below: how its rows are found for a row of this one."""
    found = _key_links(context, contract)
    others = {t for c in contract.columns for t in _sources(context, contract, c.name)} - set(found)
    below_these = {t for r in found for t in _all_below(context, r)}
    for target in sorted(others - below_these):
        links = _shared(context, contract, target) or _as_others(context, contract, target)
        found[target] = links or _looked_up(context, contract, target)
    if not found:
        # The contract does not say what the key is made of: what the function reads, by its names.
        for target in context.silver[contract.ref].reads.values():
            there = (
                _all_columns(context.contracts[target]) if target in context.contracts else set()
            )
            shared = [n for n in contract.primary_key if n in there]
            found[target] = [_Link(name, (name,), is_copied=True) for name in shared]
    return {target: links for target, links in found.items() if links}


def _key_links(context: LineageContext, contract: Contract) -> dict[TableRef, list[_Link]]:
    """By table below: the columns that the key is made of, or the driver's key."""
    found: dict[TableRef, list[_Link]] = {}
    spec = contract.silver
    for name in contract.primary_key:
        for target, below in _sources(context, contract, name).items():
            copied = not contract.column(name).rule
            found.setdefault(target, []).append(_Link(name, below, copied))
    driver = spec.driver if spec.driver in context.contracts else None
    if driver and driver not in found:
        pairs = zip(contract.primary_key, spec.driver_key or contract.primary_key, strict=False)
        there = _all_columns(context.contracts[driver])
        found[driver] = [_Link(n, (below,), is_copied=True) for n, below in pairs if below in there]
    return found


def _as_others(context: LineageContext, contract: Contract, target: TableRef) -> list[_Link]:
    """How another silver table finds them, if this table has its key columns too."""
    for ref in context.silver:
        other = context.contracts.get(ref)
        links = (
            _key_links(context, other).get(target, []) if other and other is not contract else []
        )
        copied = [link for link in links if link.is_copied]
        if copied and all(link.column in contract.column_names for link in copied):
            return copied
    return []


def _sources(
    context: LineageContext, contract: Contract, name: str
) -> dict[TableRef, tuple[str, ...]]:
    """By table: the columns of it that a column is made of, by the contract."""
    found: dict[TableRef, tuple[str, ...]] = {}
    for text in contract.column(name).sources:
        table, _, column = text.rpartition(".")
        target = context.ref(table)
        if target is not None and column in _all_columns(context.contracts[target]):
            found[target] = (*found.get(target, ()), column)
    return found


def _all_columns(contract: Contract) -> set[str]:
    return {*contract.column_names, *AUDIT_COLUMNS, *DELIVERY_COLUMNS}


def _all_below(context: LineageContext, ref: TableRef) -> set[TableRef]:
    """The tables under a silver table, by the contracts."""
    if ref.layer is not Layer.SILVER or ref not in context.contracts:
        return set()
    contract = context.contracts[ref]
    direct = {t for c in contract.columns for t in _sources(context, contract, c.name)} - {ref}
    return direct | {t for d in direct for t in _all_below(context, d)}


def _shared(context: LineageContext, contract: Contract, target: TableRef) -> list[_Link]:
    """The key of the table below under the same names, unless the contract maps that name."""
    return [
        _Link(name, (name,), is_copied=True)
        for name in context.contracts[target].primary_key
        if name in contract.column_names and target not in _sources(context, contract, name)
    ]


def _looked_up(context: LineageContext, contract: Contract, target: TableRef) -> list[_Link]:
    """The values that come from there, as far as they are exact and of the same type."""
    there = context.contracts[target]
    found = []
    for column in contract.columns:
        below = [
            name
            for name in _sources(context, contract, column.name).get(target, ())
            if name in there.column_names
            and there.column(name).type == column.type
            and column.type.name not in (*VAGUE, "boolean")
        ]
        if below:
            found.append(_Link(column.name, tuple(below), is_copied=True))
    return found


def _linked(
    context: LineageContext,
    contract: Contract,
    target: TableRef,
    links: Sequence[_Link],
    rows: Sequence[Row],
) -> list[Row]:
    """The input rows; where derived columns find none, by the copied columns alone."""
    there = context.contracts[target]
    is_delivered = bool(there.source and DELIVERY_COLUMNS[0] in there.audit_columns)
    newest = is_delivered and contract.silver.history is None
    for chosen in (links, [link for link in links if link.is_copied]):
        wanted = [_conditions(contract, chosen, row) for row in rows]
        found = lookup.rows_where(context.connection, target, wanted, newest=newest)
        if found:
            break
    edges = next((link.below for link in links if link.is_copied and len(link.below) > 1), None)
    return _connected(context, target, edges, found) if edges else found


def _conditions(contract: Contract, links: Sequence[_Link], row: Row) -> list[Condition]:
    return [
        Condition(
            link.below,
            row[link.column],
            contract.column(link.column).type.sql,
            Match.SAME if link.is_copied else Match.NAMES,
        )
        for link in links
        if link.is_copied or row[link.column] is not None
    ]


def _connected(
    context: LineageContext, target: TableRef, edges: tuple[str, ...], found: list[Row]
) -> list[Row]:
    """All connected rows: a key made of two columns of one table is a node of a graph."""
    there = context.contracts[target]
    count = 0
    while count < len(found) <= ROWS:
        count = len(found)
        nodes = {row[name] for row in found for name in edges}
        kind = there.column(edges[0]).type.sql
        wanted = [[Condition(edges, node, kind)] for node in sorted(nodes - {None}, key=repr)]
        found = lookup.rows_where(context.connection, target, wanted)
    return found


def silver_outputs(context: LineageContext, ref: TableRef, contributors: TableRows) -> list[Row]:
    """The rows of a silver table that were made of some rows below."""
    contract = context.contracts[ref]
    wanted = []
    for below, links in _links(context, contract).items():
        copied = [link for link in links if link.is_copied]
        for row in contributors.get(below, [])[:ROWS]:
            conditions = []
            for link in copied:
                value, type_ = row[link.below[0]], contract.column(link.column).type.sql
                match = Match.TEXT if isinstance(value, str) else Match.SAME
                conditions.append(Condition((link.column,), value, type_, match))
            wanted.append(conditions)
    return lookup.rows_where(context.connection, ref, wanted)
