"""Which columns a SELECT makes a column of."""

from __future__ import annotations

import pytest
from helpers import columns_read

from carms_lake.store.sql.column_lineage import LineageUnknown, column_origins, prepared

SCHEMA = {
    "silver": {"sale": ["sale_id", "product_id", "quantity"], "product": ["product_id", "price"]},
    "gold": {"dear": ["product_id", "price"]},
}
SALE = "silver.sale"
PRODUCT = "silver.product"


def made_of(sql: str, column: str = "x", views: dict[str, str] | None = None) -> list[str]:
    return list(column_origins(prepared(sql, SCHEMA, views))[column].columns)


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("select quantity as x from silver.sale", [f"{SALE}.quantity"]),
        (
            ("select s.quantity * p.price as x from silver.sale as s"
            " join silver.product as p on p.product_id = s.product_id"),
            [f"{PRODUCT}.price", f"{SALE}.quantity"],
        ),
        (
            ("with a as (select *, quantity + 1 as x from silver.sale), b as (select * from a)"
            " select * from b"),
            [f"{SALE}.quantity"],
        ),
        (
            ("with t as (select quantity from silver.sale) select price as x from silver.product"
            " union all select quantity from t"),
            [f"{PRODUCT}.price", f"{SALE}.quantity"],
        ),
        ("select sum(quantity) as x from silver.sale group by sale_id", [f"{SALE}.quantity"]),
        (
            "select sum(quantity) filter (where product_id is null) as x from silver.sale",
            [f"{SALE}.product_id", f"{SALE}.quantity"],
        ),
        (
            ("select sum(quantity) over w as x from silver.sale"
            " window w as (partition by product_id order by sale_id)"),
            [f"{SALE}.quantity"],
        ),
        (
            ("select lag(quantity) over (partition by product_id order by sale_id) as x"
            " from silver.sale"),
            [f"{SALE}.product_id", f"{SALE}.quantity", f"{SALE}.sale_id"],
        ),
        (
            "select case when product_id = 'p' then quantity end as x from silver.sale",
            [f"{SALE}.product_id", f"{SALE}.quantity"],
        ),
        ("select (select max(price) from silver.product) as x", [f"{PRODUCT}.price"]),
        (
            "select one.v as x from (select unnest([{'v': price}]) as one from silver.product)",
            [f"{PRODUCT}.price"],
        ),
        ("select quantity as x from silver.sale left join silver.product using (product_id)",
         [f"{SALE}.quantity"]),
        ("select count(*) as x from silver.sale", []),
        ("select 1 as x", []),
    ],
)  # fmt: skip
def test_a_column_is_followed_to_the_tables(sql: str, columns: list[str]) -> None:
    assert made_of(sql) == columns


def test_a_view_is_looked_through_and_a_table_of_gold_is_not() -> None:
    sql = "select price as x from gold.dear"
    assert made_of(sql) == ["gold.dear.price"]
    views = {"gold.dear": "select product_id, price from silver.product where price > 9"}
    assert made_of(sql, views=views) == [f"{PRODUCT}.price"]


def test_the_expression_is_told_without_its_name_and_comments() -> None:
    sql = "select quantity * 2 as x -- twice\nfrom silver.sale"
    assert column_origins(prepared(sql, SCHEMA))["x"].expression == "sale.quantity * 2"


def test_all_columns_that_a_select_names_include_those_of_conditions() -> None:
    sql = (
        "select quantity from silver.sale where product_id in"
        " (select product_id from silver.product where price > 3) order by sale_id"
    )
    assert columns_read(prepared(sql, SCHEMA)) == {
        f"{SALE}.quantity",
        f"{SALE}.product_id",
        f"{SALE}.sale_id",
        f"{PRODUCT}.product_id",
        f"{PRODUCT}.price",
    }


def test_a_macro_with_parameters_is_followed_as_far_as_columns_go() -> None:
    sql = "select quantity as x from silver.sale where quantity >= least_quantity"
    assert made_of(sql) == [f"{SALE}.quantity"]


def test_what_cannot_be_followed_is_named() -> None:
    sql = (
        "with recursive up as (select product_id as x from silver.product union all"
        " select far.x from up as near join up as far on far.x = near.x) select x from up"
    )
    assert column_origins(prepared(sql, SCHEMA))["x"].unknown


@pytest.mark.parametrize("sql", ["select from from", "create table t (x int)"])
def test_what_is_no_select_is_refused(sql: str) -> None:
    with pytest.raises(LineageUnknown):
        prepared(sql, SCHEMA)
