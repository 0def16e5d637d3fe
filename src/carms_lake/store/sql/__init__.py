"""What a SQL text reads, by DuckDB's own parser."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb

from carms_lake.errors import ContractError
from carms_lake.names import Layer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from carms_lake.names import TableRef


OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
"""On every connection: even a misspelt function name makes DuckDB try the network."""


def tables_read(sql: str, *, where: str, schemas: Collection[str] = tuple(Layer)) -> set[str]:
    """The tables, views and table macros that a SELECT names with their layer: `silver.program`.

    Names without a layer are the query's own (CTEs), so they need no taking off by scope.

    Raises:
        ContractError: not one readable SELECT; `where` names the file.
    """
    tree = json.loads(serialized(sql, where=where))
    if tree["error"]:
        raise ContractError(f"`{where}`: {tree.get('error_message', 'not a SELECT')}")
    return {name for name in _names(tree) if name.split(".")[0] in schemas}


def serialized(sql: str, *, where: str = "the SELECT") -> str:
    """A statement as DuckDB's parser reads it, in JSON; what is no SELECT has an `error` there.

    Raises:
        ContractError: not one statement; `where` names the file.
    """
    statements, text = _parsed(sql)
    if statements != 1:
        raise ContractError(f"`{where}` must hold one SELECT")
    return text


@lru_cache(maxsize=512)
def _parsed(sql: str) -> tuple[int, str]:
    """How many statements there are, and the one of a text that has one, in JSON."""
    with _parser().cursor() as connection:
        count = len(connection.extract_statements(sql))
        if count != 1:
            return count, ""
        row = connection.execute("select json_serialize_sql($sql)", {"sql": sql}).fetchall()[0]
    return count, str(row[0])


@lru_cache(maxsize=1)
def _parser() -> duckdb.DuckDBPyConnection:
    """A database without tables, which takes longer to open than a SELECT to read."""
    return duckdb.connect(config=OFFLINE)


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _names(item)
    elif isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            yield f"{node['schema_name']}.{node['table_name']}"
        function = node.get("function")
        if node.get("type") == "TABLE_FUNCTION" and isinstance(function, dict):
            yield f"{function.get('schema', '')}.{function.get('function_name', '')}"
        for value in node.values():
            yield from _names(value)


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def qualified(ref: TableRef) -> str:
    """A table's name in its domain as SQL writes it: `"silver"."program"`."""
    return f"{quoted(ref.layer)}.{quoted(ref.table)}"
