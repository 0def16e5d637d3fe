"""The sandboxed connection of `carms query`: it answers from the lake, and does nothing else.

`gold` is the published file, attached read-only; the search path finds it first. Views over pinned
versions of the lake's tables are made only for what a query names: Delta takes a while to import.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from carms_lake.errors import QueryLimit, QueryRefused
from carms_lake.store.query import views
from carms_lake.store.query.errors import as_user_error
from carms_lake.store.query.sandbox import LAKE_SCHEMAS, AsOf, Session, bounded_memory
from carms_lake.store.query.statement import Statement, read_statement
from carms_lake.store.sql import PUBLISHED, attach, connect, literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from carms_lake.config import LakeConfig

    Parameters = Mapping[str, Any] | Sequence[Any] | None


BATCH_ROWS = 10_000

_NOT_IN_POLARS = re.compile(r"\b(INTERVAL|UNION|BIGNUM|BIT|VARIANT|TIME WITH TIME ZONE)\b")
"""Polars panics or refuses where one of these is in a type of DuckDB, also inside a list."""


@dataclass(frozen=True)
class Answer:
    """The result of a query: its columns, and its rows in batches as they come."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    batches: Iterator[list[tuple[Any, ...]]]


@dataclass(frozen=True)
class ArrowAnswer:
    """The result of a query as Arrow batches."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


@contextmanager
def answering(
    config: LakeConfig, sql: str, parameters: Parameters = None, as_of: AsOf | None = None
) -> Iterator[Answer]:
    """Answer one reading statement; rows are computed as the batches are taken.

    Raises:
        QueryRefused: SQL that is wrong, or that does more than read.
        QueryLimit: it took longer, or more memory, than allowed.
        GoldMissing: it names gold, and there is no gold file yet.
        StoreError: the gold file or a table cannot be read.
    """
    with _session(config, sql, as_of) as (session, statement):
        connection = session.connection
        result = session.run(lambda: connection.execute(statement.sql, parameters))
        description = result.description or []
        columns = tuple(str(column[0]) for column in description)
        types = tuple(str(column[1]) for column in description)
        yield Answer(columns, types, _batches(session, statement, result))


@contextmanager
def streaming(
    config: LakeConfig, sql: str, parameters: Parameters = None, as_of: AsOf | None = None
) -> Iterator[ArrowAnswer]:
    """Answer one reading statement in Arrow batches; types that Polars lacks come as text.

    Raises:
        QueryRefused: SQL that is wrong, or that does more than read.
        QueryLimit: it took longer, or more memory, than allowed.
        GoldMissing: it names gold, and there is no gold file yet.
        StoreError: the gold file or a table cannot be read.
    """
    with _session(config, sql, as_of) as (session, statement):
        connection = session.connection

        def answer() -> pa.RecordBatchReader:
            relation = connection.sql(statement.sql, params=parameters)
            return _readable(relation).to_arrow_reader(BATCH_ROWS)

        reader = session.run(answer)
        yield ArrowAnswer(reader.schema, _arrow_batches(session, statement, reader))


def _readable(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The relation with columns of types that Polars cannot import as text.

    Raises:
        QueryRefused: two columns have one name.
    """
    names = relation.columns
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise QueryRefused(
            f"two columns of the answer are named `{twice}`", "name one of them with `as`"
        )
    casts = [bool(_NOT_IN_POLARS.search(str(kind))) for kind in relation.types]
    if not any(casts):
        return relation
    return relation.project(
        ", ".join(
            f"{quoted(name)}::VARCHAR AS {quoted(name)}" if cast else quoted(name)
            for name, cast in zip(names, casts, strict=True)
        )
    )


def _batches(
    session: Session, statement: Statement, result: duckdb.DuckDBPyConnection
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows as they come; an error in the middle is raised here, as ours."""
    while True:
        with _own_errors(session, statement):
            rows = session.run(lambda: result.fetchmany(BATCH_ROWS))
        if not rows:
            return
        yield rows


def _arrow_batches(
    session: Session, statement: Statement, reader: pa.RecordBatchReader
) -> Iterator[pa.RecordBatch]:
    while True:
        with _own_errors(session, statement):
            batch = session.run(lambda: next(iter(reader), None))
        if batch is None:
            return
        yield batch


@contextmanager
def _session(
    config: LakeConfig, sql: str, as_of: AsOf | None = None
) -> Iterator[tuple[Session, Statement]]:
    # Without a temporary directory nothing spills to disk: a query meets its memory limit instead.
    connection = connect(
        python_enable_replacements="false",
        temp_directory="",
        allow_community_extensions="false",
        memory_limit=config.memory_limit,
    )
    session = Session(config, connection, as_of)
    try:
        statement = read_statement(connection, sql)
        _attach(session, as_of.gold(statement) if as_of else config.gold_file)
        _make_views(session, statement)
        _lock(session)
        with bounded_memory(connection), _own_errors(session, statement):
            yield session, statement
    finally:
        if not session.is_abandoned:
            connection.close()


def _attach(session: Session, file: Path | None) -> None:
    """The catalogs and the search path; gold, if there is any, first."""
    run = session.connection.execute
    run(f"ATTACH ':memory:' AS {quoted(session.domain)}")
    for schema in ("gold", *LAKE_SCHEMAS):
        run(f"CREATE SCHEMA {quoted(session.domain)}.{schema}")
    path = [f"{session.domain}.{schema}" for schema in LAKE_SCHEMAS]
    if file is not None and file.is_file():
        attach(session.connection, file)
        session.has_gold = True
        path = [f"{PUBLISHED}.gold", *path, f"{PUBLISHED}.ops"]
    run(f"SET search_path = {literal(','.join(path))}")


def _make_views(session: Session, statement: Statement) -> None:
    """Views for the names in the statement that the search path does not find by itself."""
    for name in sorted(statement.tables):
        views.make(session, name)
    for name in sorted(statement.macros):
        views.make_macro(session, name)
    if statement.lists_tables:
        views.make_all(session)


def _lock(session: Session) -> None:
    run = session.connection.execute
    if session.files:
        run("SET allowed_paths = [" + ", ".join(literal(file) for file in session.files) + "]")
    run("SET enable_external_access = false")
    run("SET lock_configuration = true")
    run("BEGIN TRANSACTION READ ONLY")


@contextmanager
def _own_errors(session: Session, statement: Statement) -> Iterator[None]:
    """DuckDB's errors as ours."""
    try:
        yield
    except (duckdb.InterruptException, OSError):  # OSError is what Arrow makes of it
        if not session.timed_out:
            raise
        seconds = session.config.query_timeout_s
        raise QueryLimit(
            f"the query ran longer than {seconds:g} s",
            "narrow it, or allow more time with `--timeout` or `query_timeout_s` in carms.toml",
        ) from None
    except (duckdb.OutOfMemoryException, MemoryError):
        raise _too_large(session) from None
    except (duckdb.FatalException, duckdb.InternalException) as error:
        if "Memory allocation failure" in str(error):  # a function's own, outside of all buffers
            raise _too_large(session) from None
        raise
    except duckdb.Error as error:
        raise as_user_error(session, statement, error) from None


def _too_large(session: Session) -> QueryLimit:
    return QueryLimit(
        f"the query needs more memory than {session.config.memory_limit}",
        "narrow it, or allow more with `memory_limit` in carms.toml",
    )
