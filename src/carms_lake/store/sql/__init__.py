"""SQL for DuckDB: connections, names, a lake table as a SELECT, and what a SELECT reads."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb

from carms_lake.errors import ContractError, StoreError
from carms_lake.names import Layer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from carms_lake.names import TableRef
    from carms_lake.store.delta import Pinned


PUBLISHED = "published"
"""The name under which a connection has the published gold file."""

_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
"""Without these even a misspelt function name makes DuckDB try the network."""

_PRIMITIVE = re.compile(r'(ArrayType\()?PrimitiveType\("([^"]+)"\)(?:, contains_null=\w+\))?')
_SQL_TYPES = {
    "string": "VARCHAR",
    "byte": "TINYINT",
    "short": "SMALLINT",
    "integer": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_ntz": "TIMESTAMP",
    "binary": "BLOB",
}


def connect(
    path: Path | None = None, *, read_only: bool = False, **settings: str
) -> duckdb.DuckDBPyConnection:
    """A connection, in memory or to a file, that stays offline and has its times in UTC."""
    connection = duckdb.connect(
        str(path or ":memory:"), read_only=read_only, config={**_OFFLINE, **settings}
    )
    connection.execute("set timezone = 'UTC'")
    return connection


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str = PUBLISHED) -> None:
    """Attach a gold file, read-only.

    Raises:
        StoreError: it is damaged, or another program has it open for writing.
    """
    try:
        connection.execute(f"attach {literal(str(path))} as {name} (read_only)")
    except duckdb.Error as error:
        raise StoreError(
            f"the gold file `{path}` cannot be opened: {str(error).strip()}",
            "close the program that writes to it, or rebuild it with `carms build --full-refresh`",
        ) from error


def scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The one value that a SELECT gives; None where it gives no row."""
    rows = connection.execute(sql).fetchall()
    return rows[0][0] if rows else None


def tables_read(sql: str, *, where: str, schemas: Collection[str] = tuple(Layer)) -> set[str]:
    """The tables, views and table macros that a SELECT names with their layer: `silver.program`.

    Names without a layer are the query's own (CTEs), so scopes need not be followed.

    Raises:
        ContractError: not one readable SELECT; `where` names the file.
    """
    tree = parsed(sql, where=where)
    if tree["error"]:
        raise ContractError(f"`{where}`: {tree.get('error_message', 'not a SELECT')}")
    found = set()
    for node in nodes(tree):
        if node.get("type") == "BASE_TABLE":
            found.add((node["schema_name"], node["table_name"]))
        elif node.get("type") == "TABLE_FUNCTION":
            function = node["function"]
            found.add((function.get("schema", ""), function.get("function_name", "")))
    return {f"{schema}.{name}" for schema, name in found if schema in schemas}


def parsed(sql: str, *, where: str = "the SELECT") -> dict[str, Any]:
    """A statement as DuckDB's parser reads it; anything but a SELECT has an `error` there.

    Raises:
        ContractError: not one statement; `where` names the file.
    """
    text = _parsed_text(sql)
    if text is None:
        raise ContractError(f"`{where}` must hold one SELECT")
    tree: dict[str, Any] = json.loads(text)
    return tree


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a parsed statement; no recursion, since the text decides how deep it is."""
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


@lru_cache(maxsize=512)
def _parsed_text(sql: str) -> str | None:
    """The parsed statement in JSON; None where the text is not one statement."""
    with _parser().cursor() as connection:
        if len(connection.extract_statements(sql)) != 1:
            return None
        row = connection.execute("select json_serialize_sql($sql)", {"sql": sql}).fetchall()[0]
    return str(row[0])


@lru_cache(maxsize=1)
def _parser() -> duckdb.DuckDBPyConnection:
    """A database without tables, which takes longer to open than a SELECT to read."""
    return connect()


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def qualified(ref: TableRef) -> str:
    """A table's name in its domain as SQL writes it: `"silver"."program"`."""
    return f"{quoted(ref.layer)}.{quoted(ref.table)}"


def read_pinned(pinned: Pinned) -> str:
    """A SELECT of a table's rows at its pinned version.

    Timestamps are UTC without a zone (the connection's TimeZone must be UTC); a column that no
    file of the version has yet is null.
    """
    types = {name: _sql_type(kind) for name, kind in pinned.columns}
    empty = "SELECT " + ", ".join(
        f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in types.items() if kind
    )
    if not pinned.files:
        return f"{empty} WHERE false"
    files = ", ".join(literal(file) for file in pinned.files)
    columns = ", ".join(
        f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}"
        if kind and kind.startswith("TIMESTAMP")
        else quoted(name)
        for name, kind in types.items()
    )
    return (
        f"SELECT {columns} FROM ({empty} WHERE false UNION ALL BY NAME SELECT * FROM"
        f" read_parquet([{files}], union_by_name = true, hive_partitioning = false))"
    )


def _sql_type(delta_type: str) -> str | None:
    """The DuckDB type of a Delta type of scalars or of lists of them; None for a nested one."""
    match = _PRIMITIVE.fullmatch(delta_type)
    if match is None:
        return None
    name = match[2]
    kind = name.upper() if name.startswith("decimal") else _SQL_TYPES[name]
    return f"{kind}[]" if match[1] else kind
