"""What a text of SQL is and names, decided by DuckDB's own parser before anything of it runs.

Settings alone do not make a query harmless: `WITH x AS (COPY ...)` is a SELECT to the statement
types, and it overwrites any file that the connection may read, in a read-only transaction too. So
the parsed tree may hold only the nodes and table functions that are known to read. The same holds
for the SQL of contracts and domains, which may come from somebody else.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import duckdb

from carms_lake.errors import ContractError, QueryRefused
from carms_lake.names import Layer
from carms_lake.store.sql import nodes, parsed, parser, quoted

MAX_SQL_CHARACTERS = 100_000
"""Longer texts cost the planner minutes and gigabytes before any limit can stop it."""

READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})

TABLE_FUNCTIONS = frozenset(
    {
        "duckdb_columns",
        "duckdb_constraints",
        "duckdb_functions",
        "duckdb_keywords",
        "duckdb_schemas",
        "duckdb_tables",
        "duckdb_types",
        "duckdb_views",
        "generate_series",
        "json_each",
        "json_tree",
        "pragma_show",
        "pragma_table_info",
        "pragma_version",
        "range",
        "repeat",
        "repeat_row",
        "summary",
        "unnest",
    }
)
"""The built-in table functions that a query may call; macros of the gold file come on top."""

REFUSED_FUNCTIONS = frozenset(
    {
        "currval",
        "current_setting",
        "getenv",
        "getvariable",  # a build keeps the masking key in variables
        "json_serialize_plan",
        "nextval",
        "pg_sleep",
        "setseed",
        "setval",
        "sleep_ms",
        "write_log",
    }
)
"""Scalar functions that change something, or tell of the machine."""

REFUSED_VIEWS = frozenset(
    {
        "duckdb_databases",
        "duckdb_logs",
        "pg_prepared_statements",
        "pg_settings",
        "pragma_database_list",
    }
)
"""Built-in views over functions that are refused."""

_NAMES_ALL = ("duckdb_", "sqlite_", "pragma_show")
_CATALOG_SCHEMAS = frozenset({"information_schema", "pg_catalog"})


@dataclass(frozen=True)
class Statement:
    """One statement that only reads, and the names in it (lower case, catalog and schema first)."""

    sql: str
    tables: frozenset[tuple[str, ...]]
    """Tables and views; names of CTEs are among them."""
    macros: frozenset[tuple[str, ...]]
    functions: frozenset[tuple[str, ...]]
    """All others; macros that give a value are among them."""
    is_select: bool
    """Rather than an EXPLAIN."""
    lists_tables: bool
    """It asks for the catalog itself (SHOW TABLES, information_schema)."""


def read_statement(connection: duckdb.DuckDBPyConnection, sql: str) -> Statement:
    """The one statement of a text, if it does nothing but read.

    Raises:
        QueryRefused: no statement, several, one that cannot be parsed or does more than read.
    """
    if len(sql) > MAX_SQL_CHARACTERS:
        raise QueryRefused(
            f"the query has {len(sql)} characters, more than {MAX_SQL_CHARACTERS}",
            "put long lists of values into a table of the lake and join it",
        )
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryRefused(str(error).rstrip()) from None
    except UnicodeEncodeError:
        raise QueryRefused("the query is not valid UTF-8 text", "save it as UTF-8") from None
    if len(statements) != 1:
        raise QueryRefused(
            f"one statement at a time: here are {len(statements)}"
            if statements
            else "there is no statement",
            "give one SELECT",
        )
    try:
        kind = statements[0].type
    except ValueError:  # duckdb 2.0: UPDATE EXTENSIONS has a type that its Python does not know
        raise _refusal("this statement") from None
    if kind not in (duckdb.StatementType.EXPLAIN, duckdb.StatementType.SELECT):
        is_pivot = kind == duckdb.StatementType.MULTI
        hint = "a PIVOT must list its values: `pivot t on c in ('a', 'b') using count(*)`"
        raise _refusal(f"a {kind.name} statement", hint if is_pivot else "")
    select = _explained(sql) if kind == duckdb.StatementType.EXPLAIN else sql
    try:
        tree = _parsed(connection, select)
        return _read_tree(connection, sql, tree, is_select=select is sql)
    except _DoesMore as error:
        raise _refusal(*error.args) from None


@lru_cache(maxsize=512)  # a build asks several times of each text, and the answer is the same
def only_reads(sql: str, where: str) -> str:
    """The text of a contract or of a domain, where it is one SELECT that does nothing but read.

    Raises:
        ContractError: it is something else; `where` says whose text it is.
    """
    if len(sql) > MAX_SQL_CHARACTERS:
        raise ContractError(
            f"{where} has {len(sql)} characters, more than {MAX_SQL_CHARACTERS}", "write it shorter"
        )
    try:
        tree = parsed(sql, where=where)
        with parser().cursor() as connection:
            _read_tree(connection, sql, tree)
    except duckdb.Error as error:
        raise ContractError(
            f"{where} is not SQL: {str(error).rstrip()}", "correct the SELECT"
        ) from None
    except _DoesMore as error:
        raise ContractError(
            f"{where} must only read: {error.args[0]}",
            "write one SELECT from tables of the lake; it cannot read files or change anything",
        ) from None
    return sql


@lru_cache(maxsize=512)
def tables_read(sql: str, *, where: str, schemas: Collection[str] = tuple(Layer)) -> frozenset[str]:
    """The tables, views and table macros that a SELECT names with their layer: `silver.program`.

    Names without a layer are the query's own (CTEs), so scopes need not be followed.

    Raises:
        ContractError: not one SELECT that only reads; `where` says whose text it is.
    """
    found = set()
    for node in nodes(parsed(only_reads(sql, where), where=where)):
        if node.get("type") == "BASE_TABLE":
            found.add((node["schema_name"], node["table_name"]))
        elif node.get("type") == "TABLE_FUNCTION":
            function = node["function"]
            found.add((function.get("schema", ""), function.get("function_name", "")))
    return frozenset(f"{schema}.{name}" for schema, name in found if schema in schemas)


_TOO_MANY = 50
"""Arguments; no function that is built in takes so many."""


class _DoesMore(Exception):
    """A text does more than read: what it does, and what to do instead if that is known."""


def _refusal(what: str, hint: str = "") -> QueryRefused:
    hint = hint or (
        "a query reads only: SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN"
    )
    return QueryRefused(f"`carms query` refuses {what}", hint)


def _explained(sql: str) -> str:
    """What an EXPLAIN explains: the text behind `EXPLAIN`, `ANALYZE` and options in parentheses."""
    tokens = [
        (start, kind) for start, kind in duckdb.tokenize(sql) if kind != duckdb.token_type.comment
    ]
    text = sql.encode()
    words = [
        text[start : (tokens[i + 1][0] if i + 1 < len(tokens) else len(text))]
        .split(b"--")[0]
        .split(b"/*")[0]
        for i, (start, _) in enumerate(tokens)
    ]
    plain = [word.strip().lower() for word in words]
    first = plain.index(b"explain") + 1
    if plain[first : first + 1] == [b"analyze"]:
        first += 1
    elif plain[first : first + 2] in ([b"(", b"analyze"], [b"(", b"format"]):
        first = plain.index(b")") + 1
    if first >= len(tokens):
        raise _refusal("an EXPLAIN of nothing")
    return text[tokens[first][0] :].decode()


def _parsed(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    try:
        row = connection.execute(
            "SELECT json_serialize_sql($sql::VARCHAR, skip_null := true, skip_empty := true)",
            {"sql": sql},
        ).fetchall()[0]
        tree: dict[str, Any] = json.loads(row[0])
    except RecursionError:
        raise QueryRefused("the query is nested too deeply", "take it apart with WITH") from None
    except duckdb.Error as error:
        raise QueryRefused(str(error).rstrip()) from None
    return tree


def _read_tree(
    connection: duckdb.DuckDBPyConnection, sql: str, tree: dict[str, Any], *, is_select: bool = True
) -> Statement:
    tables: set[tuple[str, ...]] = set()
    functions: set[tuple[str, ...]] = set()
    macros: set[tuple[str, ...]] = set()
    lists_tables = False
    if tree["error"]:
        raise _DoesMore(tree.get("error_message", "a statement that is not a SELECT"))
    for node in nodes(tree):
        kind = str(node.get("type", ""))
        if kind.endswith("_NODE") and kind not in READING_NODES:
            raise _DoesMore(f"{kind.split('_', maxsplit=1)[0]} inside a query")
        if kind == "BASE_TABLE":
            tables.add(_path(node))
        elif kind == "TABLE_FUNCTION":
            macros.add(_path(node["function"]))
        elif kind == "SHOW_REF":
            lists_tables |= node.get("show_type") == "SHOW_SPECIAL"
            if node.get("show_type") == "SHOW":
                tables.add(_path(node))
        if "function_name" in node:
            functions.add(_path(node))
    _refuse_names(tables)
    _refuse_functions(connection, functions, macros)
    lists_tables |= any(
        name[-1].startswith(_NAMES_ALL) or not _CATALOG_SCHEMAS.isdisjoint(name)
        for name in tables | macros
    )
    return Statement(
        sql,
        frozenset(tables),
        frozenset(macros),
        frozenset(functions),
        is_select=is_select,
        lists_tables=lists_tables,
    )


def _path(node: dict[str, Any]) -> tuple[str, ...]:
    names = node.get("qualified_name", {}).get("path", [""])
    return tuple(str(name).lower() for name in names)


def _refuse_names(tables: set[tuple[str, ...]]) -> None:
    for path in tables:
        if path[-1] in REFUSED_VIEWS:
            raise _DoesMore(f"the view `{path[-1]}`")
    for *_, name in tables:
        if any(character in name for character in "./\\:*"):
            raise _DoesMore(f"the file `{name}`", "`carms tables` lists the tables to read")


def _refuse_functions(
    connection: duckdb.DuckDBPyConnection,
    functions: set[tuple[str, ...]],
    macros: set[tuple[str, ...]],
) -> None:
    for path in functions:
        if path[-1] in REFUSED_FUNCTIONS:
            raise _DoesMore(f"the function `{path[-1]}`")
    for name in sorted({path[-1] for path in macros} - TABLE_FUNCTIONS):
        if _is_built_in(connection, name):
            raise _DoesMore(f"the function `{name}`")


def _is_built_in(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether a table function or table macro is DuckDB's own.

    It is called with more arguments than any takes, so nothing runs: to list all functions takes
    longer than most queries.
    """
    arguments = ", ".join(["NULL"] * _TOO_MANY)
    try:
        connection.execute(f"EXPLAIN FROM system.main.{quoted(name)}({arguments})")
    except duckdb.CatalogException:  # no function has that name
        return False
    except duckdb.Error:
        return True
    return True
