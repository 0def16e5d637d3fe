"""Rows that a few values pick out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from carms_lake.names import Layer, TableRef
from carms_lake.store.lookup import Condition, Match, columns_of, create_subset, rows_where

if TYPE_CHECKING:
    from collections.abc import Iterator

REF = TableRef("test", Layer.SILVER, "thing")
ROWS = [
    (1, "1503|27447", "2024-01-01 10:00:00", 1.50, True),
    (2, "27447", "2024-01-01 00:00:00", 1.49, False),
    (15, "274471", None, None, None),
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(
            "create schema silver; create table silver.thing"
            ' (id integer, name varchar, "at" timestamp, price decimal(5, 2), is_it boolean)'
        )
        opened.executemany("insert into silver.thing values (?, ?, ?, ?, ?)", ROWS)
        yield opened


@pytest.mark.parametrize(
    ("column", "value", "kind", "match", "ids"),
    [
        ("id", "1", "INTEGER", Match.TEXT, [1]),
        ("id", "1.5", "INTEGER", Match.TEXT, []),
        ("id", "+15", "INTEGER", Match.TEXT, [15]),
        ("id", "one", "INTEGER", Match.TEXT, []),
        ("at", "2024-01-01", "TIMESTAMP", Match.TEXT, [2]),
        ("price", "1.5", "DECIMAL(5,2)", Match.TEXT, [1]),
        ("is_it", "true", "BOOLEAN", Match.TEXT, [1]),
        ("at", None, "TIMESTAMP", Match.TEXT, [15]),
        ("name", 27447, "BIGINT", Match.SAME, [2]),
        ("name", 27447, "BIGINT", Match.NAMES, [1, 2]),
        ("name", "1503", "VARCHAR", Match.NAMES, [1]),
        ("name", "(", "VARCHAR", Match.NAMES, []),
    ],
)
def test_a_column_is_held_against_a_value(
    connection: duckdb.DuckDBPyConnection,
    column: str,
    value: Any,
    kind: str,
    match: Match,
    ids: list[int],
) -> None:
    found = rows_where(connection, REF, [[Condition((column,), value, kind, match)]])
    assert [row["id"] for row in found] == ids


def both(number: int, name: str | None) -> list[Condition]:
    return [Condition(("id",), number, "INTEGER"), Condition(("name",), name, "VARCHAR")]


@pytest.mark.parametrize(
    ("alternatives", "ids"),
    [
        ([both(1, "1503|27447"), both(2, "27447")], [1, 2]),
        ([both(1, "27447"), both(2, "1503|27447")], []),
        ([both(1, None), both(2, "27447")], [2]),
        ([both(2, "27447"), both(2, "27447")], [2]),
        ([[Condition(("id",), 1, "INTEGER")], [Condition(("id",), 15, "INTEGER")]], [1, 15]),
        ([], []),
        ([[]], []),
    ],
)
def test_rows_that_are_one_of_several_are_found_in_order(
    connection: duckdb.DuckDBPyConnection, alternatives: list[list[Condition]], ids: list[int]
) -> None:
    assert [row["id"] for row in rows_where(connection, REF, alternatives)] == ids


def test_of_several_columns_one_may_have_the_value(connection: duckdb.DuckDBPyConnection) -> None:
    wanted = [[Condition(("id", "price"), 15, "INTEGER")]]
    assert [row["id"] for row in rows_where(connection, REF, wanted)] == [15]


def test_of_a_file_only_the_newest_delivery_is_taken(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(
        "create schema bronze; create table bronze.thing as select * from (values"
        " ('a', 'one.csv', 1), ('a', 'one.csv', 2), ('a', 'two.csv', 1), ('b', 'one.csv', 3))"
        " as t(name, src_filename, delivery_id)"
    )
    ref = TableRef("test", Layer.BRONZE, "thing")
    wanted = [[Condition(("name",), "a", "VARCHAR")]]
    found = rows_where(connection, ref, wanted, newest=True)
    assert [(row["src_filename"], row["delivery_id"]) for row in found] == [
        ("one.csv", 2),
        ("two.csv", 1),
    ]


def test_some_rows_stand_under_a_name_of_their_own(connection: duckdb.DuckDBPyConnection) -> None:
    for number in (2, 15):
        name = create_subset(connection, REF, [[Condition(("id",), number, "INTEGER")]], 0)
        assert connection.execute(f"select id from {name}").fetchall() == [(number,)]


def test_the_columns_that_answer_are_known(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create view silver.some as select id from silver.thing")
    assert columns_of(connection)["silver.some"] == {"id"}
    assert columns_of(connection)["silver.thing"] == {"id", "name", "at", "price", "is_it"}
