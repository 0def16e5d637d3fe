"""The tables of a published file, as PostgreSQL is to have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carms_lake.adapters.postgres.session import literal, quoted
from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carms_lake import Contract, Lake, Published

_TYPES = {
    **dict.fromkeys(("BIGINT", "BOOLEAN", "DATE", "INTEGER", "SMALLINT", "TIMESTAMP")),
    "BLOB": "bytea",
    "DOUBLE": "double precision",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "VARCHAR": "text",
}
"""DuckDB's types by their names in PostgreSQL; None is the same name."""
_NAME_BYTES = 63
"""PostgreSQL cuts longer names."""


@dataclass(frozen=True)
class Column:
    """A column: its type in PostgreSQL, and how a SELECT of DuckDB and one of PostgreSQL give it.

    What both give is equal where the values are: numbers of PostgreSQL come as text.
    """

    name: str
    type: str
    source: str
    target: str


@dataclass(frozen=True)
class Table:
    """A table or view of gold, or a table of ops."""

    layer: str
    name: str
    columns: tuple[Column, ...]
    comment: str
    column_comments: Mapping[str, str]
    contract: Contract | None

    def select(self) -> str:
        """A SELECT of its rows in DuckDB."""
        columns = ", ".join(column.source for column in self.columns)
        return f"select {columns} from {quoted(self.layer, self.name)}"

    def select_back(self, schema: str) -> str:
        """A SELECT of its rows in PostgreSQL."""
        columns = ", ".join(column.target for column in self.columns)
        return f"select {columns} from {quoted(schema, self.name)}"

    def create(self, schema: str) -> str:
        """CREATE TABLE with the types and NOT NULL of its contract."""
        required = set()
        if self.contract:
            required = {c.name for c in self.contract.columns if c.required}
        columns = ", ".join(
            f"{quoted(c.name)} {c.type}" + " not null" * (c.name in required) for c in self.columns
        )
        return f"create table {quoted(schema, self.name)} ({columns})"

    def comments(self, schema: str, kind: str) -> Iterator[str]:
        """The statements that say what it is, as a `table` or a `view`."""
        name = quoted(schema, self.name)
        yield f"comment on {kind} {name} is{literal(self.comment)}"
        for column, text in self.column_comments.items():
            yield f"comment on column {name}.{quoted(column)} is{literal(text)}"


def tables_of(lake: Lake, file: Published) -> list[Table]:
    """The tables of ops in a published file, and gold without columns that are private.

    Raises:
        ContractError: a contract is wrong.
        UsageError: a name is longer than PostgreSQL keeps.
    """
    contracts, private = lake.contracts, lake.contracts.private_in_gold()
    _, rows = file.rows(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where schema_name in ('gold', 'ops') and not internal "
        "order by schema_name, table_name, column_index"
    )
    found: dict[tuple[str, str], list[Column]] = {}
    for layer, table, column, kind in rows:
        if layer != "gold" or column not in private:
            found.setdefault((layer, table), []).append(_column(column, kind))
    said, of_columns = _comments(file), _column_comments(file)
    tables = []
    for (layer, name), columns in found.items():
        long = [n for n in (name, *(c.name for c in columns)) if len(n.encode()) > _NAME_BYTES]
        if long:
            raise UsageError(
                f"PostgreSQL cuts names of more than {_NAME_BYTES} bytes: `{long[0]}`",
                "give it a shorter name in its contract",
            )
        contract = contracts.get(f"gold.{name}") if layer == "gold" else None
        texts = of_columns.get((layer, name), {})
        its = {c.name: texts[c.name] for c in columns if c.name in texts}
        comment = said.get((layer, name), "")
        tables.append(Table(layer, name, tuple(columns), comment, its, contract))
    return tables


def _column_comments(file: Published) -> dict[tuple[str, str], dict[str, str]]:
    """What each column means, by layer and table."""
    _, rows = file.rows(
        "select schema_name, table_name, column_name, comment from duckdb_columns() "
        "where schema_name in ('gold', 'ops') and comment is not null"
    )
    found: dict[tuple[str, str], dict[str, str]] = {}
    for layer, table, column, text in rows:
        found.setdefault((layer, table), {})[column] = text
    return found


def _comments(file: Published) -> dict[tuple[str, str], str]:
    _, rows = file.rows(
        "select schema_name, table_name, comment from duckdb_tables() union all "
        "select schema_name, view_name, comment from duckdb_views()"
    )
    return {(layer, table): text or "" for layer, table, text in rows}


def _column(name: str, kind: str) -> Column:
    item = kind.removesuffix("[]")
    suffix, called = kind.removeprefix(item), quoted(name)

    def column(own: str, source: str = "", target: str = "") -> Column:
        given = [
            f"{called}::{cast}{suffix} as {called}" if cast else called for cast in (source, target)
        ]
        return Column(name, own + suffix, *given)

    if item.startswith("DECIMAL"):
        return column(f"numeric{item.removeprefix('DECIMAL')}", "", "text")
    if item == "HUGEINT":
        return column("numeric(38)", "decimal(38,0)", "text")
    if item == "JSON":
        return column("json", "varchar", "text")
    if item in _TYPES:
        return column(_TYPES[item] or item.lower())
    if "STRUCT" in kind or "MAP" in kind:
        json = f"to_json({called})::varchar as {called}"
        return Column(name, "json", json, f"{called}::text as {called}")
    return Column(name, "text", f"{called}::varchar as {called}", called)
