"""SQL for DuckDB: connections, names, a lake table as a SELECT, what a SELECT reads and counts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from carms_lake.errors import ContractError, StoreError, system_refusal
from carms_lake.names import TableRef
from carms_lake.store.delta import Pinned

if TYPE_CHECKING:
    import polars as pl


PUBLISHED = "published"
"""The name under which a connection has the published gold file."""

_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}
"""Without these a misspelt function name makes DuckDB try the network, and a misspelt table's name
is looked for among the variables of Python."""

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

_HELD = re.compile(r"Conflicting lock is held(?: in (.+?) \(PID (\d+)\))?|used by another process")
"""What DuckDB says of a file that somebody has open for writing, on each system."""

_POSITION = "row position"
"""No column of a contract can have a space in its name."""


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
        if is_held := _HELD.search(str(error)):
            who = f"`{is_held[1]}` (process {is_held[2]})" if is_held[1] else "another program"
            raise StoreError(
                f"the gold file `{path}` is open for writing in {who}",
                "close it there, or open it read-only there (docs/guides/bi-tools.md says how); "
                "bronze, silver and ops can be queried meanwhile, and `carms build` works",
            ) from error
        to_do = (
            "close the program that writes to it, or rebuild it with `carms build --full-refresh`"
        )
        refusal = system_refusal(error)
        raise StoreError(
            f"the gold file `{path}` cannot be opened: {str(error).strip()}",
            refusal[1] if refusal else to_do,
        ) from error


def seal(
    connection: duckdb.DuckDBPyConnection, files: Iterable[str] = (), folders: Iterable[Path] = ()
) -> None:
    """Let a connection reach these files and folders, what is attached to it, and nothing else."""
    for setting, paths in (("allowed_paths", files), ("allowed_directories", folders)):
        listed = ", ".join(literal(str(path)) for path in paths)
        connection.execute(f"set {setting} = [{listed}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The one value that a SELECT gives; None where it gives no row."""
    rows = connection.execute(sql).fetchall()
    return rows[0][0] if rows else None


def parsed(sql: str, *, where: str = "the SELECT") -> dict[str, Any]:
    """A statement as DuckDB's parser reads it; anything but a SELECT has an `error` there.

    Raises:
        ContractError: not one statement, or one that is nested too deeply; `where` says whose.
    """
    text = _parsed_text(sql)
    if text is None:
        raise ContractError(f"{where} must hold one SELECT", "write one, without others")
    try:
        tree: dict[str, Any] = json.loads(text)
    except RecursionError:
        raise ContractError(f"{where} is nested too deeply", "take it apart with WITH") from None
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


parser = lru_cache(maxsize=1)(connect)
"""A database without tables, which takes longer to open than a SELECT to read."""


@lru_cache(maxsize=512)
def _parsed_text(sql: str) -> str | None:
    """The parsed statement in JSON; None where the text is not one statement."""
    with parser().cursor() as connection:
        if len(connection.extract_statements(sql)) != 1:
            return None
        row = connection.execute("select json_serialize_sql($sql)", {"sql": sql}).fetchall()[0]
    return str(row[0])


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


@dataclass(frozen=True)
class RowCondition:
    """What is true of the rows that a SELECT counts, as a condition on single rows of a frame.

    DuckDB evaluates it on the frame itself, so a rule means the same before a table is written and
    when `carms check` counts its rows.
    """

    table: str
    """Its name in the SELECT: `silver.shipment`."""
    columns: tuple[str, ...]
    """The columns that it reads."""
    select: str
    """Of the positions of these rows."""

    def matches(self, frame: pl.DataFrame) -> pl.Series:
        """The positions of the rows of the frame that it counts, in order."""
        import polars as pl

        rows = frame.select(self.columns).with_row_index(_POSITION)
        zoned = [n for n, kind in rows.schema.items() if getattr(kind, "time_zone", None)]
        # As `read_pinned` gives them to the checks: UTC, without a zone.
        rows = rows.with_columns(pl.col(zoned).dt.replace_time_zone(None))
        schema = self.table.partition(".")[0]
        with connect(enable_external_access="false") as connection:
            # Text stays where it is: without the newest level Polars would copy each value.
            connection.register("frame", rows.to_arrow(compat_level=pl.CompatLevel.newest()))
            connection.execute(f"create schema {quoted(schema)}")
            connection.execute(f"create view {self.table} as from frame")
            found = connection.sql(self.select).to_arrow_table()
        return pl.Series(found.column(0).combine_chunks()).sort()


def row_condition(select: str, table: str) -> RowCondition | None:
    """The condition of a SELECT that counts rows of a table; None where it looks at more than one.

    Raises:
        ContractError: the text is not one statement.
    """
    try:
        positions = rows_counted(select, quoted(_POSITION))
    except duckdb.ParserException:
        positions = None
    if positions is None:
        return None
    tables, names = [], dict[str, None]()
    for node in nodes(parsed(select)):
        if node.get("class") in ("SUBQUERY", "WINDOW"):
            return None
        if node.get("type") == "BASE_TABLE":
            tables.append(f"{node['schema_name']}.{node['table_name']}")
        elif node.get("type") == "COLUMN_REF":
            names[node["column_names"][-1].lower()] = None
    return RowCondition(table, tuple(names), positions) if tables == [table] else None


def rows_counted(select: str, columns: str = "*") -> str | None:
    """A SELECT of the rows that a `select count(*) from ...` counts; None for any other SELECT."""
    tree = parsed(select)
    node = {} if tree["error"] else tree["statements"][0]["node"]
    parts = ("group_expressions", "having", "qualify", "modifiers")
    if "select_list" not in node or any(node[part] for part in parts):
        return None
    (counted, *others) = node["select_list"]
    if others or counted.get("function_name") != "count_star" or counted["filter"]:
        return None
    text, at = select.encode(), counted["query_location"]
    end = at + counted["query_location_length"]
    return (text[:at] + columns.encode() + text[end:]).decode()
