"""Staging of the ticketing sources: tables of what stands there and what becomes of it."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest
from domains.ticketing import frames
from domains.ticketing.frames import bronze, kept, reasons
from domains.ticketing.frames import silver as silver_frame

from carms_lake.domains.ticketing import reference, silver
from carms_lake.names import Layer

SILVER = frames.contracts(Layer.SILVER)
AT = datetime(2025, 1, 1, tzinfo=UTC)
SOURCES = {
    "account": "accounts",
    "event": "events",
    "showtime": "showtimes",
    "ticket_order": "orders",
    "payment": "transactions",
    "page_view": "pages",
    "identity_merge": "identity_merges",
}


def made(table, *rows):
    return getattr(silver, table)(bronze(SOURCES[table], *rows))


def column(table, name, *rows):
    return made(table, *rows).collect()[name].to_list()


@pytest.mark.parametrize("table", sorted(SOURCES))
def test_a_table_depends_on_its_own_source_alone(table):
    reads = list(inspect.signature(getattr(silver, table)).parameters)
    assert reads == [f"bronze_{SOURCES[table]}"]


@pytest.mark.parametrize("table", sorted(SILVER))
def test_every_column_says_what_it_is_and_what_it_is_made_of(table):
    contract = SILVER[table]
    known = {
        f"{layer}.{name}.{field}"
        for layer in (Layer.BRONZE, Layer.SILVER)
        for name, other in frames.contracts(layer).items()
        for field in other.column_names
    }
    for field in contract.columns:
        assert field.description
        assert field.sources or table == "page_type"
        assert set(field.sources) <= known
    assert contract.grain
    assert contract.primary_key


def test_only_the_email_address_is_personal():
    personal = {
        f"{table}.{field.name}"
        for table, contract in SILVER.items()
        for field in contract.columns
        if field.classification
    }
    assert personal == {"account.email"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("150.00", "150.00"), ("$200.50", "200.50"), ("1,000.00", "1000.00"), ("-5", "-5.00"),
        ("($25.00)", "-25.00"), ("(25)", "-25.00"), ("-$5.5", "-5.50"), ("$-5.50", "-5.50"),
        ("+5", "5.00"), ("9,999,999,999.99", "9999999999.99"), ("-0.01", "-0.01"), ("0", "0.00"),
        ("-0", "0.00"),
    ],
)  # fmt: skip
def test_an_amount_is_read_to_the_cent(text, value):
    assert column("payment", "amount", {"amount": text}) == [Decimal(value)]
    assert column("ticket_order", "total_amount", {"total_amount": text}) == [Decimal(value)]


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("ALADDIN", "aladdin"), ("Lion-King", "lion-king"), ("lion_king", "lion-king"),
        ("Book of  Mormon", "book-of-mormon"), ("-six!-", "six"), ("Les Misé", "les-misé"),
        ("42nd.Street", "42nd-street"), ("--", None), (None, None),
    ],
)  # fmt: skip
def test_a_slug_is_lower_kebab_case(text, slug):
    assert column("event", "slug", {"slug": text}) == [slug]


def test_a_title_keeps_its_letters_and_loses_spaces():
    assert column("event", "name", {"name": " The  Lion King "}) == ["The Lion King"]


def test_an_email_address_is_lower_case():
    assert column("account", "email", {"email": "Ann.Lee@Example.ORG"}, {}) == [
        "ann.lee@example.org",
        None,
    ]


@pytest.mark.parametrize(
    ("text", "kind", "is_known"),
    [
        ("viewed_product_page", "viewed_product_page", True),
        ("Viewed Product Page", "viewed_product_page", True),
        ("VIEWED-PRODUCT-PAGE", "viewed_product_page", True),
        ("product page", "viewed_product_page", True),
        ("Viewed Showtime", "viewed_showtime", True),
        ("ViewedShowtime", "viewed_showtime", True),
        ("Viewed  Basket!", "viewed_basket", False),
        ("ordered", "ordered", False),
        ("?", None, False),
        (None, None, False),
    ],
)
def test_a_kind_of_page_is_a_known_one_or_kept_and_flagged(text, kind, is_known):
    rows = made("page_view", {"page_type": text}).select("page_type", "is_known_page_type")
    assert rows.collect().rows() == [(kind, is_known)]


def test_the_shipped_kinds_are_in_snake_case_and_each_stands_for_itself():
    kinds = reference.page_types()
    assert silver.page_type().collect().equals(kinds)
    assert kinds["spelling"].is_unique().all()
    assert kinds.filter(~pl.col("spelling").str.contains(r"^[a-z]+(_[a-z]+)*$")).is_empty()
    canonical = kinds.filter(pl.col("spelling") == pl.col("page_type"))["page_type"]
    assert set(canonical) == set(kinds["page_type"])


def test_a_merge_into_itself_is_told():
    rows = [
        {"from_customer_id": "a", "to_customer_id": "a"},
        {"from_customer_id": "a", "to_customer_id": "A"},
    ]
    assert column("identity_merge", "is_self", *rows) == [True, False]


def order(name, number, **rest):
    path = "initial/orders.csv" if name is None else f"incremental/orders/batch_{name}.csv"
    batch = None if name is None else int(name)
    return {
        "order_id": "o1", "account_id": f"{name}/{number}", "created_at": AT, "total_amount": "5",
        "src_filename": path, "batch_number": batch, "src_row_number": number, **rest,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ([(None, 1), (None, 2)], "None/2"),
        ([("0", 1), (None, 9)], "0/1"),
        ([("10", 1), ("9", 7)], "10/1"),
        ([("010", 1), ("9", 7)], "010/1"),
        ([("2", 3), ("2", 1), (None, 4)], "2/3"),
        ([("2", 1), ("02", 5)], "2/1"),
    ],
)
def test_the_last_version_of_a_key_counts_in_whatever_order_it_came(rows, last):
    for arrived in (rows, rows[::-1]):
        table = made("ticket_order", *(order(name, number) for name, number in arrived))
        found = kept("ticket_order", table)
        assert found.rows["account_id"].to_list() == [last]
        assert found.quarantined.is_empty()
        assert found.superseded == len(rows) - 1


def test_a_transaction_of_an_unknown_order_is_set_aside_until_it_comes():
    row = {"transaction_id": "t1", "amount": "5", "occurred_at": AT}
    table = made("payment", {**row, "order_id": "o1"})
    known = silver_frame("ticket_order", {"order_id": "o1"})
    assert reasons(kept("payment", table)) == {"t1": {"UNKNOWN_REFERENCE"}}
    assert kept("payment", table, ticket_order=known).rows["transaction_id"].to_list() == ["t1"]


def test_orphans_and_orders_without_a_performance_stay():
    table = made("ticket_order", order(None, 1, showtime_id=None, account_id="nobody"))
    found = kept("ticket_order", table)
    assert found.rows["showtime_id"].to_list() == [None]
    assert found.quarantined.is_empty()
