"""Finding rows: those with some values, those that a row was made of, and those it went into."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import duckdb

from carms_lake.contract.model import Contract
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, TableRef
from carms_lake.store.sql import qualified, quoted
from carms_lake.store.sql.column_lineage import LineageUnknown
from carms_lake.store.sql.row_lineage import LineageQuery

Connection: TypeAlias = duckdb.DuckDBPyConnection
Row: TypeAlias = dict[str, Any]


ROWS = 20
"""How many rows of one table a trace shows: it is for one record, not for a list. One more is
looked up, so that it can say where there are others."""

SUBSET = "carms_subset_"
"""Before a number: a temporary table with a subset of another one's rows."""


class Match(StrEnum):
    """How a column is compared with a value."""

    TEXT = "text"
    """As a person writes it: the value is cast to the column's type."""
    SAME = "same"
    """As another row has it: the column is cast to the value's type."""
    NAMES = "names"
    """The same, or a text that contains it as a separate word (`1503|27447`)."""


@dataclass(frozen=True)
class Condition:
    """What one column of a row must be."""

    columns: tuple[str, ...]
    """One of these."""
    value: Any
    type: str
    """The SQL type in which they are compared."""
    match: Match = Match.SAME


def add_macros(connection: Connection, macros: Iterable[tuple[Contract, str]]) -> None:
    """Make the macros that SELECTs call; one that reads what is not there yet is left out."""
    for contract, sql in macros:
        parameters = ", ".join(contract.parameters)
        with suppress(duckdb.Error):
            connection.execute(
                f"create macro {qualified(contract.ref)}({parameters}) as table {sql}"
            )


def columns_of(connection: Connection) -> dict[str, set[str]]:
    """The columns of each `<layer>.<table>` on the connection."""
    rows = connection.execute(
        "select schema_name || '.' || table_name, list(column_name) from duckdb_columns()"
        " where database_name = current_database() group by all"
    ).fetchall()
    return {table: set(columns) for table, columns in rows}


def rows_where(
    connection: Connection,
    ref: TableRef,
    alternatives: Sequence[Sequence[Condition]],
    *,
    newest: bool = False,
    limit: int = ROWS + 1,
) -> list[Row]:
    """The rows of a table that meet all conditions of one of the alternatives, in a fixed order.

    With `newest`, of each source file only those of the newest delivery among them.
    """
    parameters: dict[str, Any] = {}
    condition = _any_of(alternatives, parameters)
    if not condition:
        return []
    keep = ""
    if newest:
        keep = f" qualify {DELIVERY_ID} = max({DELIVERY_ID}) over (partition by {SRC_FILENAME})"
    cursor = connection.execute(
        f"from {qualified(ref)} where {condition}{keep} order by all limit {limit}", parameters
    )
    return _dicts(cursor)


@dataclass(frozen=True)
class Contribution:
    """One row of a SELECT, by its identifying columns, and the keys of the rows that made it."""

    row: Row
    keys: Mapping[str, list[Row]]
    """By table."""


def contributing_keys(
    connection: Connection,
    query: LineageQuery,
    columns: Sequence[str],
    alternatives: Sequence[Sequence[Condition]],
) -> list[Contribution]:
    """The keys of the rows that some rows of a SELECT were made of.

    Where a SELECT reads a table in two places, and one of them brings all that the other brings
    and more (the rate of an order's day, and the day is of all its orders), the narrower counts.

    Raises:
        LineageUnknown: the SELECT does not run.
    """
    parameters: dict[str, Any] = {}
    marks = [mark for group in query.columns.values() for mark in group]
    names = ", ".join([*map(quoted, columns), *marks])
    condition = _any_of(alternatives, parameters)
    sql = f"select {names} from ({query.sql}) where {condition}"
    contributions = []
    for row in _run(connection, sql, parameters):
        keys: dict[str, list[Row]] = {}
        for table, group in query.columns.items():
            places = [{tuple(key.values()): key for key in row[mark] or ()} for mark in group]
            some = [place for place in places if place]
            kept = {known: key for place in _narrowest(some) for known, key in place.items()}
            if kept:
                keys[table] = list(kept.values())
        contributions.append(Contribution({name: row[name] for name in columns}, keys))
    return contributions


def _narrowest(places: Sequence[Mapping[Any, Row]]) -> list[Mapping[Any, Row]]:
    return [
        place
        for place in places
        if not any(
            set(other) < set(place) or len(other) <= ROWS < len(place)
            for other in places
            if other is not place
        )
    ]


def create_subset(
    connection: Connection, ref: TableRef, alternatives: Sequence[Sequence[Condition]], number: int
) -> str:
    """Create a temporary table with some rows of a table; its name."""
    name = f"{SUBSET}{number}"
    parameters: dict[str, Any] = {}
    condition = _any_of(alternatives, parameters)
    connection.execute(
        f"create or replace temp table {name} as from {qualified(ref)} where {condition}",
        parameters,
    )
    return name


def derived_rows(
    connection: Connection, query: LineageQuery, table: str, columns: Sequence[str]
) -> list[Row]:
    """The distinct rows of a SELECT that were made of rows of a table, in some columns.

    Raises:
        LineageUnknown: the SELECT does not run.
    """
    names = ", ".join(map(quoted, columns))
    carried = " or ".join(f"{mark} is not null" for mark in query.columns[table])
    sql = f"select distinct {names} from ({query.sql}) where {carried}"
    return _run(connection, f"{sql} order by all limit {ROWS + 1}", {})


def _run(connection: Connection, sql: str, parameters: dict[str, Any]) -> list[Row]:
    try:
        return _dicts(connection.execute(sql, parameters))
    except duckdb.Error as error:
        raise LineageUnknown(str(error).splitlines()[0]) from error


def _any_of(alternatives: Sequence[Sequence[Condition]], parameters: dict[str, Any]) -> str:
    some = [tests for tests in alternatives if tests]
    if not some:
        return ""
    tested = {tuple(test.columns for test in tests) for tests in some}
    is_plain = all(
        test.match is Match.SAME and len(test.columns) == 1 and test.value is not None
        for tests in some
        for test in tests
    )
    # A long OR is evaluated row by row, a list of values is joined.
    if is_plain and len(tested) == 1 and len(some) > 1:
        return _one_of(some, parameters)
    texts = dict.fromkeys(
        " and ".join(
            f"({' or '.join(_compared(quoted(c), test, parameters) for c in test.columns)})"
            for test in tests
        )
        for tests in some
    )
    return "(" + " or ".join(f"({text})" for text in texts) + ")"


def _one_of(alternatives: Sequence[Sequence[Condition]], parameters: dict[str, Any]) -> str:
    """That columns together have one of some values: DuckDB joins these, unlike a long OR.

    Each column is filtered by itself too: filters are pushed below windows and groups, joins not.
    """
    names = [f"try_cast({quoted(t.columns[0])} as {t.type})" for t in alternatives[0]]
    rows, singles = [], [dict[str, None]() for _ in names]
    for tests in alternatives:
        marks = []
        for test, known in zip(tests, singles, strict=True):
            name = f"p{len(parameters)}"
            parameters[name] = test.value
            marks.append(f"${name}::{test.type}")
            known[marks[-1]] = None
        rows.append(f"({', '.join(marks)})")
    parts = [f"{name} in ({', '.join(known)})" for name, known in zip(names, singles, strict=True)]
    if len(names) > 1:
        parts.append(f"({', '.join(names)}) in (values {', '.join(rows)})")
    return " and ".join(parts)


def _compared(column: str, test: Condition, parameters: dict[str, Any]) -> str:
    if test.value is None:
        return f"{column} is null"
    name = f"p{len(parameters)}"
    parameters[name] = test.value
    if test.match is Match.TEXT:
        if test.type.endswith("INT") or test.type == "INTEGER":  # '1.5' would be rounded
            return f"{column} = try_cast(regexp_extract(${name}, '^[+-]?[0-9]+$') as {test.type})"
        return f"{column} = try_cast(${name} as {test.type})"
    same = f"try_cast({column} as {test.type}) = ${name}"
    if test.match is Match.SAME:
        return same
    text, word = f"{name}t", f"{name}w"
    parameters[text] = str(test.value)
    parameters[word] = word_pattern(str(test.value))
    as_text = f"{column}::varchar"
    return f"({same} or (contains({as_text}, ${text}) and regexp_matches({as_text}, ${word})))"


def word_pattern(word: str) -> str:
    """A regular expression that finds a text as a separate word."""
    return rf"(^|[^0-9A-Za-z]){re.escape(word)}([^0-9A-Za-z]|$)"


def _dicts(cursor: Connection) -> list[Row]:
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
