"""A lake held open: one connection answers many statements of this program, one after the other.

To open a connection and to attach the gold file take longer than most statements. Nothing is
sealed: what a user wrote is not answered here.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

import duckdb

from carms_lake.config import LakeConfig
from carms_lake.store.query import (
    BEGIN,
    Parameters,
    as_arrow,
    attach_gold,
    connect_to_lake,
    name_schemas,
    own_errors,
    views,
)
from carms_lake.store.query.sandbox import Session, bounded_memory
from carms_lake.store.sql.statement import read_statement

if TYPE_CHECKING:
    import pyarrow as pa


class HeldLake:
    """Gold as it is published now, and each other table as it is when it is first named.

    Threads may share it; they wait for each other.
    """

    def __init__(self, config: LakeConfig) -> None:
        self._session = Session(config, connect_to_lake(config))
        attach_gold(self._session, config.gold_file, views.Need.MAYBE)
        name_schemas(self._session)
        self._named: frozenset[tuple[str, ...]] = frozenset()
        self._lock = Lock()

    def arrow(self, sql: str, parameters: Parameters = None) -> pa.Table:
        """The rows of a SELECT; types that Polars lacks come as text.

        Raises:
            LakeError: as `streaming`.
        """
        session, connection = self._session, self._session.connection

        with self._lock, bounded_memory(connection):
            statement = read_statement(connection, sql)
            session.used_s = 0.0
            new = replace(statement, tables=statement.tables - self._named)
            try:
                with own_errors(session, statement):
                    views.make_views(session, new)
                    self._named |= statement.tables
                    connection.execute(BEGIN)
                    return session.run(
                        lambda: as_arrow(connection, statement, parameters).read_all()
                    )
            finally:
                with suppress(duckdb.Error):  # none has begun, or an error has ended it
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Give the gold file back; no call may be under way."""
        self._session.connection.close()
