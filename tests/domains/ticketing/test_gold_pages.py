"""Who looked at which pages, from looking to ordering, and what customers did."""

from __future__ import annotations

import pytest
from domains.ticketing.gold_lake import (
    answers,
    event,
    merge,
    order,
    page,
    payment,
    showtime,
    theatre,
)

FUNNEL = "from gold.event_funnel order by event_id"
LOOKED = {"page_type": "viewed_showtime"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("named", "event_id", "flags"),
    [
        ({}, "evt_1", (False, False, False, False, False)),
        ({"event_id": None}, None, (False, False, False, False, False)),
        ({"event_id": None, "showtime_id": "st_1"}, "evt_1", (False, False, False, False, False)),
        ({"showtime_id": "st_2"}, "evt_1", (False, False, False, False, True)),
        ({"account_id": "acc_1"}, "evt_1", (False, False, False, False, False)),
        ({"account_id": "acc_9"}, "evt_1", (True, False, False, True, False)),
        ({"event_id": "evt_9"}, "evt_9", (False, True, False, True, False)),
        ({"showtime_id": "st_9"}, "evt_1", (False, False, True, True, False)),
        ({"event_id": None, "showtime_id": "st_lost"}, "evt_8", (False, True, False, True, False)),
    ],
)
def test_a_page_view_is_kept_and_flagged_where_what_it_names_is_unknown(
    tmp_path, named, event_id, flags
):
    silver = theatre(
        event=[event(), event("evt_2")],
        showtime=[
            showtime(), showtime("st_2", event_id="evt_2"), showtime("st_lost", event_id="evt_8"),
        ],
        page_view=[page(**named)],
    )  # fmt: skip
    sql = """
        select event_id, has_unknown_account, has_unknown_event, has_unknown_showtime, is_orphan,
            has_event_conflict
        from gold.fact_page_views
    """
    assert answers(tmp_path, silver, sql) == [(event_id, *flags)]


def test_a_page_view_has_its_canonical_customer_else_that_of_its_account(tmp_path):
    silver = theatre(
        identity_merge=[
            merge("cust_D", "cust_C", "2025-01-01"), merge("cust_C", "cust_A", "2025-03-01"),
        ],
        page_view=[
            page("p1", customer_id="cust_D", account_id="acc_1"), page("p2", customer_id="other"),
            page("p3", account_id="acc_1"), page("p4", account_id="acc_2"), page("p5"),
        ],
    )  # fmt: skip
    sql = """
        select page_id, canonical_customer_id, attributed_customer_id
        from gold.fact_page_views order by page_id
    """
    assert answers(tmp_path, silver, sql) == [
        ("p1", "cust_A", "cust_A"), ("p2", "other", "other"), ("p3", None, "cust_A"),
        ("p4", None, None), ("p5", None, None),
    ]  # fmt: skip


def test_the_funnel_counts_canonical_customers_once_in_each_step(tmp_path):
    silver = theatre(
        event=[event(), event("evt_2")],
        identity_merge=[merge("b", "a", "2025-01-01")],
        page_view=[
            page("p1", customer_id="a"), page("p2", customer_id="b", account_id="acc_1"),
            page("p3", customer_id="c"), page("p4"), page("p5", customer_id="c", **LOOKED),
            page("p6", account_id="acc_1", event_id="evt_9", **LOOKED),
            page("p7", customer_id="z", page_type="ordered", is_known_page_type=False),
            page("p8", customer_id="z", event_id=None, showtime_id="st_1", **LOOKED),
        ],
        ticket_order=[
            order(), order("ord_2"), order("ord_3", account_id="nobody"),
            order("ord_4", showtime_id=None),
        ],
    )  # fmt: skip
    assert answers(tmp_path, silver, FUNNEL) == [
        ("evt_1", "Show evt_1", 2, 2, 1), ("evt_2", "Show evt_2", 0, 0, 0),
        ("evt_9", None, 0, 1, 0),
    ]  # fmt: skip


def test_the_activity_of_a_customer_is_of_all_ids_and_accounts(tmp_path):
    silver = theatre(
        identity_merge=[merge("b", "a", "2025-01-01")],
        page_view=[
            page("p1", customer_id="b", account_id="acc_1", occurred_at="2025-01-02 00:00:00+00"),
            page("p2", customer_id="a", occurred_at="2025-01-03 00:00:00+00"),
            page("p3", account_id="acc_1", occurred_at="2025-01-04 00:00:00+00"),
            page("p4", customer_id="c"),
            page("p5"),
        ],
        ticket_order=[order(), order("ord_2", ordered_at="2024-12-01 00:00:00+00")],
        payment=[payment("80.00"), payment("-0.01"), payment("1.00", "ord_2")],
    )
    sql = """
        select canonical_customer_id, first_seen_at::text, last_seen_at::text, page_views, orders,
            net::text
        from gold.customer_activity order by canonical_customer_id
    """
    assert answers(tmp_path, silver, sql) == [
        ("a", "2024-12-01 00:00:00", "2025-01-15 10:00:00", 3, 2, "80.99"),
        ("c", "2025-01-10 10:00:00", "2025-01-10 10:00:00", 1, 0, "0.00"),
    ]
