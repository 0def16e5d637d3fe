"""The words that a value was read from, where a contract says which table holds them."""

from collections.abc import Sequence
from dataclasses import dataclass

from carms_lake.contract.evidence import OWN_COLUMNS
from carms_lake.flows.lineage.context import LineageContext, Row, same
from carms_lake.names import TableRef
from carms_lake.store import lookup
from carms_lake.store.lookup import Condition


@dataclass(frozen=True)
class Passage:
    """Words of a text that a value was read from."""

    sentence: str
    place: str
    """Where they are, by the columns of the table that holds them."""


def passages(context: LineageContext, ref: TableRef, column: str, row: Row) -> tuple[Passage, ...]:
    """The words that the value of a column in a row was read from, in their order.

    Raises:
        StoreError: the lake cannot be read.
    """
    contract = context.contracts[ref]
    spec = contract.evidence
    there = context.contracts.get(spec.table) if spec else None
    if spec is None or there is None:
        return ()
    keys = spec.keys(contract.primary_key or contract.column_names, there.column_names)
    conditions = [*same(contract, row, keys), _is("fact", spec.fact or column)]
    if spec.item:
        conditions.append(_is("item", ".".join(str(row[name]) for name in spec.item)))
    found = lookup.rows_where(context.connection, spec.table, [conditions])
    shown = [n for n in there.column_names if n not in (*there.primary_key, *OWN_COLUMNS)]
    found.sort(key=lambda one: [one[name] for name in there.primary_key])
    return tuple(dict.fromkeys(_passage(one, shown) for one in found))


def _passage(row: Row, shown: Sequence[str]) -> Passage:
    place = ", ".join(f"{name} {row[name]}" for name in shown if row[name] is not None)
    return Passage(str(row["sentence"]), place)


def _is(column: str, value: str) -> Condition:
    return Condition((column,), value, "varchar")
