"""From rows to the rows that they were made of, and to those that were made of them.

Gold is followed through its SELECTs, exactly; silver as its contracts say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carms_lake.flows.lineage.context import identity, same
from carms_lake.flows.lineage.silver import silver_inputs, silver_outputs
from carms_lake.names import Layer
from carms_lake.store import lookup
from carms_lake.store.lookup import ROWS
from carms_lake.store.sql.column_lineage import LineageUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carms_lake.flows.lineage.context import LineageContext, Row, TableRows
    from carms_lake.names import TableRef
    from carms_lake.store.lookup import Condition


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
    if ref.layer is Layer.GOLD:
        return _of_gold(context, ref, rows)
    found, more = silver_inputs(context, ref, rows)
    return Inputs(found, frozenset(more))


def _of_gold(context: LineageContext, ref: TableRef, rows: Sequence[Row]) -> Inputs:
    contributions = _contributions(context, ref, rows)
    if contributions is None:
        return _by_names(context, ref, rows)
    if len(contributions) < len(rows):
        context.note(
            f"`{ref.in_domain}` was built from an earlier version of silver: run `carms build`"
        )
    found: TableRows = {}
    many = set()
    for target in sorted(
        {t for one in contributions for name in one.keys if (t := context.ref(name))}
    ):
        keys = _distinct(key for one in contributions for key in one.keys.get(target.in_domain, ()))
        there = context.contracts[target]
        picked = [same(there, key, there.primary_key) for key in keys[: ROWS + 1]]
        if picked:
            found[target] = lookup.rows_where(context.connection, target, picked)
        if len(keys) > ROWS:
            many.add(target)
    select = context.lineage_query(ref)
    return Inputs(found, frozenset(many), select.whole if select else frozenset())


def _contributions(
    context: LineageContext, ref: TableRef, rows: Sequence[Row]
) -> list[lookup.Contribution] | None:
    """The keys that contributed to gold rows; None, and a note, where that is impossible."""
    select = context.lineage_query(ref)
    if select is None:
        return None
    contract = context.contracts[ref]
    names = identity(contract)
    wanted = [same(contract, row, names) for row in rows]
    try:
        return lookup.contributing_keys(context.connection, select, names, wanted)
    except LineageUnknown as error:
        context.unfollowed(ref, error)
        return None


def _distinct(keys: Iterable[Row]) -> list[Row]:
    return list({tuple(key.values()): key for key in keys}.values())


def _by_names(context: LineageContext, ref: TableRef, rows: Sequence[Row]) -> Inputs:
    """Rows of the tables that a SELECT reads whose key columns have the same names."""
    contract = context.contracts[ref]
    found: TableRows = {}
    for target in context.gold[ref].reads:
        there = context.contracts.get(target)
        names = [n for n in identity(there) if n in contract.column_names] if there else []
        if there and names:
            wanted = [same(contract, row, names) for row in rows]
            found[target] = lookup.rows_where(context.connection, target, wanted)
    return Inputs({t: r for t, r in found.items() if r}, is_followed=False)


def made_only_from(
    context: LineageContext, ref: TableRef, rows: Sequence[Row], contributors: TableRows
) -> list[Row]:
    """Of gold rows those that were made of the given rows of a table alone.

    A row that others share, such as a day or a school, leads to what is not of this record.
    """
    contributions = _contributions(context, ref, rows) if ref.layer is Layer.GOLD else None
    if contributions is None:
        return list(rows)
    known = {
        below.in_domain: {
            tuple(row[n] for n in context.contracts[below].primary_key) for row in some
        }
        for below, some in contributors.items()
    }
    names = identity(context.contracts[ref])
    shared = {
        tuple(one.row[n] for n in names)
        for one in contributions
        for table, keys in one.keys.items()
        if table in known and not {tuple(key.values()) for key in keys} <= known[table]
    }
    return [row for row in rows if tuple(row[n] for n in names) not in shared]


def outputs(context: LineageContext, ref: TableRef, contributors: TableRows) -> list[Row]:
    """The rows of a gold or silver table that were made of some rows, one table up.

    Raises:
        StoreError: the lake cannot be read.
    """
    if ref.layer is Layer.SILVER:
        return silver_outputs(context, ref, contributors)
    contract = context.contracts[ref]
    wanted: list[list[Condition]] = []
    for number, (below, rows) in enumerate(contributors.items()):
        if (
            not rows
            or below not in context.gold[ref].reads
            or not context.contracts[below].primary_key
        ):
            continue
        there = context.contracts[below]
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
