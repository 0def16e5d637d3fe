"""What stands in fact_sales and its views for a few orders, with answers worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from domains.retail.gold_lake import (
    FIRST,
    SECOND,
    THIRD,
    contracts,
    customer,
    customer_version,
    gold,
    identity,
    line,
    order,
    product,
    product_version,
    shop,
    store,
)

from carms_lake.names import Layer
from carms_lake.quality.audit import audit

pytestmark = pytest.mark.slow

# 1 March 2024 is a Friday.
RATES = [
    {"rate_on": date(2024, 2, 29), "currency": "USD", "rate_to_aud": "1.5"},
    {"rate_on": date(2024, 3, 1), "currency": "USD", "rate_to_aud": "1.6"},
    {"rate_on": date(2024, 3, 4), "currency": "USD", "rate_to_aud": "1.7"},
    {"rate_on": date(2024, 3, 1), "currency": "JPY", "rate_to_aud": "0.01012345"},
    {"rate_on": date(2024, 3, 1), "currency": "AUD", "rate_to_aud": "9"},
    {"rate_on": date(2024, 3, 5), "currency": "USD", "rate_to_aud": "0"},
]


def rows(connection, sql):
    return connection.execute(sql).fetchall()


def failures(connection):
    checks = audit(connection, list(contracts(Layer.GOLD).values()))
    return {check.rule: check.failed_rows for check in checks if not check.passed}


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "tax", "amounts"),
    [
        (3, "19.99", "0.1", "0.1", ("59.97", "5.997", "53.973", "5.3973", "59.3703")),
        (1, "100", "0", "0.2", ("100", "0", "100", "20", "120")),
        # 9.9999 * 0.3333 = 3.33296667; 6.6669 * 0.0825 = 0.55001925
        (1, "9.9999", "0.3333", "0.0825", ("9.9999", "3.333", "6.6669", "0.55", "7.2169")),
        # 0.0001 * 0.5 = 0.00005, half away from zero
        (1, "0.0001", "0.5", "0", ("0.0001", "0.0001", "0", "0", "0")),
        (-1, "0.0001", "0.5", "0", ("-0.0001", "-0.0001", "0", "0", "0")),
        (-2, "10", "0.25", "0.1", ("-20", "-5", "-15", "-1.5", "-16.5")),
        (0, "10", "0.25", "0.1", ("0", "0", "0", "0", "0")),
        (2, "10", None, "0.1", ("20", None, None, None, None)),
        (None, "10", "0", "0", (None, None, None, None, None)),
        (
            20000,
            "90000000",
            "0.5",
            "1",
            ("1800000000000", "900000000000", "900000000000", "900000000000", "1800000000000"),
        ),
        (2147483647, "99999999.9999", "0", "0", (None, None, None, None, None)),
    ],
)
def test_amounts_are_decimals_by_the_formulas(tmp_path, quantity, price, discount, tax, amounts):
    sold = line(quantity=quantity, unit_price=price, line_discount_pct=discount, tax_pct=tax)
    with gold(tmp_path, shop(order_header=[order()], order_line=[sold])) as connection:
        found = rows(
            connection,
            "select gross_amount, discount_amount, net_amount, tax_amount, line_total,"
            " net_amount_aud from gold.fact_sales",
        )
        assert failures(connection) == {}
    wanted = tuple(None if amount is None else Decimal(amount) for amount in amounts)
    assert found == [(*wanted, wanted[2])]


@pytest.mark.parametrize(
    ("currency", "at", "rate"),
    [
        ("USD", "2024-03-01 10:00:00", "1.6"),
        ("USD", "2024-03-03 10:00:00", "1.6"),  # a Sunday: Friday's
        ("USD", "2024-03-04 10:00:00", "1.7"),
        ("USD", "2024-03-09 10:00:00", "1.7"),  # the rate 0 of the 5th is none
        ("USD", "2030-01-01 00:00:00", "1.7"),
        ("USD", "2024-02-28 10:00:00", None),  # before the first rate
        ("CHF", "2024-03-04 10:00:00", None),
        ("JPY", "2024-03-04 10:00:00", "0.01012345"),
        ("AUD", "2024-03-04 10:00:00", "1"),
        ("AUD", "1999-01-01 00:00:00", "1"),
        (None, "2024-03-04 10:00:00", None),
    ],
)
def test_an_amount_is_converted_at_the_rate_of_its_day_or_the_latest_before(
    tmp_path, currency, at, rate
):
    silver = shop(
        order_header=[order(at=at, currency=currency)], order_line=[line()], exchange_rate=RATES
    )
    with gold(tmp_path, silver) as connection:
        found = rows(connection, "select net_amount_aud from gold.fact_sales")
        counted = rows(
            connection,
            "select found_rows, total_rows from gold.data_quality"
            " where finding = 'no_exchange_rate'",
        )
        failed = failures(connection)
    aud = None if rate is None else round(10 * Decimal(rate), 4)
    assert found == [(aud,)]
    assert counted == [(int(rate is None), 1)]
    assert failed == ({} if rate else {"net_amount_aud.no_rate": 1})


def test_a_great_amount_is_converted_too(tmp_path):
    sold = line(quantity=1000, unit_price="90000000")
    placed = order(at="2024-03-04 10:00:00", currency="USD")
    with gold(
        tmp_path, shop(order_header=[placed], order_line=[sold], exchange_rate=RATES)
    ) as connection:
        found = rows(connection, "select net_amount_aud from gold.fact_sales")
    assert found == [(153_000_000_000,)]


def test_the_rate_is_that_of_the_local_day_not_of_the_moment(tmp_path):
    placed = order(at="2024-03-03 23:30:00", ordered_on=date(2024, 3, 4), currency="USD")
    silver = shop(order_header=[placed], order_line=[line()], exchange_rate=RATES)
    with gold(tmp_path, silver) as connection:
        found = rows(connection, "select order_date_key, net_amount_aud from gold.fact_sales")
    assert found == [(20240304, 17)]


HISTORY = [
    product_version(name="first", current_price=10, valid_to=SECOND, is_current=False),
    product_version(name="second", current_price=12, valid_from=SECOND, valid_to=THIRD),
    product_version(2, name="other"),
]


@pytest.mark.parametrize(
    ("at", "name"),
    [
        ("1999-12-31 23:59:59", "first"),  # before the first delivery
        ("2024-06-15 00:00:00", "first"),
        ("2024-07-01 11:59:59.999999", "first"),
        ("2024-07-01 12:00:00", "second"),
        ("2024-09-01 00:00:00", "second"),  # after the deletion: the last that is known
    ],
)
def test_a_sale_has_the_version_that_held_when_it_was_placed(tmp_path, at, name):
    customers = [
        customer_version(city="first", valid_to=SECOND, is_current=False),
        customer_version(city="second", valid_from=SECOND),
    ]
    silver = shop(
        order_header=[order(at=at)], order_line=[line()], product_history=HISTORY,
        customer_history=customers,
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select product.name, customer.city from gold.fact_sales"
            " join gold.dim_product as product using (product_key)"
            " join gold.dim_customer as customer using (customer_key)",
        )
        assert failures(connection) == {}
    assert found == [(name, name)]


def test_a_sale_in_a_gap_between_versions_has_the_one_before_it(tmp_path):
    history = [
        product_version(name="first", valid_to=SECOND, is_current=False),
        product_version(name="back again", valid_from=THIRD),
    ]
    silver = shop(
        order_header=[order(at="2024-07-15 00:00:00")], order_line=[line()], product_history=history
    )
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection, "select name from gold.fact_sales join gold.dim_product using (product_key)"
        )
    assert found == [("first",)]


def test_an_order_without_a_moment_has_its_day_or_the_newest_version(tmp_path):
    placed = [
        order(1, ordered_at=None, ordered_on=date(2024, 6, 20)),
        order(2, ordered_at=None, ordered_on=None),
    ]
    silver = shop(order_header=placed, order_line=[line(1), line(2)], product_history=HISTORY)
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select order_id, name, order_date_key from gold.fact_sales"
            " join gold.dim_product using (product_key) order by order_id",
        )
    assert found == [(1, "first", 20240620), (2, "second", -1)]


def test_every_line_is_one_sale_whatever_refers_to_nothing(tmp_path):
    placed = [order(1), order(2, customer_id=None, store_id=9)]
    sold = [line(1, 1), line(1, 2, product_id=None), line(2, 1, product_id=8)]
    silver = shop(order_header=placed, order_line=sold, product_history=HISTORY)
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select order_id, line_number, customer_key = -1, product_key = -1, store_key = -1"
            " from gold.fact_sales order by all",
        )
        failed = failures(connection)
    assert found == [
        (1, 1, False, False, False), (1, 2, False, True, False), (2, 1, True, True, True),
    ]  # fmt: skip
    assert failed == {"unknown_customer": 1, "unknown_product": 2, "unknown_store": 1}


def test_orders_of_a_superseded_customer_are_those_of_the_kept_one(tmp_path):
    silver = shop(
        customer=[customer(1)],
        customer_identity=[identity(1), identity(2, 1)],
        customer_history=[customer_version(1), customer_version(2)],
        order_header=[order(1), order(2)], order_line=[line(1), line(2)],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(connection, "select customer_id, orders from gold.customer_360")
        dims = rows(connection, "select customer_id from gold.dim_customer order by 1")
    assert found == [(1, 2)]
    assert dims == [(-1,), (1,)]


def test_sums_that_differ_from_silver_fail(tmp_path):
    silver = shop(order_header=[order()], order_line=[line(1, 1), line(1, 2)])
    with gold(tmp_path, silver) as connection:
        connection.execute("delete from gold.fact_sales where line_number = 2")
        failed = failures(connection)
    assert set(failed) == {
        "fact_sales.reconcile.lines",
        "fact_sales.reconcile.quantity",
        "fact_sales.reconcile.gross_amount",
    }


def test_sales_are_summed_by_day_store_and_category(tmp_path):
    silver = shop(
        product_history=[
            product_version(1), product_version(2), product_version(3, category="Food"),
        ],
        store=[store(1, name="Same"), store(2, name="Same")],
        order_header=[order(1), order(2), order(3, store_id=2), order(4, "2024-03-02 00:00:00")],
        order_line=[
            line(1, 1), line(1, 2, product_id=2, quantity=4), line(1, 3, product_id=3), line(2, 1),
            line(3, 1), line(4, 1, quantity=-1),
        ],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select order_on, store_id, store_name, category, orders, quantity, net_amount_aud"
            " from gold.sales_performance order by all",
        )
    first, second = date(2024, 3, 1), date(2024, 3, 2)
    assert found == [
        (first, 1, "Same", "Food", 1, 1, 10), (first, 1, "Same", "Toys", 2, 6, 60),
        (first, 2, "Same", "Toys", 1, 1, 10), (second, 1, "Same", "Toys", 1, -1, -10),
    ]  # fmt: skip


SEGMENTS = [
    (1, "prospect", []),
    (2, "new", ["2024-12-31"]),
    (3, "loyal", ["2024-01-01", "2024-10-02"]),  # 90 days before the newest order
    (4, "at_risk", ["2024-01-01", "2024-10-01"]),
    (5, "at_risk", ["2024-07-04"]),
    (6, "lapsed", ["2024-07-03"]),
    (7, "undated", [None]),
    (8, "champion", ["2024-12-01", "2024-12-02", "2024-12-03"]),
]


def test_customers_are_segmented_by_how_long_ago_how_often_and_how_much(tmp_path):
    placed, sold = [], []
    for customer_id, _, days in SEGMENTS:
        for day in days:
            number = len(placed) + 1
            moment = {} if day else {"ordered_at": None, "ordered_on": None}
            placed.append(
                order(number, f"{day or '2024-01-01'} 08:00:00", customer_id=customer_id, **moment)
            )
            sold.append(line(number, quantity=customer_id))
    silver = shop(
        customer=[customer(customer_id) for customer_id, *_ in SEGMENTS],
        order_header=placed, order_line=sold,
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select customer_id, segment, orders, is_returning, recency_days, net_amount_aud"
            " from gold.customer_360 order by 1",
        )
        assert failures(connection) == {}
    assert found == [
        (1, "prospect", 0, None, None, None),
        (2, "new", 1, False, 0, 20),
        (3, "loyal", 2, True, 90, 60),
        (4, "at_risk", 2, True, 91, 80),
        (5, "at_risk", 1, False, 180, 50),
        (6, "lapsed", 1, False, 181, 60),
        (7, "undated", 1, False, None, 70),
        (8, "champion", 3, True, 28, 240),
    ]


def test_a_dropped_customer_is_not_one_of_today_and_keeps_the_sales(tmp_path):
    gone = customer_version(is_deleted=True, valid_to=SECOND, deleted_on=SECOND.date())
    silver = shop(
        customer=[], customer_identity=[], customer_history=[gone], order_header=[order()],
        order_line=[line()],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        assert rows(connection, "from gold.customer_360") == []
        found = rows(
            connection,
            "select customer_id, is_masked from gold.fact_sales"
            " join gold.dim_customer using (customer_key)",
        )
        assert failures(connection) == {}
    assert found == [(1, True)]


def test_a_year_is_compared_with_the_same_days_of_the_year_before(tmp_path):
    days = ["2023-01-10", "2023-02-20", "2023-12-31", "2024-01-05", "2024-02-20"]
    silver = shop(
        store=[store(1), store(2)],
        order_header=[
            *(order(number, f"{day} 08:00:00") for number, day in enumerate(days, 1)),
            order(6, "2023-01-01 08:00:00", store_id=2),
            order(7, "2024-01-02 08:00:00", store_id=2, currency="XXX"),
        ],
        order_line=[line(number, quantity=number) for number in range(1, 8)],
    )
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select store_id, calendar_year, orders, net_amount_aud, previous_net_amount_aud,"
            " change_pct from gold.store_performance order by all",
        )
    assert found == [
        (1, 2023, 3, 60, None, None),
        (1, 2024, 2, 90, 30, 200.0),  # 40 + 50 against 10 + 20: the newest day is 20 February
        (2, 2023, 1, 60, None, None),
        (2, 2024, 1, None, 60, -100.0),
    ]


def test_a_product_says_how_much_of_it_came_back(tmp_path):
    def back(return_id, product_id, quantity, **rest):
        row = {
            "return_id": return_id, "order_id": 1, "product_id": product_id, "quantity": quantity,
            "returned_at": datetime(2024, 7, 20), "is_deleted": False,  # noqa: DTZ001
        }  # fmt: skip
        return {**row, **rest}

    silver = shop(
        product=[product(1), product(2), product(3)],
        product_history=[*HISTORY, product_version(3, valid_from=FIRST)],
        order_header=[order(1), order(2, "2024-07-10 00:00:00")],
        order_line=[line(1, 1, quantity=6), line(2, 1, quantity=2), line(1, 2, product_id=2)],
        customer_return=[
            back(1, 1, 1), back(2, 1, 1, order_id=2), back(3, 1, 4, is_deleted=True),
            back(4, 3, 1), back(5, 1, 2, order_id=77), back(6, 99, 1),
        ],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select product_id, name, quantity_sold, quantity_returned, return_rate_pct,"
            " net_amount_aud from gold.product_performance order by 1",
        )
        versions = rows(
            connection,
            "select return_id, name from gold.fact_returns join gold.dim_product using"
            " (product_key) order by 1",
        )
    assert found == [
        (1, "second", 8, 4, 50.0, 80),
        (2, "other", 1, 0, 0.0, 10),
        (3, "Product 3", 0, 1, None, None),
    ]
    assert versions == [
        (1, "first"), (2, "second"), (3, "first"), (4, "Product 3"), (5, "second"), (6, "Unknown"),
    ]  # fmt: skip
