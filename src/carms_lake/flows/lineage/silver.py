"""From rows of silver to the rows below them, and up, as the contracts say.

A silver function is Python, so the way is its contract's: the columns that the key is made of, a
driver's key, or what both tables name.
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
    from carms_lake.flows.lineage.context import Found, LineageContext, Row
    from carms_lake.names import TableRef


def below_silver(
    seen: LineageContext, ref: TableRef, rows: Sequence[Row]
) -> tuple[Found, set[TableRef]]:
    """The rows that silver rows were made of, and the tables that have more of them."""
    contract = seen.contracts[ref]
    found: Found = {}
    more = set()
    for target, links in _links(seen, contract).items():
        rows_there = _linked(seen, contract, target, links, rows)
        if rows_there:
            found[target] = rows_there
        if len(rows_there) > ROWS:
            more.add(target)
    between = {below for target in found for below in _all_below(seen, target)}
    for target in more & between:  # the way through the other tables is narrower
        del found[target]
    return found, more - between


@dataclass(frozen=True)
class _Link:
    """A column of a silver table, and the columns of a table below that it is made of."""

    column: str
    below: tuple[str, ...]
    is_copied: bool


def _links(seen: LineageContext, contract: Contract) -> dict[TableRef, list[_Link]]:
    """By table below: how its rows are found for a row of this one."""
    found = _key_links(seen, contract)
    others = {t for c in contract.columns for t in _sources(seen, contract, c.name)} - set(found)
    below_these = {t for r in found for t in _all_below(seen, r)}
    for target in sorted(others - below_these):
        links = _shared(seen, contract, target) or _as_others(seen, contract, target)
        found[target] = links or _looked_up(seen, contract, target)
    if not found:
        # The contract does not say what the key is made of: what the function reads, by its names.
        for target in seen.silver[contract.ref].reads.values():
            there = _all_columns(seen.contracts[target]) if target in seen.contracts else set()
            shared = [n for n in contract.primary_key if n in there]
            found[target] = [_Link(name, (name,), is_copied=True) for name in shared]
    return {target: links for target, links in found.items() if links}


def _key_links(seen: LineageContext, contract: Contract) -> dict[TableRef, list[_Link]]:
    """By table below: the columns that the key is made of, or the driver's key."""
    found: dict[TableRef, list[_Link]] = {}
    spec = contract.silver
    for name in contract.primary_key:
        for target, below in _sources(seen, contract, name).items():
            copied = not contract.column(name).rule
            found.setdefault(target, []).append(_Link(name, below, copied))
    driver = spec.driver if spec.driver in seen.contracts else None
    if driver and driver not in found:
        pairs = zip(contract.primary_key, spec.driver_key or contract.primary_key, strict=False)
        there = _all_columns(seen.contracts[driver])
        found[driver] = [_Link(n, (below,), is_copied=True) for n, below in pairs if below in there]
    return found


def _as_others(seen: LineageContext, contract: Contract, target: TableRef) -> list[_Link]:
    """How another silver table whose key this one has too is led there."""
    for ref in seen.silver:
        other = seen.contracts.get(ref)
        links = _key_links(seen, other).get(target, []) if other and other is not contract else []
        copied = [link for link in links if link.is_copied]
        if copied and all(link.column in contract.column_names for link in copied):
            return copied
    return []


def _sources(
    seen: LineageContext, contract: Contract, name: str
) -> dict[TableRef, tuple[str, ...]]:
    """By table: the columns of it that a column is made of, by the contract."""
    found: dict[TableRef, tuple[str, ...]] = {}
    for text in contract.column(name).sources:
        table, _, column = text.rpartition(".")
        target = seen.ref(table)
        if target is not None and column in _all_columns(seen.contracts[target]):
            found[target] = (*found.get(target, ()), column)
    return found


def _all_columns(contract: Contract) -> set[str]:
    return {*contract.column_names, *AUDIT_COLUMNS, *DELIVERY_COLUMNS}


def _all_below(seen: LineageContext, ref: TableRef) -> set[TableRef]:
    """The tables under a silver table, by the contracts."""
    if ref.layer is not Layer.SILVER or ref not in seen.contracts:
        return set()
    contract = seen.contracts[ref]
    direct = {t for c in contract.columns for t in _sources(seen, contract, c.name)} - {ref}
    return direct | {t for d in direct for t in _all_below(seen, d)}


def _shared(seen: LineageContext, contract: Contract, target: TableRef) -> list[_Link]:
    """The key of the table below under the same names; a looked-up name is no key."""
    return [
        _Link(name, (name,), is_copied=True)
        for name in seen.contracts[target].primary_key
        if name in contract.column_names and target not in _sources(seen, contract, name)
    ]


def _looked_up(seen: LineageContext, contract: Contract, target: TableRef) -> list[_Link]:
    """The values that come from there, as far as they are exact and of the same type."""
    there = seen.contracts[target]
    found = []
    for column in contract.columns:
        below = [
            name
            for name in _sources(seen, contract, column.name).get(target, ())
            if name in there.column_names
            and there.column(name).type == column.type
            and column.type.name not in (*VAGUE, "boolean")
        ]
        if below:
            found.append(_Link(column.name, tuple(below), is_copied=True))
    return found


def _linked(
    seen: LineageContext,
    contract: Contract,
    target: TableRef,
    links: Sequence[_Link],
    rows: Sequence[Row],
) -> list[Row]:
    """The rows below; where what is derived leads nowhere, by what is copied alone."""
    there = seen.contracts[target]
    is_delivered = bool(there.source and DELIVERY_COLUMNS[0] in there.audit_columns)
    newest = is_delivered and contract.silver.history is None
    for chosen in (links, [link for link in links if link.is_copied]):
        wanted = [_conditions(contract, chosen, row) for row in rows]
        found = lookup.rows_where(seen.connection, target, wanted, newest=newest)
        if found:
            break
    edges = next((link.below for link in links if link.is_copied and len(link.below) > 1), None)
    return _connected(seen, target, edges, found) if edges else found


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
    seen: LineageContext, target: TableRef, edges: tuple[str, ...], found: list[Row]
) -> list[Row]:
    """All rows that hang together: a key made of two columns of one table is a graph's node."""
    there = seen.contracts[target]
    count = 0
    while count < len(found) <= ROWS:
        count = len(found)
        nodes = {row[name] for row in found for name in edges}
        kind = there.column(edges[0]).type.sql
        wanted = [[Condition(edges, node, kind)] for node in sorted(nodes - {None}, key=repr)]
        found = lookup.rows_where(seen.connection, target, wanted)
    return found


def above_in_silver(seen: LineageContext, ref: TableRef, made_of: Found) -> list[Row]:
    """The rows of a silver table that were made of some rows below."""
    contract = seen.contracts[ref]
    wanted = []
    for below, links in _links(seen, contract).items():
        copied = [link for link in links if link.is_copied]
        for row in made_of.get(below, [])[:ROWS]:
            values = [(link, row[name]) for link in copied for name in link.below[:1]]
            wanted.append(
                [
                    Condition(
                        (link.column,), value, contract.column(link.column).type.sql, Match.TEXT
                    )
                    if isinstance(value, str)
                    else Condition((link.column,), value, contract.column(link.column).type.sql)
                    for link, value in values
                ]
            )
    return lookup.rows_where(seen.connection, ref, wanted)
