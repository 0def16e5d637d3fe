"""The rows of a table of gold: a small one from memory, a large one from DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from carms_lake.serve import paging
from carms_lake.serve.rows import Held, Sort, hold

if TYPE_CHECKING:
    from carms_lake.serve.filters import Filter
    from carms_lake.serve.routes import Asked, Encoded
    from carms_lake.serve.snapshot import Snapshot

MOST_ROWS = 3_000
MOST_BYTES = 4 << 20
"""A table with more rows, or longer ones, is not kept in memory."""
MOST_TABLES_BYTES = 12 << 20
"""All tables that are kept."""


def held_table(snapshot: Snapshot, table: str) -> Held | None:
    """The rows of a table of gold, from memory if it is small; None of a large one."""
    return snapshot.memory.once(("table", table), lambda: (_read(snapshot, table),))[0]  # type: ignore[no-any-return]  # a tuple around what may be None


def _read(snapshot: Snapshot, table: str) -> Held | None:
    source = f"from gold.{_quoted(table)}"
    count = snapshot.lake.rows(f"select count(*) {source}")[1][0][0]
    if count > MOST_ROWS:
        return None
    columns, rows = snapshot.lake.rows(f"{_select(snapshot, table)} {_order(snapshot, table)}")
    found = hold(snapshot.private, columns, rows)
    size = sum(map(len, found.encoded))
    taken = snapshot.memory.get("bytes") or [0]
    if size > MOST_BYTES or taken[0] + size > MOST_TABLES_BYTES:
        return None
    snapshot.memory.once("bytes", lambda: taken)[0] += size
    return found


def asked_page(asked: Asked, table: str, filters: Sequence[Filter], sort: Sort) -> Encoded:
    """A page of the rows of a large table, by DuckDB."""
    return paging.selected(asked, "rows", *_selected(asked.snapshot, table, filters, sort))


def some_rows(
    snapshot: Snapshot, table: str, filters: Sequence[Filter], sort: Sort, cut: tuple[int, int]
) -> tuple[Sequence[tuple[Any, ...]], int]:
    """The rows of a table that fit, in order, and how many there are.

    `cut` is how many are left out first, and how many are given at most.
    """
    begin, most = cut
    held = held_table(snapshot, table)
    if held is None:
        select, parameters = _selected(snapshot, table, filters, sort)
        found, total = paging.some_of(snapshot, select, parameters, begin, most)
        return found.rows, total
    positions = held.positions(filters, sort)
    return [held.rows[at] for at in positions[begin : begin + most]], len(positions)


def _selected(
    snapshot: Snapshot, table: str, filters: Sequence[Filter], sort: Sort
) -> tuple[str, dict[str, Any]]:
    """The SELECT of the rows that fit, in order, and its parameters."""
    parameters: dict[str, Any] = {}
    conditions = []
    for at, one in enumerate(filters):
        text, more = one.sql(f"value_{at}")
        conditions.append(text)
        parameters |= more
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"{_select(snapshot, table)}{where} {_order(snapshot, table, sort)}", parameters


def _select(snapshot: Snapshot, table: str) -> str:
    names = ", ".join(map(_quoted, snapshot.tables[table]))
    return f"select {names} from gold.{_quoted(table)}"


def _order(snapshot: Snapshot, table: str, sort: Sort = ()) -> str:
    """By what is asked, then by the key, then by all: the same rows in the same order always."""
    asked = [f"{_quoted(name)}{' desc' if down else ''} nulls last" for name, down in sort]
    contract = snapshot.contracts[f"gold.{table}"]
    shown = snapshot.tables[table]
    key = contract.primary_key if set(contract.primary_key) <= set(shown) else ()
    kinds = {column.name: column.type.name for column in contract.columns}
    rest = key or [name for name in shown if kinds[name] not in ("list", "blob")]
    return "order by " + ", ".join([*asked, *(f"{_quoted(n)} nulls last" for n in rest)])


def _quoted(name: str) -> str:
    """A name of a contract as SQL has it."""
    return '"' + name.replace('"', '""') + '"'
