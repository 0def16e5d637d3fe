"""From rows to the rows that they were made of, and to those that were made of them.

Gold is followed through its SELECTs, exactly; silver as its contracts say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carms_lake.flows.lineage.context import identity, same
from carms_lake.flows.lineage.silver import above_in_silver, below_silver
from carms_lake.names import Layer
from carms_lake.store import lookup
from carms_lake.store.lookup import ROWS
from carms_lake.store.sql.column_lineage import LineageUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carms_lake.flows.lineage.context import Found, LineageContext, Row
    from carms_lake.names import TableRef
    from carms_lake.store.lookup import Condition


@dataclass(frozen=True)
class Inputs:
    """The rows that some rows were made of."""

    rows: Found
    more: frozenset[TableRef] = frozenset()
    """Tables of which there are more than are given."""
    whole: frozenset[str] = frozenset()
    """Tables all of whose rows count (`select max(x) from t`)."""
    is_followed: bool = True
    """False where the way is not known."""


def inputs(seen: LineageContext, ref: TableRef, rows: Sequence[Row]) -> Inputs:
    """The rows that rows of a gold or silver table were made of, one table down.

    Raises:
        StoreError: the lake cannot be read.
    """
    if not rows or ref.layer is Layer.BRONZE:
        return Inputs({})
    if ref.layer is Layer.GOLD:
        return _of_gold(seen, ref, rows)
    found, more = below_silver(seen, ref, rows)
    return Inputs(found, frozenset(more))


def _of_gold(seen: LineageContext, ref: TableRef, rows: Sequence[Row]) -> Inputs:
    carried = _carried(seen, ref, rows)
    if carried is None:
        return _by_names(seen, ref, rows)
    if len(carried) < len(rows):
        seen.note(
            f"`{ref.in_domain}` was built from other rows of silver than there are today: "
            "`carms build`"
        )
    found: Found = {}
    many = set()
    for target in sorted({t for one in carried for name in one.keys if (t := seen.ref(name))}):
        keys = _distinct(key for one in carried for key in one.keys.get(target.in_domain, ()))
        there = seen.contracts[target]
        picked = [same(there, key, there.primary_key) for key in keys[: ROWS + 1]]
        if picked:
            found[target] = lookup.rows_where(seen.connection, target, picked)
        if len(keys) > ROWS:
            many.add(target)
    select = seen.carrying(ref)
    return Inputs(found, frozenset(many), select.whole if select else frozenset())


def _carried(
    seen: LineageContext, ref: TableRef, rows: Sequence[Row]
) -> list[lookup.Carried] | None:
    """What gold rows carry; None, and a note, where their SELECT cannot be followed."""
    select = seen.carrying(ref)
    if select is None:
        return None
    contract = seen.contracts[ref]
    names = identity(contract)
    wanted = [same(contract, row, names) for row in rows]
    try:
        return lookup.keys_carried(seen.connection, select, names, wanted)
    except LineageUnknown as error:
        seen.unfollowed(ref, error)
        return None


def _distinct(keys: Iterable[Row]) -> list[Row]:
    return list({tuple(key.values()): key for key in keys}.values())


def _by_names(seen: LineageContext, ref: TableRef, rows: Sequence[Row]) -> Inputs:
    """Rows of the tables that a SELECT reads whose key stands under the same names."""
    contract = seen.contracts[ref]
    found: Found = {}
    for target in seen.gold[ref].reads:
        there = seen.contracts.get(target)
        names = [n for n in identity(there) if n in contract.column_names] if there else []
        if there and names:
            wanted = [same(contract, row, names) for row in rows]
            found[target] = lookup.rows_where(seen.connection, target, wanted)
    return Inputs({t: r for t, r in found.items() if r}, is_followed=False)


def own(seen: LineageContext, ref: TableRef, rows: Sequence[Row], made_of: Found) -> list[Row]:
    """Of gold rows those that were made of the given rows of a table alone.

    A row that others share, such as a day or a school, leads to what is not of this record.
    """
    carried = _carried(seen, ref, rows) if ref.layer is Layer.GOLD else None
    if carried is None:
        return list(rows)
    known = {
        below.in_domain: {tuple(row[n] for n in seen.contracts[below].primary_key) for row in some}
        for below, some in made_of.items()
    }
    names = identity(seen.contracts[ref])
    shared = {
        tuple(one.row[n] for n in names)
        for one in carried
        for table, keys in one.keys.items()
        if table in known and not {tuple(key.values()) for key in keys} <= known[table]
    }
    return [row for row in rows if tuple(row[n] for n in names) not in shared]


def outputs(seen: LineageContext, ref: TableRef, made_of: Found) -> list[Row]:
    """The rows of a gold or silver table that were made of some rows, one table up.

    Raises:
        StoreError: the lake cannot be read.
    """
    if ref.layer is Layer.SILVER:
        return above_in_silver(seen, ref, made_of)
    contract = seen.contracts[ref]
    wanted: list[list[Condition]] = []
    for number, (below, rows) in enumerate(made_of.items()):
        if not rows or below not in seen.gold[ref].reads or not seen.contracts[below].primary_key:
            continue
        there = seen.contracts[below]
        picked = [same(there, row, there.primary_key) for row in rows[:ROWS]]
        name = lookup.narrow(seen.connection, below, picked, number)
        select = seen.carrying(ref, {below.in_domain: name})
        try:
            if select and below.in_domain in select.columns:
                names = identity(contract)
                found = lookup.made_from(seen.connection, select, below.in_domain, names)
                wanted += [same(contract, row, names) for row in found]
        except LineageUnknown as error:
            seen.unfollowed(ref, error)
    return lookup.rows_where(seen.connection, ref, wanted)
