"""Products, stores, suppliers, rates and holidays."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

import pytest
from domains.retail.frames import DELIVERED, bronze, contracts, kept, reasons

from carms_lake.domains.retail import silver as made
from carms_lake.flows.build.context import versions
from carms_lake.names import Layer

LATER = DELIVERED + timedelta(days=365)


@pytest.mark.parametrize(
    ("price", "is_bad"),
    [("9.9900", False), ("0.0001", False), ("0", True), ("-1.50", True), (None, True)],
)
def test_a_price_that_is_missing_or_not_above_zero_stays_and_is_flagged(price, is_bad) -> None:
    price = None if price is None else Decimal(price)
    rows = bronze("products", {"product_id": 1, "current_price": price, "currency": " aud "})
    found = kept("product", made.product(rows)).rows
    columns = ("current_price", "currency", "has_bad_price")
    assert found.select(columns).rows() == [(price, "AUD", is_bad)]


@pytest.mark.parametrize(
    ("is_discontinued", "day", "expected"),
    [
        (True, date(2024, 1, 1), False),
        (True, None, True),
        (False, None, False),
        (None, None, False),
        (False, date(2024, 1, 1), False),
    ],
)
def test_a_discontinued_product_without_a_day_is_flagged(is_discontinued, day, expected) -> None:
    row = {"product_id": 1, "is_discontinued": is_discontinued, "discontinued_dt": day}
    found = kept("product", made.product(bronze("products", row))).rows
    assert found["is_discontinued_without_date"].to_list() == [expected]


def test_the_product_delivered_last_is_kept_and_twice_in_one_file_is_nobody_s() -> None:
    rows = bronze(
        "products",
        {"product_id": 1, "name": "Old", "src_filename": "products_b.csv"},
        {"product_id": 1, "name": "New", "src_filename": "products_a.csv", "delivered_at": LATER},
        {"product_id": 2, "name": "One"},
        {"product_id": 2, "name": "Other"},
    )
    found = kept("product", made.product(rows))
    assert found.rows["name"].to_list() == ["New"]
    assert found.superseded == 1
    assert reasons(found) == {2: {"DUPLICATE_KEY"}}


def test_each_price_of_a_product_is_a_version() -> None:
    def row(price: str, number: int, at) -> dict:
        return {
            "product_id": 1, "sku": "SKU-000001", "current_price": Decimal(price),
            "delivery_id": number, "delivered_at": at,
        }  # fmt: skip

    states = made.product_history(bronze("products", row("1.5", 1, DELIVERED), row("2", 2, LATER)))
    spec = contracts(Layer.SILVER)["product_history"].silver.history
    found = versions(states.collect(), spec)
    assert found.select("current_price", "valid_from", "valid_to", "is_current").rows() == [
        (Decimal("1.5000"), DELIVERED, LATER, False),
        (Decimal("2.0000"), LATER, None, True),
    ]


def test_stores_with_one_code_are_all_flagged_and_stores_without_one_are_not() -> None:
    codes = ["S1", " S1", "S2", None, None, "NULL"]
    rows = [{"store_id": number, "store_code": code} for number, code in enumerate(codes)]
    found = kept("store", made.store(bronze("stores", *rows))).rows
    assert found["has_duplicate_code"].to_list() == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (-33.8, 151.2, (-33.8, 151.2, False)),
        (None, None, (None, None, False)),
        (-90.0, 180.0, (-90.0, 180.0, False)),
        (123.0, 151.2, (None, None, True)),
        (-33.8, -999.0, (None, None, True)),
    ],
)
def test_impossible_coordinates_are_null_and_flagged(latitude, longitude, expected) -> None:
    rows = bronze("stores", {"store_id": 1, "latitude": latitude, "longitude": longitude})
    found = kept("store", made.store(rows)).rows
    assert found.select("latitude", "longitude", "has_bad_coordinates").rows() == [expected]


def test_a_repaired_record_is_known_as_one() -> None:
    rows = [
        {"name": "Plain"},
        {"name": "Smith, Sons", "src_repair": "merge_surplus_into:name"},
    ]
    stores = bronze("stores", *[{"store_id": n, **row} for n, row in enumerate(rows)])
    suppliers = bronze("suppliers", *[{"supplier_id": n, **row} for n, row in enumerate(rows)])
    assert kept("store", made.store(stores)).rows["is_repaired"].to_list() == [False, True]
    assert kept("supplier", made.supplier(suppliers)).rows["is_repaired"].to_list() == [False, True]


def test_a_rate_that_is_not_above_zero_or_stands_twice_is_quarantined() -> None:
    days = [("aud ", "1"), ("USD", "1.52"), ("USD", "1.53"), ("EUR", "0"), ("GBP", "-1")]
    rows = [
        {"date": date(2024, 1, 1), "currency": currency, "rate_to_aud": Decimal(rate)}
        for currency, rate in days
    ]
    found = kept("exchange_rate", made.exchange_rate(bronze("exchange_rates", *rows)))
    assert found.rows.rows() == [(date(2024, 1, 1), "AUD", Decimal("1.00000000"))]
    assert found.quarantined["currency"].to_list() == ["USD", "USD", "EUR", "GBP"]


@pytest.mark.parametrize(
    ("day", "country", "name"),
    [
        (date(2024, 1, 26), "AU", "Australia Day"),
        (date(2024, 7, 4), "US", "Independence Day"),
        (date(2015, 12, 25), "GB", "Christmas Day"),
        (date(2035, 12, 25), "AU", "Christmas Day"),
    ],
)
def test_holidays_have_english_names(day: date, country: str, name: str) -> None:
    found = made.holiday().collect()
    rows = {(row[0], row[1]): row[2] for row in found.rows()}
    assert rows[day, country] == name
    assert len(rows) == found.height
    assert kept("holiday", made.holiday()).quarantined.is_empty()


@pytest.mark.slow
def test_holidays_are_the_same_in_every_language_of_the_system() -> None:
    program = (
        "from carms_lake.domains.retail.silver import holiday; "
        "print(holiday().collect().write_csv())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "LANGUAGE": language, "PYTHONHASHSEED": seed},
            capture_output=True, check=True, text=True,
        ).stdout
        for language, seed in (("th", "1"), ("en_GB", "2"))
    }  # fmt: skip
    assert len(outputs) == 1
