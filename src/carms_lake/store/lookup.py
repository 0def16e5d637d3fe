"""Finding the rows of a key, in one table or through its references."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from carms_lake.store.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from carms_lake.names import TableRef

    Connection: TypeAlias = duckdb.DuckDBPyConnection
    """What `reading` opens; for those who pass it on and know nothing of DuckDB."""

ROWS = 20
"""How many rows of one table a trace shows: it is for one record, not for a list. One more is
looked up, so that it can say where there are others."""


def rows_with(
    connection: Connection, ref: TableRef, columns: Sequence[str], key: str
) -> list[dict[str, Any]]:
    """The rows of a table in which one of the columns is the key, as text."""
    condition = " or ".join(f"{quoted(column)}::varchar = $key" for column in columns)
    return _rows(connection, ref, condition, {"key": key})


def rows_naming(
    connection: Connection, ref: TableRef, columns: Sequence[str], key: str
) -> list[dict[str, Any]]:
    """The rows in which one of the columns has the key as a word of its own (`1503|27447`)."""
    condition = " or ".join(
        f"regexp_matches({quoted(column)}::varchar, $word)" for column in columns
    )
    word = rf"(^|[^0-9A-Za-z]){re.escape(key)}([^0-9A-Za-z]|$)"
    return _rows(connection, ref, condition, {"word": word})


def rows_referring(
    connection: Connection,
    ref: TableRef,
    columns: Sequence[str],
    values: Sequence[tuple[Any, ...]],
) -> list[dict[str, Any]]:
    """The rows whose columns together are one of the values."""
    names = ", ".join(quoted(column) for column in columns)
    marks = [
        f"({', '.join(f'$v{i}_{j}' for j in range(len(columns)))})" for i in range(len(values))
    ]
    parameters = {f"v{i}_{j}": value for i, row in enumerate(values) for j, value in enumerate(row)}
    return (
        _rows(connection, ref, f"({names}) in ({', '.join(marks)})", parameters) if values else []
    )


def _rows(
    connection: Connection, ref: TableRef, condition: str, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    cursor = connection.execute(
        f"from {quoted(ref.layer)}.{quoted(ref.table)} where {condition} "
        f"order by all limit {ROWS + 1}",
        parameters,
    )
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
