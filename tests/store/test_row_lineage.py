"""Which rows a SELECT made a row of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carms_lake.store.lookup import Condition, contributing_keys, derived_rows
from carms_lake.store.sql.column_lineage import LineageUnknown, prepared
from carms_lake.store.sql.row_lineage import LineageQuery, lineage_query

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = {"silver": {"sale": ["sale_id", "item", "n"], "item": ["item", "kind"]}}
KEYS = {"silver.sale": ("sale_id",), "silver.item": ("item",)}
SALES = [(1, "a", 2), (2, "a", 3), (3, "b", 5), (4, None, 7)]
ITEMS = [("a", "tea"), ("b", "tea"), ("c", "jam")]


def lake(sales: list[tuple[Any, ...]], items: list[tuple[Any, ...]]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "create schema silver;"
        "create table silver.sale (sale_id integer, item varchar, n integer);"
        "create table silver.item (item varchar, kind varchar)"
    )
    for table, rows in (("sale", sales), ("item", items)):
        for row in rows:
            marks = ", ".join("?" * len(row))
            connection.execute(f"insert into silver.{table} values ({marks})", row)
    return connection


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with lake(SALES, ITEMS) as opened:
        yield opened


def followed(sql: str, **more: Any) -> LineageQuery:
    return lineage_query(prepared(sql, SCHEMA), KEYS, limit=20, **more)


def rows_of(
    connection: duckdb.DuckDBPyConnection, sql: str, x: Any
) -> dict[str, list[tuple[Any, ...]]]:
    """The keys behind the rows of a SELECT whose `x` is a value."""
    select = followed(sql)
    found: dict[str, set[tuple[Any, ...]]] = {}
    for one in contributing_keys(connection, select, ["x"], [[Condition(("x",), x, "VARCHAR")]]):
        for table, keys in one.keys.items():
            found.setdefault(table, set()).update(tuple(key.values()) for key in keys)
    return {table: sorted(keys) for table, keys in found.items()}


@pytest.mark.parametrize(
    ("sql", "x", "rows"),
    [
        ("select item as x from silver.sale", "b", {"silver.sale": [(3,)]}),
        (
            "select item as x, sum(n) as n from silver.sale group by item",
            "a",
            {"silver.sale": [(1,), (2,)]},
        ),
        ("select distinct item as x from silver.sale", "a", {"silver.sale": [(1,), (2,)]}),
        (
            ("select kind as x, sum(n) as n from silver.sale join silver.item using (item)"
            " group by all"),
            "tea",
            {"silver.sale": [(1,), (2,), (3,)], "silver.item": [("a",), ("b",)]},
        ),
        (
            ("select i.item as x from silver.item as i left join silver.sale as s"
            " on s.item = i.item"),
            "c",
            {"silver.item": [("c",)]},
        ),
        (
            "select item as x from silver.sale union all select item from silver.item",
            "b",
            {"silver.sale": [(3,)], "silver.item": [("b",)]},
        ),
        (
            "select item as x from silver.sale union select item from silver.item",
            "b",
            {"silver.sale": [(3,)], "silver.item": [("b",)]},
        ),
        (
            ("with last as (select * from silver.sale qualify"
            " row_number() over (partition by item order by n desc) = 1)"
            " select item as x from last"),
            "a",
            {"silver.sale": [(2,)]},
        ),
        (
            ("select item as x from silver.item where exists"
            " (select 1 from silver.sale where sale.item = item.item)"),
            "a",
            {"silver.item": [("a",)]},
        ),
        (
            "select item as x from silver.item semi join silver.sale using (item)",
            "a",
            {"silver.item": [("a",)]},
        ),
        (
            ("select sale.item as x, n - top.most as under from silver.sale"
            " cross join (select max(n) as most from silver.sale) as top"),
            "b",
            {"silver.sale": [(3,)]},
        ),
    ],
)  # fmt: skip
def test_a_row_leads_to_the_rows_that_it_was_made_of(
    connection: duckdb.DuckDBPyConnection, sql: str, x: Any, rows: dict[str, Any]
) -> None:
    assert rows_of(connection, sql, x) == rows


def test_where_one_reading_of_a_table_is_part_of_another_the_narrower_counts(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    sql = (
        "with total as (select item, sum(n) as of_all from silver.sale group by item)"
        " select sale.sale_id as x, of_all from silver.sale join total on total.item = sale.item"
    )
    assert rows_of(connection, sql, "1") == {"silver.sale": [(1,)]}


def test_an_aggregate_over_everything_names_the_table_and_no_rows() -> None:
    found = followed("select max(n) as x from silver.sale")
    assert found.whole == {"silver.sale"}
    assert found.columns == {}


def test_names_that_are_words_of_sql_are_no_trouble() -> None:
    schema = {"silver": {"order": ["at", "select"]}}
    select = lineage_query(
        prepared('select * from (select * from silver."order") as "end"', schema),
        {"silver.order": ("at",)},
        limit=20,
    )
    with duckdb.connect() as connection:
        connection.execute(
            'create schema silver; create table silver."order" ("at" int, "select" int)'
        )
        connection.execute('insert into silver."order" values (1, 2)')
        (found,) = contributing_keys(
            connection, select, ["at"], [[Condition(("at",), 1, "INTEGER")]]
        )
    assert found.keys == {"silver.order": [{"at": 1}]}


def test_from_a_row_the_rows_that_were_made_of_it_are_found(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("create temp table one as from silver.sale where sale_id = 3")
    sql = (
        "select kind as x, sum(n) as n from silver.sale join silver.item using (item) group by all"
    )
    select = followed(sql, subsets={"silver.sale": "one"})
    assert derived_rows(connection, select, "silver.sale", ["x"]) == [{"x": "tea"}]


@pytest.mark.parametrize(
    "sql",
    [
        "with recursive up as (select 1 as x union all select x + 1 from up where x < 3) from up",
        "select item as x from silver.sale except select item from silver.item",
        "select distinct on (item) item as x from silver.sale",
        "from silver.sale pivot (sum(n) for item in ('a', 'b'))",
    ],
)
def test_what_rows_cannot_be_followed_through_is_said(sql: str) -> None:
    with pytest.raises(LineageUnknown):
        followed(sql)


SELECTS = [
    "select item as x, sum(n) as n from silver.sale group by item",
    "select kind as x, count(*) as n from silver.sale join silver.item using (item) group by all",
    "select distinct kind as x, 0 as n from silver.item",
    "select coalesce(kind, 'none') as x, n from silver.sale left join silver.item using (item)",
    (
        "with a as (select item, max(n) as n from silver.sale group by item having max(n) > 1)"
        " select kind as x, sum(n) as n from a join silver.item using (item) group by kind"
    ),
    "select item as x, 1 as n from silver.sale union select kind, 1 from silver.item",
]


@pytest.mark.slow
@settings(max_examples=25)
@given(
    st.sampled_from(SELECTS),
    st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 3)), max_size=6),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=3, unique=True),
)
def test_the_rows_that_a_row_was_made_of_make_it_again(
    sql: str, sold: list[tuple[Any, Any]], names: list[str]
) -> None:
    sales = [(number, *sale) for number, sale in enumerate(sold)]
    items = [(name, "tea" if name != "c" else "jam") for name in names]
    select = followed(sql)
    with lake(sales, items) as connection:
        whole = connection.execute(sql).fetchall()
        carried = connection.execute(f"select x, n from ({select.sql})").fetchall()
        assert sorted(carried, key=repr) == sorted(whole, key=repr)
        condition = [
            [Condition(("x",), x, "VARCHAR"), Condition(("n",), n, "BIGINT")] for x, n in whole
        ]
        found = [contributing_keys(connection, select, ["x", "n"], [one]) for one in condition]
    for (x, n), carries in zip(whole, found, strict=True):
        kept = {
            table: {tuple(key.values()) for one in carries for key in one.keys.get(table, ())}
            for table in KEYS
        }
        with lake(
            [row for row in sales if row[:1] in kept["silver.sale"]],
            [row for row in items if row[:1] in kept["silver.item"]],
        ) as alone:
            assert (x, n) in alone.execute(sql).fetchall()
