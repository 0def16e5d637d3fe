"""Rows of a gold file under construction that came or went, and tables computed for some keys.

Relations are temporary tables of the file's connection, named by what they hold and of which table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError
from carms_lake.names import TableRef
from carms_lake.store.gold.macros import ensure_unique
from carms_lake.store.sql import qualified, quoted, scalar

LARGE_PCT = 30.0
"""Of a table's rows: where more keys are touched, all rows take less time."""


class NotByKey(Exception):
    """Why a SELECT has to be computed as a whole."""


@dataclass(frozen=True)
class Place:
    """Where a SELECT reads a table of which rows of some keys are enough."""

    table: str
    """As the SELECT names it: `silver.page_view`."""
    start: int
    """Of the name in the text of the SELECT; `end` is after its last character."""
    end: int
    key: tuple[str, ...]
    """The key as expressions of the table's row, which is called `t`."""
    is_named: bool
    """The text gives it another name there; else its columns are called by its own."""


@dataclass(frozen=True)
class ByKey:
    """How a SELECT is computed for some values of its key."""

    columns: tuple[str, ...]
    places: tuple[Place, ...]
    touched: tuple[str, ...]
    """SELECTs of the values, in the order of `columns`, whose rows may have changed."""


@dataclass(frozen=True)
class RowChange:
    """The relations of a table's rows that went, and of those that came."""

    removed: str
    added: str

    @property
    def both(self) -> str:
        """A relation of the rows that went and of those that came."""
        return f"(from {self.removed} union all from {self.added})"


def row_change(
    connection: duckdb.DuckDBPyConnection, ref: TableRef, before: str, after: str
) -> RowChange | None:
    """What came and went between two SELECTs of a table's columns; None where nothing did."""
    change = RowChange(quoted(f"removed {ref.in_domain}"), quoted(f"added {ref.in_domain}"))
    for name, these, others in (
        (change.removed, before, after),
        (change.added, after, before),
    ):
        connection.execute(
            f"create or replace temp table {name} as ({these}) except all ({others})"
        )
    some = [
        scalar(connection, f"select 1 from {name} limit 1")
        for name in (change.removed, change.added)
    ]
    return change if any(some) else None


def update_by_key(
    connection: duckdb.DuckDBPyConnection, contract: Contract, sql: str, plan: ByKey
) -> tuple[int, RowChange | None]:
    """Compute a table of the file again for the touched values of its key: how many, what changed.

    Raises:
        NotByKey: so many values are touched that all rows take less time; nothing was done.
        ContractError: the SELECT gives keys that it was not asked for, or one of them twice.
    """
    table, label = qualified(contract.ref), contract.ref.in_domain
    keys, old, new = (quoted(f"{what} {label}") for what in ("keys", "old", "new"))
    names = [quoted(name) for name in plan.columns]
    typed = ", ".join(f"c{i}::{contract.column(n).type.sql}" for i, n in enumerate(plan.columns))
    listed = ", ".join(f"c{i}" for i in range(len(names)))
    touched = " union all ".join(plan.touched) or f"select {', '.join(names)} from {table} limit 0"
    run = connection.execute
    distinct = f"select distinct {typed} from ({touched}) as k({listed})"
    run(f"create temp table {keys}({', '.join(names)}) as {distinct}")
    count, rows = (int(scalar(connection, f"select count(*) from {t}")) for t in (keys, table))
    if count > rows * LARGE_PCT / 100:
        raise NotByKey(f"more than {LARGE_PCT:g} % of its keys are touched")
    of_key = _same([f"t.{name}" for name in names], names)
    run(
        f"create temp table {old} as select t.* from {table} as t semi join {keys} as k on {of_key}"
    )
    views = [f"place {i} {label}" for i in range(len(plan.places))]
    for view, place in zip(views, plan.places, strict=True):
        run(
            f"create temp view {quoted(view)} as select t.* from {_read(place.table)} as t"
            f" semi join {keys} as k on {_same(place.key, names)}"
        )
    columns = ", ".join(quoted(name) for name in contract.column_names)
    run(f"create temp table {new} as select {columns} from ({restricted(sql, plan, views)})")
    other = scalar(
        connection, f"select 1 from {new} as t anti join {keys} as k on {of_key} limit 1"
    )
    if other:
        raise ContractError(
            f"`{contract.ref}`: its SELECT gives other rows for some keys than for all",
            "`carms build --full-refresh` computes all; please report the SELECT",
        )
    if count:
        run(f"delete from {table} as t using {keys} as k where {of_key}")
        run(f"insert into {table} by name from {new}")
    if contract.enforce_key and _repeats(connection, contract, new):
        ensure_unique(connection, contract, sql)
    # Equal columns in equal order: what is compared is rows.
    return count, row_change(
        connection, contract.ref, f"select {columns} from {old}", f"from {new}"
    )


def _repeats(connection: duckdb.DuckDBPyConnection, contract: Contract, new: str) -> bool:
    """Whether a new row has the key of another one: two rows that were there before have not."""
    unique = [(column.name,) for column in contract.columns if column.unique]
    for key in filter(None, (contract.primary_key, *unique)):
        names = ", ".join(f"t.{quoted(name)}" for name in key)
        same = " and ".join(f"t.{quoted(name)} = n.{quoted(name)}" for name in key)
        rows = f"{qualified(contract.ref)} as t semi join {new} as n on {same}"
        if scalar(connection, f"select 1 from {rows} group by {names} having count(*) > 1 limit 1"):
            return True
    return False


def _same(expressions: Sequence[str], names: Sequence[str]) -> str:
    """That expressions have the values of a key, null among them."""
    return " and ".join(
        f"{expression} is not distinct from k.{name}"
        for expression, name in zip(expressions, names, strict=True)
    )


def _read(table: str) -> str:
    layer, _, name = table.partition(".")
    return f"{quoted(layer)}.{quoted(name)}"


def restricted(sql: str, found: ByKey, relations: Sequence[str]) -> str:
    """The text of the SELECT with other relations in its places, in their order."""
    pairs = zip(found.places, relations, strict=True)
    for place, relation in sorted(pairs, key=lambda pair: pair[0].start, reverse=True):
        name = quoted(place.table.partition(".")[2])
        read = quoted(relation) if place.is_named else f"{quoted(relation)} as {name}"
        sql = f"{sql[: place.start]}{read}{sql[place.end :]}"
    return sql
