"""From rows to the rows that they were made of, and to those that were made of them.

Gold is followed through its SELECTs, exactly. A silver function is Python, so its contract is
followed: the columns that the key is made of, the driver's key, or columns that both tables have.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from carms_lake.contract.model import Column, Contract
from carms_lake.flows.lineage.context import VAGUE, LineageContext, Row, TableRows, identity, same
from carms_lake.flows.series import of_present
from carms_lake.names import AUDIT_COLUMNS, DELIVERY_COLUMNS, Layer, TableRef
from carms_lake.store import lookup, table_path
from carms_lake.store.lookup import ROWS, Condition, Match
from carms_lake.store.sql.column_lineage import LineageUnknown


@dataclass(frozen=True)
class Inputs:
    """The rows that some rows were made of."""

    rows: TableRows
    more: frozenset[TableRef] = frozenset()
    """Tables that have more of them than are listed."""
    whole: frozenset[str] = frozenset()
    """Tables all of whose rows contribute (`select max(x) from t`)."""
    is_followed: bool = True
    """False where the SELECT could not be followed."""


def inputs(context: LineageContext, ref: TableRef, rows: Sequence[Row]) -> Inputs:
    """The rows that rows of a gold or silver table were made of, one table down.

    Raises:
        StoreError: the lake cannot be read.
    """
    if not rows or ref.layer is Layer.BRONZE:
        return Inputs({})
    return (_of_gold if ref.layer is Layer.GOLD else _of_silver)(context, ref, rows)


def _of_gold(context: LineageContext, ref: TableRef, rows: Sequence[Row]) -> Inputs:
    contributions = context.contributions(ref, rows)
    if contributions is None:
        return _by_names(context, ref, rows)
    if len(contributions) < len(rows):
        context.note(
            f"`{ref.in_domain}` was built from an earlier version of silver: run `carms build`"
        )
    found: TableRows = {}
    many = set()
    for name in sorted({name for one in contributions for name in one.keys}):
        target = context.ref(name)
        if target is None:
            continue
        distinct = {
            tuple(key.values()): key for one in contributions for key in one.keys.get(name, ())
        }
        # One more than is shown tells that there are more.
        keys = list(distinct.values())[: ROWS + 1]
        there = context.contracts[target]
        picked = [same(there, key, there.primary_key) for key in keys]
        found[target] = lookup.rows_where(context.connection, target, picked)
        if len(keys) > ROWS:
            many.add(target)
    select = context.lineage_query(ref)
    return Inputs(found, frozenset(many), select.whole if select else frozenset())


def _by_names(context: LineageContext, ref: TableRef, rows: Sequence[Row]) -> Inputs:
    """Rows of the tables that a SELECT reads whose key columns have the same names."""
    contract = context.contracts[ref]
    found: TableRows = {}
    for target in context.gold[ref].reads:
        there = context.contracts.get(target)
        names = [n for n in identity(there) if n in contract.column_names] if there else []
        if names:
            wanted = [same(contract, row, names) for row in rows]
            found[target] = lookup.rows_where(context.connection, target, wanted)
    return Inputs({t: r for t, r in found.items() if r}, is_followed=False)


def outputs(context: LineageContext, ref: TableRef, contributors: TableRows) -> list[Row]:
    """The rows of a gold or silver table that were made of some rows, one table up.

    Raises:
        StoreError: the lake cannot be read.
    """
    if ref.layer is Layer.SILVER:
        return _silver_outputs(context, ref, contributors)
    contract = context.contracts[ref]
    wanted: list[list[Condition]] = []
    for number, (below, rows) in enumerate(contributors.items()):
        there = context.contracts[below]
        if not rows or below not in context.gold[ref].reads or not there.primary_key:
            continue
        picked = [same(there, row, there.primary_key) for row in rows[:ROWS]]
        name = lookup.create_subset(context.connection, below, picked, number)
        select = context.lineage_query(ref, {below.in_domain: name})
        try:
            if select and below.in_domain in select.columns:
                names = identity(contract)
                found = lookup.derived_rows(context.connection, select, below.in_domain, names)
                wanted += [same(contract, row, names) for row in found]
        except LineageUnknown as error:
            context.unfollowed(ref, error)
    return lookup.rows_where(context.connection, ref, wanted)


def _of_silver(context: LineageContext, ref: TableRef, rows: Sequence[Row]) -> Inputs:
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
    return Inputs(found, frozenset(more - between))


@dataclass(frozen=True)
class _Link:
    """A column of a silver table, and the columns of a table below that it is made of."""

    column: str
    below: tuple[str, ...]
    is_copied: bool


def _links(context: LineageContext, contract: Contract) -> dict[TableRef, list[_Link]]:
    """By table below: how its rows are found for a row of this one."""
    found = _key_links(context, contract)
    others = {t for column in contract.columns for t in _sources(context, column)} - set(found)
    below_these = {t for r in found for t in _all_below(context, r)}
    for target in sorted(others - below_these):
        shared = [  # the key of the table below, unless the contract maps that name
            _Link(name, (name,), is_copied=True)
            for name in context.contracts[target].primary_key
            if name in contract.column_names
            and target not in _sources(context, contract.column(name))
        ]
        links = shared or _as_others(context, contract, target)
        found[target] = links or _looked_up(context, contract, target)
    if not found:
        # The contract does not say what the key is made of: what the function reads, by its names.
        for target in context.silver[contract.ref].reads.values():
            below = context.contracts.get(target)
            there = _all_columns(below) if below else set()
            names = [name for name in contract.primary_key if name in there]
            found[target] = [_Link(name, (name,), is_copied=True) for name in names]
    return {target: links for target, links in found.items() if links}


def _key_links(context: LineageContext, contract: Contract) -> dict[TableRef, list[_Link]]:
    """By table below: the columns that the key is made of, or the driver's key."""
    found: dict[TableRef, list[_Link]] = {}
    spec = contract.silver
    for name in contract.primary_key:
        column = contract.column(name)
        for target, below in _sources(context, column).items():
            found.setdefault(target, []).append(_Link(name, below, not column.rule))
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
        if other is None or other is contract:
            continue
        copied = [link for link in _key_links(context, other).get(target, []) if link.is_copied]
        if copied and all(link.column in contract.column_names for link in copied):
            return copied
    return []


def _sources(context: LineageContext, column: Column) -> dict[TableRef, tuple[str, ...]]:
    """By table: the columns of it that a column is made of, by the contract."""
    found: dict[TableRef, tuple[str, ...]] = {}
    for target, name in context.sources(column):
        if name in _all_columns(context.contracts[target]):
            found[target] = (*found.get(target, ()), name)
    return found


def _all_columns(contract: Contract) -> set[str]:
    return {*contract.column_names, *AUDIT_COLUMNS, *DELIVERY_COLUMNS}


def _all_below(context: LineageContext, ref: TableRef) -> set[TableRef]:
    """The tables under a silver table, by the contracts."""
    if ref.layer is not Layer.SILVER or ref not in context.contracts:
        return set()
    columns = context.contracts[ref].columns
    direct = {t for column in columns for t in _sources(context, column)} - {ref}
    return direct | {t for d in direct for t in _all_below(context, d)}


def _looked_up(context: LineageContext, contract: Contract, target: TableRef) -> list[_Link]:
    """The values that come from there, as far as they are exact and of the same type."""
    types = {column.name: column.type for column in context.contracts[target].columns}
    found = []
    for column in contract.columns:
        names = _sources(context, column).get(target, ())
        below = tuple(name for name in names if types.get(name) == column.type)
        if below and column.type.name not in (*VAGUE, "boolean"):
            found.append(_Link(column.name, below, is_copied=True))
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
        wanted = [
            [
                Condition(
                    link.below,
                    row[link.column],
                    contract.column(link.column).type.sql,
                    Match.SAME if link.is_copied else Match.NAMES,
                )
                for link in chosen
                if link.is_copied or row[link.column] is not None
            ]
            for row in rows
        ]
        found = lookup.rows_where(context.connection, target, wanted, newest=newest)
        if contract.silver.history is None:
            found = of_present(there, table_path(context.config, target), found)
        if found:
            break
    edges = next((link.below for link in links if link.is_copied and len(link.below) > 1), None)
    return _connected(context, target, edges, found) if edges else found


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


def _silver_outputs(context: LineageContext, ref: TableRef, contributors: TableRows) -> list[Row]:
    """The rows of a silver table that were made of some rows below."""
    contract = context.contracts[ref]
    wanted: list[list[Condition]] = []
    for below, links in _links(context, contract).items():
        for row in contributors.get(below, [])[:ROWS]:
            wanted.append([])
            for link in links:
                value, kind = row[link.below[0]], contract.column(link.column).type.sql
                match = Match.TEXT if isinstance(value, str) else Match.SAME
                if link.is_copied:
                    wanted[-1].append(Condition((link.column,), value, kind, match))
    return lookup.rows_where(context.connection, ref, wanted)
