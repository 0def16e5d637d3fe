"""A record's way: the file and row it came in, its bronze row, what silver and gold made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carms_lake.contract.load import load_contracts
from carms_lake.errors import UnknownKey
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER, Layer, TableRef
from carms_lake.store import delta, lookup
from carms_lake.store.layout import table_path
from carms_lake.store.published import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.store.lookup import Connection

    Row = dict[str, Any]

ROWS_SHOWN = lookup.ROWS
"""How many rows of one table a trace shows."""


@dataclass(frozen=True)
class TracedValue:
    """One value of a row: the columns that it was made of, and the rule, from the contract."""

    column: str
    value: Any
    made_of: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True)
class TraceStep:
    """One row of one table on the record's way."""

    table: TableRef
    place: str
    """Where it stands in its source file; empty outside bronze."""
    values: tuple[TracedValue, ...]


@dataclass(frozen=True)
class Trace:
    """A record's way, and the tables that have more rows of it than are shown."""

    steps: tuple[TraceStep, ...]
    cut: tuple[TableRef, ...] = ()


def trace(config: LakeConfig, key: str) -> Trace:
    """The rows that belong to a key, from bronze through silver to gold, with each value's rule.

    The key is looked for in the primary keys of silver; the columns that these are made of lead
    down to bronze, equal names and references up to gold.

    Raises:
        UnknownKey: no row has it.
        GoldMissing: there is no gold file yet.
        StoreError: the lake cannot be read.
    """
    contracts = load_contracts(list(config.domain.schemas), config.domain.name)
    there = {
        ref: c
        for ref, c in contracts.items()
        if c.kind == "table" and (ref.layer is Layer.GOLD or delta.exists(table_path(config, ref)))
    }
    with reading(config, list(there.values())) as connection:
        names = _key_columns(connection, there, key)
        if not names:
            raise UnknownKey(
                f"no row of `{config.domain.name}` has the key `{key}`",
                "`carms tables` lists the tables",
            )
        found = _bronze(connection, there, names, key)
        for ref, contract in there.items():
            columns = [name for name in contract.column_names if name in names]
            if ref.layer is not Layer.BRONZE and columns:
                found[ref] = lookup.rows_with(connection, ref, columns, key)
        _follow_references(connection, there, found)
    ordered = [ref for layer in Layer for ref in sorted(found) if ref.layer is layer]
    return Trace(
        tuple(_step(ref, row, there[ref]) for ref in ordered for row in found[ref][:ROWS_SHOWN]),
        tuple(ref for ref in ordered if len(found[ref]) > ROWS_SHOWN),
    )


def _key_columns(
    connection: Connection, contracts: Mapping[TableRef, Contract], key: str
) -> set[str]:
    """The primary key columns of silver that have this value somewhere."""
    names: set[str] = set()
    for ref, contract in contracts.items():
        if ref.layer is Layer.SILVER:
            wanted = [
                n
                for n in contract.primary_key
                if contract.column(n).type.name in ("varchar", "integer", "bigint")
            ]
            names |= {
                name
                for name in wanted
                if name not in names and lookup.rows_with(connection, ref, [name], key)
            }
    return names


def _bronze(
    connection: Connection,
    contracts: Mapping[TableRef, Contract],
    names: set[str],
    key: str,
) -> dict[TableRef, list[Row]]:
    """The bronze rows in which the columns that the key is made of name it."""
    sources: dict[TableRef, set[str]] = {}
    for ref, contract in contracts.items():
        if ref.layer is not Layer.SILVER:
            continue
        for column in contract.columns:
            for text in column.sources if column.name in names else ():
                table, _, source = text.rpartition(".")
                target = TableRef.parse(table, domain=ref.domain)
                if target and target in contracts and target.layer is Layer.BRONZE:
                    sources.setdefault(target, set()).add(source)
    return {
        ref: lookup.rows_naming(connection, ref, sorted(columns), key)
        for ref, columns in sources.items()
    }


def _follow_references(
    connection: Connection,
    contracts: Mapping[TableRef, Contract],
    found: dict[TableRef, list[Row]],
) -> None:
    """Add the gold rows that the found ones refer to, and those that refer to them."""
    begun = {ref: rows for ref, rows in found.items() if ref.layer is Layer.GOLD and rows}
    for ref, contract in contracts.items():
        for relationship in contract.relationships:
            if (
                ref in begun
                and relationship.target not in found
                and relationship.target in contracts
            ):
                values = {tuple(row[c] for c in relationship.columns) for row in begun[ref]}
                found[relationship.target] = lookup.rows_referring(
                    connection,
                    relationship.target,
                    relationship.target_columns,
                    sorted(values, key=repr),
                )
            if relationship.target in begun and ref not in found:
                values = {
                    tuple(row[c] for c in relationship.target_columns)
                    for row in begun[relationship.target]
                }
                found[ref] = lookup.rows_referring(
                    connection, ref, relationship.columns, sorted(values, key=repr)
                )


def _step(ref: TableRef, row: Row, contract: Contract) -> TraceStep:
    values = tuple(
        TracedValue(column.name, row[column.name], column.sources, column.rule)
        for column in contract.columns
    )
    place = ""
    if ref.layer is Layer.BRONZE:
        place = f"{row[SRC_FILENAME]}, record {row[SRC_ROW_NUMBER]}"
        if row.get(DELIVERY_ID) is not None:
            place += f", delivery {row[DELIVERY_ID]}"
    return TraceStep(ref, place, values)
