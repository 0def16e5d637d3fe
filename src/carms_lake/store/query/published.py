"""The published gold file, held open: many threads read it, and all of them the same content.

A build puts another file in its place. Who has this one open goes on reading it; `mark` tells the
two apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any

import duckdb

from carms_lake.config import LakeConfig
from carms_lake.errors import GoldMissing, LakeError, QueryLimit, QueryRefused, StoreError
from carms_lake.store.query import BATCH_ROWS, Parameters
from carms_lake.store.query.spelling import Casts, in_types_of_arrow, with_casts
from carms_lake.store.sql import PUBLISHED, attach, connect, seal

if TYPE_CHECKING:
    import pyarrow as pa

Mark = tuple[int, int, int]

_TRIES = 5
"""So often a file is opened that a build replaces meanwhile."""


def mark(path: Path) -> Mark | None:
    """What tells one published file from the next: inode, time in nanoseconds, size; None: none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


class PublishedFile:
    """One published file, attached read-only to a connection that reaches nothing else."""

    def __init__(self, config: LakeConfig, memory_limit: str | None = None) -> None:
        self._timeout_s = config.query_timeout_s
        self._memory_limit = memory_limit or config.memory_limit
        self._connection, self.mark = _opened(config, self._memory_limit)
        self._closing = Lock()
        self._is_closed = False

    def rows(
        self, sql: str, parameters: Parameters = None
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The columns and the rows of a SELECT of this program, as Python has them.

        Raises:
            QueryRefused: the SQL is wrong, or names what the file does not have.
            QueryLimit: it took longer, or more memory, than allowed.
            StoreError: the file cannot be read.
        """
        with self._cursor() as cursor:
            found = cursor.execute(sql, parameters)
            names = tuple(str(column[0]) for column in found.description or ())
            return names, found.fetchall()

    def arrow(self, sql: str, parameters: Parameters = None) -> pa.Table:
        """The rows of a SELECT of this program as an Arrow table; types that Polars lacks as text.

        Raises:
            LakeError: as `rows`.
        """
        with self._cursor() as cursor:

            def read(casts: Casts) -> pa.Table:
                asked = cursor.sql(sql, params=parameters)
                cast = with_casts(sql, asked, casts)
                if cast != sql:
                    asked = cursor.sql(cast, params=parameters)
                return asked.to_arrow_table()

            return in_types_of_arrow(read)

    @contextmanager
    def batches(self, sql: str) -> Iterator[pa.RecordBatchReader]:
        """The rows of a SELECT of this program as they come, for tables that memory may not hold.

        Types are DuckDB's own: cast what Polars lacks.

        Raises:
            LakeError: as `rows`, also while they are taken.
        """
        with self._cursor() as cursor:
            try:
                yield cursor.sql(sql).to_arrow_reader(BATCH_ROWS)
            except OSError as error:  # Arrow's name for any error of DuckDB after the first rows
                raise self._as_ours(duckdb.Error(str(error)), is_late=False) from error

    def close(self) -> None:
        """Give the file back; no call may be under way."""
        with self._closing:
            if not self._is_closed:
                self._is_closed = True
                self._connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own for one call, which ends when its time is up; errors as ours."""
        late: list[bool] = []
        with self._connection.cursor() as cursor:
            # A cursor does not inherit the search path.
            cursor.execute(f"set search_path = '{PUBLISHED}.gold,{PUBLISHED}.ops'")

            def stop() -> None:
                late.append(True)
                cursor.interrupt()

            watch = Timer(self._timeout_s, stop)
            watch.daemon = True
            watch.start()
            try:
                yield cursor
            except (duckdb.Error, MemoryError) as error:
                raise self._as_ours(error, is_late=bool(late)) from error
            finally:
                watch.cancel()

    def _as_ours(self, error: BaseException, *, is_late: bool) -> LakeError:
        if isinstance(error, duckdb.InterruptException) and is_late:
            return QueryLimit(
                f"the query ran longer than {self._timeout_s:g} s",
                "narrow it, or allow more time with `query_timeout_s` in carms.toml",
            )
        if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
            return QueryLimit(
                f"the query needs more memory than {self._memory_limit}",
                "narrow it",
            )
        text = str(error).rstrip()
        if isinstance(error, duckdb.IOException):
            return StoreError(f"the gold file cannot be read: {text}", "run `carms build`")
        return QueryRefused(text)


def _opened(config: LakeConfig, memory_limit: str) -> tuple[duckdb.DuckDBPyConnection, Mark]:
    """A connection to the file as it is now, and the mark of what was opened.

    Each is a database of its own, in memory: one that opened the path itself would get what this
    process has open under that path already, the file of before.
    """
    path = config.gold_file
    for _ in range(_TRIES):
        before = mark(path)
        if before is None:
            break
        connection = connect(
            temp_directory="",
            allow_community_extensions="false",
            memory_limit=memory_limit,
            threads="1",
            # What a query took is given back after it, not only from 512 MB on.
            allocator_bulk_deallocation_flush_threshold="1MB",
        )
        try:
            attach(connection, path)
            seal(connection)
        except StoreError:
            connection.close()
            if mark(path) == before:
                raise
            continue
        if mark(path) == before:
            return connection, before
        connection.close()
    raise GoldMissing(f"no gold file yet: `{path}`", "run `carms build`")
