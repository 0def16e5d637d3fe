"""One statement answered in a sandbox: it reads from the lake, and does nothing else.

`gold` is the published file, attached read-only where a query names it; the search path finds it
first. Views over pinned versions of the lake's tables are made only for what a query names: Delta
takes a while to import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from carms_lake.config import LakeConfig
from carms_lake.errors import QueryLimit, StoreError
from carms_lake.store.query import views
from carms_lake.store.query.sandbox import AsOf, Session, bounded_memory
from carms_lake.store.query.spelling import FOR_PYTHON, Casts, in_types_of_arrow, with_casts
from carms_lake.store.sql import PUBLISHED, attach, connect, literal, quoted, seal
from carms_lake.store.sql.statement import Statement, read_statement

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

Parameters = Mapping[str, Any] | Sequence[Any] | None

Batch = TypeVar("Batch")

BATCH_ROWS = 10_000
BEGIN = "BEGIN TRANSACTION READ ONLY"


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
def answering(  # noqa: PLR0913 - what a query may be asked with
    config: LakeConfig,
    sql: str,
    parameters: Parameters = None,
    as_of: AsOf | None = None,
    damaged: list[StoreError] | None = None,
    *,
    first_rows: int | None = None,
    only_published: bool = False,
) -> Iterator[Answer]:
    """Answer one reading statement; rows are computed as the batches are taken.

    `first_rows` is how many rows the first batch has; the others have 10,000.

    The second column of a name `a` is `a_2`. Days, times and intervals come as DuckDB writes them,
    `types` is what they are.
    With `damaged`, a table the newest entry of whose log is damaged answers as of the one before
    it, and the list gets its error, which is to be raised after the answer. With `only_published`,
    no table of the lake can be named.

    Raises:
        QueryRefused: SQL that is wrong, or that does more than read.
        QueryLimit: it took longer, or more memory, than allowed.
        GoldMissing: it names gold, which is not built yet.
        StoreError: the gold file or a table cannot be read.
    """
    with _session(config, sql, as_of, damaged, has_lake=not only_published) as (session, statement):
        connection = session.connection

        def answer() -> tuple[duckdb.DuckDBPyConnection, list[Any]]:
            if not statement.is_select:
                result = connection.execute(statement.sql, parameters)
                return result, [column[1] for column in result.description or []]
            asked = connection.sql(statement.sql, params=parameters)
            sql = with_casts(statement.sql, asked, FOR_PYTHON)
            return connection.execute(sql, parameters), asked.types

        result, kinds = session.run(answer)
        columns = tuple(str(column[0]) for column in result.description or [])
        types = tuple(map(str, kinds))
        sizes = chain([first_rows or BATCH_ROWS], repeat(BATCH_ROWS))
        rows = _batches(session, statement, lambda: result.fetchmany(next(sizes)) or None)
        yield Answer(columns, types, rows)


@contextmanager
def streaming(
    config: LakeConfig, sql: str, parameters: Parameters = None, as_of: AsOf | None = None
) -> Iterator[ArrowAnswer]:
    """Answer one reading statement in Arrow batches; types that Polars lacks come as text.

    The second column of a name `a` is `a_2`.

    Raises:
        QueryRefused: SQL that is wrong, or that does more than read.
        QueryLimit: it took longer, or more memory, than allowed.
        GoldMissing: it names gold, which is not built yet.
        StoreError: the gold file or a table cannot be read.
    """
    with _session(config, sql, as_of) as (session, statement):
        reader = session.run(lambda: as_arrow(session.connection, statement, parameters))
        batches = _batches(session, statement, lambda: next(iter(reader), None))
        yield ArrowAnswer(reader.schema, batches)


def as_arrow(
    connection: duckdb.DuckDBPyConnection, statement: Statement, parameters: Parameters
) -> pa.RecordBatchReader:
    """The rows of a statement in a transaction that only reads; types that Polars lacks as text."""

    def read(casts: Casts) -> pa.RecordBatchReader:
        asked = connection.sql(statement.sql, params=parameters)
        if statement.is_select:
            asked = connection.sql(with_casts(statement.sql, asked, casts), params=parameters)
        return asked.to_arrow_reader(BATCH_ROWS)

    def begin_again() -> None:
        connection.execute("ROLLBACK")
        connection.execute(BEGIN)

    return in_types_of_arrow(read, begin_again)


def _batches(
    session: Session, statement: Statement, fetch: Callable[[], Batch | None]
) -> Iterator[Batch]:
    """The batches as they come; an error in the middle is raised here, as ours."""
    while True:
        with own_errors(session, statement):
            batch = session.run(fetch)
        if batch is None:
            return
        yield batch


@contextmanager
def _session(
    config: LakeConfig,
    sql: str,
    as_of: AsOf | None = None,
    damaged: list[StoreError] | None = None,
    *,
    has_lake: bool = True,
) -> Iterator[tuple[Session, Statement]]:
    """A locked connection on which the names of the statement answer.

    The search path finds gold first, if there is any.
    """
    connection = connect_to_lake(config)
    session = Session(config, connection, as_of, damaged=damaged, has_lake=has_lake)
    try:
        statement = read_statement(connection, sql)
        need = views.gold_need(session, statement)
        if need is not views.Need.NO:
            attach_gold(session, as_of.gold(statement) if as_of else config.gold_file, need)
        name_schemas(session)
        views.make_views(session, statement)
        seal(connection, session.files)
        connection.execute(BEGIN)
        with bounded_memory(connection), own_errors(session, statement):
            yield session, statement
    finally:
        if not session.is_abandoned:
            connection.close()


def connect_to_lake(config: LakeConfig) -> duckdb.DuckDBPyConnection:
    """A connection for queries: it spills nothing to disk, and so meets its memory limit."""
    return connect(
        temp_directory="",
        allow_community_extensions="false",
        memory_limit=config.memory_limit,
    )


def attach_gold(session: Session, gold: Path | None, need: views.Need) -> None:
    """Attach a gold file if there is one; another program may hold it.

    Raises:
        StoreError: it cannot be opened, and is needed for certain.
    """
    if gold is None or not gold.is_file():
        return
    try:
        attach(session.connection, gold)
    except StoreError as error:
        if need is views.Need.YES:
            raise
        session.gold_fault = error
    else:
        session.has_gold = True


def name_schemas(session: Session) -> None:
    """Make the schemas of the domain's catalog, and look for bare names in gold first."""
    run = session.connection.execute
    run(f"ATTACH ':memory:' AS {quoted(session.domain)}")
    for schema in ("gold", *session.schemas):
        run(f"CREATE SCHEMA {quoted(session.domain)}.{schema}")
    path = [f"{session.domain}.{schema}" for schema in session.schemas]
    if session.has_gold:
        path = [f"{PUBLISHED}.gold", *path, f"{PUBLISHED}.ops"]
    run(f"SET search_path = {literal(','.join(path))}")


@contextmanager
def own_errors(session: Session, statement: Statement) -> Iterator[None]:
    """DuckDB's errors as ours."""
    try:
        yield
    except OSError as error:
        if session.timed_out:
            raise _too_long(session) from None
        if error.errno is not None:
            raise
        # Arrow's name for any error of DuckDB that comes after the first rows.
        raise views.as_user_error(session, statement, duckdb.Error(str(error))) from None
    except duckdb.InterruptException:
        if not session.timed_out:
            raise
        raise _too_long(session) from None
    except (duckdb.OutOfMemoryException, MemoryError):
        raise _too_large(session) from None
    except (duckdb.FatalException, duckdb.InternalException) as error:
        if "Memory allocation failure" in str(error):  # a function's own, outside of all buffers
            raise _too_large(session) from None
        raise
    except duckdb.Error as error:
        raise views.as_user_error(session, statement, error) from None


def _too_long(session: Session) -> QueryLimit:
    return QueryLimit(
        f"the query ran longer than {session.config.query_timeout_s:g} s",
        "narrow it, or allow more time with `--timeout` or `query_timeout_s` in carms.toml",
    )


def _too_large(session: Session) -> QueryLimit:
    return QueryLimit(
        f"the query needs more memory than {session.config.memory_limit}",
        "narrow it, or allow more with `memory_limit` in carms.toml",
    )
