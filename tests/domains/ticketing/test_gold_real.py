"""The real first load against figures counted from its files by other means."""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from domains.ticketing.order_lake import asked, lake

from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest

pytestmark = [pytest.mark.real_data, pytest.mark.slow]
NOTHING = {"", "N/A", "NULL", "None"}
MERGED = {"cust_B": "cust_A", "cust_D": "cust_C", "cust_F": "cust_E"}


@pytest.fixture(scope="module")
def files():
    """The rows of each real file, as the standard library reads them, without spaces."""
    root = os.environ.get("CARMS_REAL_DATA")
    if not root or not (Path(root) / "ticketing").is_dir():
        pytest.skip("CARMS_REAL_DATA has no folder `ticketing`: the real first load is not here")
    found = {}
    for path in (Path(root) / "ticketing" / "initial").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = [
                {name: None if cell.strip() in NOTHING else cell.strip() for name, cell in row}
                for row in map(dict.items, csv.DictReader(file))
            ]
    return found


@pytest.fixture(scope="module")
def built(files, tmp_path_factory):
    assert files
    config = lake(tmp_path_factory.mktemp("real"))
    ingest(config, [], from_path=Path(os.environ["CARMS_REAL_DATA"]) / "ticketing")
    build(config, [])
    return config


def money(text):
    return Decimal(text.replace("$", ""))


def test_every_row_is_in_gold_and_none_is_an_orphan(built, files):
    counts = {
        table: asked(built, f"select count(*) from gold.{table}")[0][0]
        for table in ("dim_account", "dim_event", "dim_showtime", "fact_orders", "fact_page_views")
    }
    assert counts == {
        "dim_account": len(files["accounts"]), "dim_event": len(files["events"]),
        "dim_showtime": len(files["showtimes"]), "fact_orders": len(files["orders"]),
        "fact_page_views": len(files["pages"]),
    }  # fmt: skip
    for table in ("fact_orders", "fact_page_views"):
        assert asked(built, f"select count(*) from gold.{table} where is_orphan") == [(0,)]


def test_weekly_sales_are_those_of_the_files(built, files):
    events = {row["showtime_id"]: row["event_id"] for row in files["showtimes"]}
    paid = defaultdict(Decimal)
    for row in files["transactions"]:
        paid[row["order_id"]] += money(row["amount"])
    weeks = defaultdict(list)
    for row in files["orders"]:
        day = datetime.fromisoformat(row["created_at"]).date()
        monday = day - timedelta(days=day.weekday())
        weeks[monday, events[row["showtime_id"]]].append(paid[row["order_id"]])
    found = asked(
        built, "select week_start_on, event_id, orders, gross, net from gold.weekly_sales"
    )
    expected = [(*key, len(each), sum(each), sum(each)) for key, each in weeks.items()]
    assert sorted(found) == sorted(expected)
    assert (len(found), min(found)[0]) == (24, date(2024, 12, 30))
    assert sum(row[3] for row in found) == Decimal("15464.63")


def test_kinds_of_pages_are_two_and_customers_are_canonical(built, files):
    kinds = Counter(row["page_type"].lower().replace(" ", "_") for row in files["pages"])
    found = asked(built, "select page_type, count(*) from gold.fact_page_views group by all")
    assert dict(found) == kinds == {"viewed_product_page": 58, "viewed_showtime": 42}
    customers = Counter(
        MERGED.get(row["customer_id"], row["customer_id"]) for row in files["pages"]
    )
    found = asked(
        built, "select canonical_customer_id, count(*) from gold.fact_page_views group by 1"
    )
    assert dict(found) == customers


def test_the_funnel_is_that_of_the_files(built, files):
    events = {row["showtime_id"]: row["event_id"] for row in files["showtimes"]}
    named = [row for row in files["pages"] if row["account_id"] and row["customer_id"]]
    behind = {
        row["account_id"]: MERGED.get(row["customer_id"], row["customer_id"])
        for row in sorted(named, key=lambda row: (row["occurred_at"], row["page_id"]))
    }
    steps = defaultdict(lambda: ([set(), set(), set()]))
    for row in files["pages"]:
        customer = MERGED.get(row["customer_id"], row["customer_id"]) or behind.get(
            row["account_id"]
        )
        event = row["event_id"] or events.get(row["showtime_id"])
        if customer and event:
            steps[event]["showtime" in row["page_type"].lower()].add(customer)
    for row in files["orders"]:
        if row["account_id"] in behind:
            steps[events[row["showtime_id"]]][2].add(behind[row["account_id"]])
    found = asked(built, "select * exclude (event_name) from gold.event_funnel")
    assert {row[0]: row[1:] for row in found} == {
        event: tuple(len(customers) for customers in each) for event, each in steps.items()
    }
    assert len(found) == len(files["events"])


def test_only_merges_change_who_somebody_is(built):
    sql = "select customer_id, canonical_customer_id from gold.identity_at(timestamp '{}')"
    moments = ["2025-01-15 11:59:59", "2025-01-15 12:00:00", "2025-02-05", "2025-02-10 09:00:00"]
    changed = [
        {one for one, other in asked(built, sql.format(moment)) if one != other}
        for moment in moments
    ]
    assert changed == [set(), {"cust_B"}, {"cust_B", "cust_D"}, {"cust_B", "cust_D", "cust_F"}]
