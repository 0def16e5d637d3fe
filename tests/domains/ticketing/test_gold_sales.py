"""Orders, what was paid for them, and what each show sells in a week."""

from __future__ import annotations

import pytest
from domains.ticketing.gold_lake import (
    account,
    answers,
    event,
    order,
    page,
    payment,
    showtime,
    theatre,
)

pytestmark = pytest.mark.slow

PAID = """
    select gross_amount::text, refund_amount::text, net_amount::text, amount_difference::text,
        transactions
    from gold.fact_orders
"""
WEEKS = """
    select week_start_on::text, event_id, event_name, orders, gross::text, refunds::text,
        net::text, average_order::text
    from gold.weekly_sales order by week_start_on, event_id nulls last
"""


@pytest.mark.parametrize(
    ("amounts", "paid", "finding"),
    [
        ([], ("0.00", "0.00", "0.00", "100.00", 0), "unpaid"),
        (["100.00"], ("100.00", "0.00", "100.00", "0.00", 1), None),
        (["33.33", "33.34", "33.32", "0.01"], ("100.00", "0.00", "100.00", "0.00", 4), None),
        (["99.99"], ("99.99", "0.00", "99.99", "0.01", 1), "partly_paid"),
        (["100.01"], ("100.01", "0.00", "100.01", "-0.01", 1), "overpaid"),
        (["100.00", "-100.00"], ("100.00", "-100.00", "0.00", "100.00", 2), "refunded"),
        (["60.00", "-0.01"], ("60.00", "-0.01", "59.99", "40.01", 2), "refunded"),
        (["120.00", "-20.00"], ("120.00", "-20.00", "100.00", "0.00", 2), None),
        (["130.00", "-20.00"], ("130.00", "-20.00", "110.00", "-10.00", 2), "overpaid"),
        (["-5.00"], ("0.00", "-5.00", "-5.00", "105.00", 1), "refunded"),
        (["0.00"], ("0.00", "0.00", "0.00", "100.00", 1), "partly_paid"),
    ],
)
def test_payments_and_refunds_add_up_to_the_cent(tmp_path, amounts, paid, finding):
    silver = theatre(ticket_order=[order()], payment=[payment(amount) for amount in amounts])
    assert answers(tmp_path, silver, PAID) == [paid]
    listed = answers(
        tmp_path,
        silver,
        "select order_id, transactions_amount::text, amount_difference::text, finding"
        " from gold.order_reconciliation",
    )
    assert listed == ([("ord_1", paid[2], paid[3], finding)] if finding else [])


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        ("2025-01-12 23:59:59+00", "2025-01-06"),
        ("2025-01-12 23:59:59.999999+00", "2025-01-06"),
        ("2025-01-13 00:00:00+00", "2025-01-13"),
        ("2025-01-13 01:00:00+02", "2025-01-06"),
        ("2024-12-29 23:59:59+00", "2024-12-23"),
        ("2024-12-30 00:00:00+00", "2024-12-30"),
        ("2025-01-01 00:00:00+00", "2024-12-30"),
        ("2021-01-03 12:00:00+00", "2020-12-28"),
    ],
)
def test_a_week_starts_on_monday_at_midnight_utc(tmp_path, at, monday):
    silver = theatre(ticket_order=[order(ordered_at=at)], payment=[payment("1.00")])
    found = answers(tmp_path, silver, WEEKS)
    assert found == [(monday, "evt_1", "Show evt_1", 1, "1.00", "0.00", "1.00", "1.00")]


def test_transactions_count_in_the_week_of_their_order_and_shows_are_apart(tmp_path):
    silver = theatre(
        event=[event(), event("evt_2")],
        showtime=[showtime(), showtime("st_2", event_id="evt_2")],
        ticket_order=[
            order("ord_1"), order("ord_2"), order("ord_3"),
            order("ord_4", showtime_id="st_2"), order("ord_5", ordered_at="2025-02-01 00:00:00+00"),
        ],
        payment=[
            payment("50.00"), payment("50.01"),
            payment("100.00", "ord_2"),
            payment("-30.00", "ord_2", occurred_at="2025-03-01 00:00:00+00"),
            payment("7.00", "ord_4"),
        ],
    )  # fmt: skip
    assert answers(tmp_path, silver, WEEKS) == [
        ("2025-01-13", "evt_1", "Show evt_1", 3, "200.01", "-30.00", "170.01", "56.67"),
        ("2025-01-13", "evt_2", "Show evt_2", 1, "7.00", "0.00", "7.00", "7.00"),
        ("2025-01-27", "evt_1", "Show evt_1", 1, "0.00", "0.00", "0.00", "0.00"),
    ]


@pytest.mark.parametrize(
    ("amounts", "average"),
    [
        (["0.01"], "0.01"), (["0.03"], "0.02"), (["-0.01"], "-0.01"), (["100.01"], "50.01"),
        (["0.10", "0.01"], "0.06"), (["9999999999.99"], "5000000000.00"), (["-100.01"], "-50.01"),
    ],
)  # fmt: skip
def test_half_a_cent_of_an_average_goes_away_from_zero(tmp_path, amounts, average):
    silver = theatre(
        ticket_order=[order(), order("ord_2")], payment=[payment(amount) for amount in amounts]
    )
    assert [row[-1] for row in answers(tmp_path, silver, WEEKS)] == [average]


def test_orders_without_a_known_show_are_counted_in_a_row_of_their_own(tmp_path):
    silver = theatre(
        ticket_order=[
            order(), order("ord_2", showtime_id=None), order("ord_3", showtime_id="st_9"),
        ],
        payment=[payment("1.00", "ord_2"), payment("2.00", "ord_3")],
    )  # fmt: skip
    assert answers(tmp_path, silver, WEEKS) == [
        ("2025-01-13", "evt_1", "Show evt_1", 1, "0.00", "0.00", "0.00", "0.00"),
        ("2025-01-13", None, None, 2, "3.00", "0.00", "3.00", "1.50"),
    ]


@pytest.mark.parametrize(
    ("placed", "flags"),
    [
        (order(), (False, False, False, False)),
        (order(showtime_id=None), (False, False, False, False)),
        (order(account_id="acc_9"), (True, False, False, True)),
        (order(showtime_id="st_9"), (False, True, False, True)),
        (order(showtime_id="st_lost"), (False, False, True, True)),
        (order(account_id="acc_9", showtime_id="st_9"), (True, True, False, True)),
    ],
)
def test_an_order_is_an_orphan_where_what_it_names_is_unknown(tmp_path, placed, flags):
    silver = theatre(
        showtime=[showtime(), showtime("st_lost", event_id="evt_9")], ticket_order=[placed]
    )
    sql = """
        select has_unknown_account, has_unknown_showtime, has_unknown_event, is_orphan, event_id
        from gold.fact_orders
    """
    events = {"st_1": "evt_1", "st_lost": "evt_9"}
    assert answers(tmp_path, silver, sql) == [(*flags, events.get(placed["showtime_id"]))]


def test_a_show_that_is_not_known_keeps_its_id_in_the_week(tmp_path):
    silver = theatre(
        showtime=[showtime(event_id="evt_9")], ticket_order=[order()], payment=[payment("5.00")]
    )
    found = answers(tmp_path, silver, WEEKS)
    assert found == [("2025-01-13", "evt_9", None, 1, "5.00", "0.00", "5.00", "5.00")]


def test_transactions_know_their_account_and_show(tmp_path):
    silver = theatre(ticket_order=[order()], payment=[payment("5.00"), payment("-5.00")])
    sql = """
        select amount::text, is_refund, account_id, event_id, date_key
        from gold.fact_transactions order by amount
    """
    assert answers(tmp_path, silver, sql) == [
        ("-5.00", True, "acc_1", "evt_1", 20250115),
        ("5.00", False, "acc_1", "evt_1", 20250115),
    ]


def test_an_order_is_that_of_the_customer_last_seen_with_its_account(tmp_path):
    silver = theatre(
        account=[account(), account("acc_2")],
        ticket_order=[order(), order("ord_2", account_id="acc_2"), order("ord_3", account_id="x")],
        page_view=[
            page("p1", account_id="acc_1", customer_id="c1"),
            page("p2", account_id="acc_1", customer_id="c2"),
            page("p0", account_id="acc_1", customer_id="c0"),
            page("p9", account_id="acc_1", customer_id="c9", occurred_at="2025-01-01 00:00:00+00"),
            page("p3", account_id="acc_2"),
            page("p4", account_id="x", customer_id="cx"),
            page("p5", customer_id="c5"),
        ],
    )
    orders = "select order_id, attributed_customer_id from gold.fact_orders order by order_id"
    behind = "select * exclude (last_seen_at) from gold.bridge_account_customer order by all"
    assert answers(tmp_path, silver, orders) == [("ord_1", "c2"), ("ord_2", None), ("ord_3", "cx")]
    assert answers(tmp_path, silver, behind) == [("acc_1", "c2", 4), ("x", "cx", 1)]
