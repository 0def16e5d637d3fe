"""What the gold of ticketing promises beside what every domain does."""

from __future__ import annotations

import pytest
from domains.ticketing.frames import KIT, contracts
from domains.ticketing.gold_lake import account, answers, gold, page, theatre

from carms_lake.names import Layer

GOLD = contracts(Layer.GOLD)
TEXTS = KIT.gold_texts()
PROMISED = {
    "weekly_sales": "week_start_on event_id event_name orders gross refunds net average_order",
    "event_funnel": """
        event_id event_name customers_viewed_product customers_viewed_showtime customers_ordered""",
    "customer_activity": "canonical_customer_id first_seen_at last_seen_at page_views orders net",
    "fact_orders": "order_id account_id showtime_id event_id ordered_at total_amount is_orphan",
    "fact_transactions": "transaction_id order_id amount occurred_at",
    "dim_customer_identity": """
        customer_id canonical_customer_id merges valid_from valid_to is_current""",
}


def test_the_macro_of_identities_answers_on_empty_tables(tmp_path):
    with gold(tmp_path) as connection:
        assert connection.execute("from gold.identity_at(now()::timestamp)").fetchall() == []


@pytest.mark.parametrize("table", sorted(PROMISED))
def test_the_names_that_people_use_are_there(table):
    promised = PROMISED[table].split()
    in_order = [name for name in GOLD[table].column_names if name in promised]
    assert sorted(in_order) == sorted(promised)
    if GOLD[table].kind == "view":
        assert GOLD[table].column_names == tuple(promised)


@pytest.mark.parametrize("table", sorted(GOLD))
def test_no_select_knows_the_clock_the_arrival_of_rows_or_a_key(table):
    text = TEXTS[table].lower()
    strangers = (
        "now(", "today(", "current_date", "current_timestamp", "random(", "uuid(", "src_",
        "ingestion", "run_id", "keyed_hash", "any_value(", "first(", "delivered",
    )  # fmt: skip
    assert [word for word in strangers if word in text] == []


def test_no_email_address_reaches_gold(tmp_path):
    silver = theatre(account=[account(email="ann@example.org"), account("acc_2", email=None)])
    with gold(tmp_path, silver) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'gold'"
        ).fetchall()
        shown = [
            connection.execute(f"select count(*) from gold.{table} as t where t::text like '%@%'")
            .fetchall()[0][0]
            for (table,) in tables
        ]  # fmt: skip
        known = connection.execute(
            "select account_id, has_email from gold.dim_account order by all"
        ).fetchall()
    assert len(shown) == len(GOLD) - 1
    assert set(shown) == {0}
    assert known == [("acc_1", True), ("acc_2", False)]


def test_the_calendar_has_whole_years_and_iso_weeks(tmp_path):
    sql = """
        select calendar_on::text, iso_year, iso_week, week_start_on::text from gold.dim_date
        where date_key in (20241229, 20241230, 20250101, 20251229)
            or calendar_on is null order by date_key
    """
    pages = [page("p1", occurred_at="2024-06-01 00:00:00+00"), page("p2")]
    found = answers(tmp_path, theatre(page_view=pages), sql)
    assert found == [
        (None, None, None, None),
        ("2024-12-29", 2024, 52, "2024-12-23"),
        ("2024-12-30", 2025, 1, "2024-12-30"),
        ("2025-01-01", 2025, 1, "2024-12-30"),
        ("2025-12-29", 2026, 1, "2025-12-29"),
    ]
