"""What is proved of a SELECT before it is computed for some keys, and what is refused."""

from __future__ import annotations

import pytest

from carms_lake.store.gold.by_key import by_key
from carms_lake.store.gold.changes import NotByKey, restricted
from carms_lake.store.sql.column_lineage import prepared

SCHEMA = {
    "silver": {"sale": ["sale_id", "shop_id", "sold_at", "price"], "shop": ["shop_id", "name"]},
    "gold": {"dim_shop": ["shop_id", "shop_name"]},
}
SALE, SHOP = {"silver.sale": "changed_sales"}, {"silver.shop": "changed_shops"}


def touched(sql: str, key: tuple[str, ...], changed: dict[str, str]) -> list[str]:
    return list(by_key(prepared(sql, SCHEMA), key, changed, {}).touched)


@pytest.mark.parametrize(
    ("sql", "changed", "found"),
    [
        (
            "select sale_id, price * 2 as price from silver.sale where price > 0 order by sale_id",
            SALE,
            ['select "t"."sale_id" from changed_sales as t'],
        ),
        (
            (
                "with s as (select sale_id, shop_id from silver.sale)"
                " select s.sale_id, shop.name from s left join silver.shop as shop"
                " on shop.shop_id = s.shop_id"
            ),
            SHOP,
            [
                (
                    'select "t"."sale_id" from silver.sale as t semi join (select'
                    ' "t"."shop_id" from'
                    ' changed_shops as t) as changed(c0) on "t"."shop_id" = changed.c0'
                )
            ],
        ),
        (
            (
                "select sale_id, rank() over (partition by sale_id order by price) as n"
                " from silver.sale"
            ),
            SALE,
            ['select "t"."sale_id" from changed_sales as t'],
        ),
        (
            "select sale_id from silver.sale union all select shop_id from silver.shop",
            SALE | SHOP,
            [
                'select "t"."sale_id" from changed_sales as t',
                'select "t"."shop_id" from changed_shops as t',
            ],
        ),
        (
            "select distinct sale_id from silver.sale",
            SALE,
            ['select "t"."sale_id" from changed_sales as t'],
        ),
    ],
)
def test_the_keys_that_a_change_touches_are_found(
    sql: str, changed: dict[str, str], found: list[str]
) -> None:
    assert touched(sql, ("sale_id",), changed) == found


def test_groups_are_found_by_what_they_are_grouped_by() -> None:
    sql = "select shop_id, sum(price) as price from silver.sale group by shop_id"
    assert touched(sql, ("shop_id",), SALE) == ['select "t"."shop_id" from changed_sales as t']


def test_a_part_of_the_key_will_do() -> None:
    number = "row_number() over (partition by sale_id order by price)"
    sql = f"select sale_id, {number} as n from silver.sale"
    assert by_key(prepared(sql, SCHEMA), ("sale_id", "n"), SALE, {}).columns == ("sale_id",)


JOINED = "select s.sale_id, shop.name from silver.sale as s {join}"


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select sale_id from silver.sale limit 5", "limit"),
        ("select distinct on (shop_id) sale_id from silver.sale", "distinct on"),
        ("select sale_id, any_value(price) as p from silver.sale group by sale_id", "any_value"),
        ("select sale_id, now() as at from silver.sale", "it calls"),
        ("select sale_id, random() as n from silver.sale", "rand"),
        ("select max(sale_id) as sale_id from silver.sale", "one row for all rows"),
        ("select max(sale_id) as sale_id from silver.sale group by shop_id", "group by its key"),
        ("select sale_id + 1 as sale_id from silver.sale", "computed"),
        (
            "select sale_id, rank() over (order by price) as n from silver.sale",
            "a window looks beyond its key",
        ),
        (
            "select sale_id, sum(price) over (partition by shop_id) as n from silver.sale",
            "a window looks beyond its key",
        ),
        (
            "select sale_id, (select max(price) from silver.sale) as top from silver.sale",
            "in a subquery",
        ),
        (
            "select sale_id from silver.sale where shop_id in (select shop_id from silver.sale)",
            "in a subquery",
        ),
        (
            (
                "select sale_id, exists (from silver.shop as o where o.name = shop_id) as x"
                " from silver.sale"
            ),
            "in a subquery",
        ),
        (
            (
                "with top as (select max(price) as price from silver.sale)"
                " select s.sale_id, top.price from silver.sale as s cross join top"
            ),
            "not joined by columns",
        ),
        (JOINED.format(join="full join silver.shop as shop on shop.shop_id = s.shop_id"), "full"),
        (JOINED.format(join="right join silver.shop as shop on shop.shop_id = s.shop_id"), "right"),
        (
            JOINED.format(join="join silver.shop as shop on shop.shop_id > s.shop_id"),
            "not joined by columns",
        ),
        (
            JOINED.format(join="join silver.shop as shop on upper(shop.shop_id) = s.shop_id"),
            "not joined by columns",
        ),
        (
            (
                "with recursive r as (select sale_id from silver.sale"
                " union all select sale_id from r)"
                " select sale_id from r"
            ),
            "recursive",
        ),
        ("select sale_id from silver.sale except select shop_id from silver.shop", "except"),
        (
            (
                "with s as (select sale_id, shop_id, price from silver.sale)"
                " select s.sale_id, o.price"
                " from s left join s as o on o.price = s.price"
            ),
            "two ways",
        ),
    ],
)
def test_what_is_not_proved_is_refused(sql: str, why: str) -> None:
    changed = {table: rows for table, rows in (SALE | SHOP).items() if table in sql}
    with pytest.raises(NotByKey, match=why):
        touched(sql, ("sale_id",), changed)


def test_a_macro_that_changed_is_seen() -> None:
    sql = (
        "select s.sale_id, m.x from silver.sale as s left join gold.priced(1) as m on m.x = s.price"
    )
    with pytest.raises(NotByKey, match="priced"):
        by_key(prepared(sql, SCHEMA), ("sale_id",), {}, {"gold.priced": "priced changed"})


def test_a_table_of_which_nobody_knows_what_changed_is_refused() -> None:
    select = prepared("select sale_id from silver.sale", SCHEMA)
    with pytest.raises(NotByKey, match="nobody knows"):
        by_key(select, ("sale_id",), {}, {"silver.sale": "nobody knows"})


def test_the_text_reads_other_relations_in_its_places_and_is_the_same_elsewhere() -> None:
    columns = "/* ü */ select sale.sale_id, x.shop_name"
    sql = f"{columns} from silver.sale left join gold.dim_shop as x on true"
    plan = by_key(prepared(sql, SCHEMA), ("sale_id",), SALE, {})
    assert restricted(sql, plan, ["some"]) == sql.replace("silver.sale", '"some" as "sale"')
