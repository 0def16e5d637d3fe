"""Orders and lines, parcels, readings: what is kept, flagged and set aside."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from domains.retail.frames import bronze, kept, reasons, silver
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.retail import silver as made

if TYPE_CHECKING:
    from carms_lake.quality.validate import Validated

STORES = silver("store", {"store_id": 7})
CUSTOMERS = silver("customer", {"customer_id": 2})
IDENTITY = silver(
    "customer_identity",
    {"customer_id": 1, "canonical_customer_id": 2},
    {"customer_id": 2, "canonical_customer_id": 2},
)


def order(order_id: int, hour: int = 1, file: str = "a.csv", **rest: Any) -> dict[str, Any]:
    return {
        "order_id": order_id, "order_ts": datetime(2024, 1, 1, hour, tzinfo=UTC), "customer_id": 2,
        "store_id": 7, "src_filename": file, **rest,
    }  # fmt: skip


def orders(*rows: dict[str, Any]) -> Validated:
    found = made.order_header(bronze("orders_header", *rows), IDENTITY)
    return kept("order_header", found, customer=CUSTOMERS, store=STORES)


@pytest.mark.parametrize(
    ("rows", "coupon"),
    [
        ([order(1, 1, coupon_code="A"), order(1, 2, coupon_code="B")], "B"),
        ([order(1, 2, coupon_code="A"), order(1, 1, coupon_code="B")], "A"),
        ([order(1, 1, "b.csv", coupon_code="A"), order(1, 1, "a.csv", coupon_code="B")], "A"),
        ([order(1, 2, "a.csv", coupon_code="A"), order(1, 1, "b.csv", coupon_code="B")], "A"),
        ([order(1, 1, "10.csv", coupon_code="A"), order(1, 1, "9.csv", coupon_code="B")], "A"),
        ([order(1, coupon_code="A"), order(1, coupon_code="B")], "B"),
        ([order(1, coupon_code="A"), order(1, order_ts=None, coupon_code="B")], "A"),
    ],
)
def test_of_one_order_the_latest_then_the_last_file_then_the_last_row_is_kept(rows, coupon) -> None:
    found = orders(*rows)
    assert found.rows["coupon_code"].to_list() == [coupon]
    assert (found.superseded, found.quarantined.height) == (1, 0)


def test_the_orders_of_a_superseded_customer_go_to_the_kept_one() -> None:
    found = orders(order(1, customer_id=1), order(2, customer_id=2))
    assert found.rows["customer_id"].to_list() == [2, 2]


def test_an_order_of_an_unknown_customer_or_store_is_quarantined_and_one_without_is_not() -> None:
    found = orders(
        order(1, customer_id=99), order(2, store_id=99), order(3, customer_id=None, store_id=None)
    )
    assert found.rows["order_id"].to_list() == [3]
    assert reasons(found) == {1: {"UNKNOWN_REFERENCE"}, 2: {"UNKNOWN_REFERENCE"}}


@pytest.mark.parametrize(
    ("local", "expected"),
    [(date(2024, 1, 2), date(2024, 1, 2)), (None, date(2024, 1, 1))],
)
def test_the_day_of_an_order_is_the_store_s(local: date | None, expected: date) -> None:
    assert orders(order(1, order_dt_local=local)).rows["ordered_on"].to_list() == [expected]


headers = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 3), st.sampled_from(["a.csv", "b.csv", "c.csv"])),
    unique=True,
    max_size=12,
)


@pytest.mark.slow
@given(headers=headers, order_of_rows=st.randoms(use_true_random=False))
def test_which_order_is_kept_does_not_depend_on_the_order_of_files(headers, order_of_rows) -> None:
    rows = [
        order(number, hour, file, coupon_code=f"{hour}{file}", src_row_number=1)
        for number, hour, file in headers
    ]
    shuffled = list(rows)
    order_of_rows.shuffle(shuffled)
    found, again = orders(*rows), orders(*shuffled)
    by_order = {
        number: max((h, f) for n, h, f in headers if n == number) for number, _, _ in headers
    }
    expected = {number: f"{hour}{file}" for number, (hour, file) in by_order.items()}
    for one in (found, again):
        assert dict(one.rows.select("order_id", "coupon_code").rows()) == expected
        assert one.rows.height + one.superseded == len(rows)


@pytest.mark.parametrize(
    ("quantity", "price", "expected"),
    [
        (1, "9.99", (False, False)),
        (0, "9.99", (True, False)),
        (-2, "9.99", (True, False)),
        (None, "9.99", (True, False)),
        (1, "0", (False, True)),
        (1, "-0.0001", (False, True)),
        (1, None, (False, True)),
    ],
)
def test_a_line_with_a_bad_quantity_or_price_stays_and_is_flagged(
    quantity, price, expected
) -> None:
    row = {
        "order_id": 1, "line_number": 1, "product_id": 5, "qty": quantity,
        "unit_price": None if price is None else Decimal(price),
    }  # fmt: skip
    found = lines(row).rows
    assert found.select("has_bad_quantity", "has_bad_price").rows() == [expected]
    assert found["quantity"].to_list() == [quantity]


def lines(*rows: dict[str, Any]) -> Validated:
    found = made.order_line(bronze("orders_lines", *rows))
    known = {
        "order_header": silver("order_header", {"order_id": 1}),
        "product": silver("product", {"product_id": 5}),
    }
    return kept("order_line", found, **known)


def test_a_line_of_an_unknown_order_or_product_is_quarantined() -> None:
    found = lines(
        {"order_id": 1, "line_number": 1, "product_id": 5},
        {"order_id": 1, "line_number": 2, "product_id": 6},
        {"order_id": 2, "line_number": 1, "product_id": 5},
    )
    assert found.rows["line_number"].to_list() == [1]
    assert reasons(found) == {1: {"UNKNOWN_REFERENCE"}, 2: {"UNKNOWN_REFERENCE"}}


def test_a_parcel_of_an_unknown_order_is_quarantined() -> None:
    rows = [
        {"shipment_id": 1, "order_id": 1, "carrier": " AusPost "},
        {"shipment_id": 2, "order_id": 9},
    ]
    found = kept(
        "shipment",
        made.shipment(bronze("shipments", *rows)),
        order_header=silver("order_header", {"order_id": 1}),
    )
    assert found.rows.select("shipment_id", "carrier").rows() == [(1, "AusPost")]
    assert reasons(found) == {2: {"UNKNOWN_REFERENCE"}}


@pytest.mark.parametrize(
    ("temperature", "humidity", "expected"),
    [
        ("21.5", "40", False), ("-40", "0", False), ("60", "100", False), ("-40.01", "40", True),
        ("60.01", "40", True), ("21.5", "-0.01", True), ("21.5", "100.01", True),
        (None, "40", False), (None, None, False), (None, "101", True),
    ],
)  # fmt: skip
def test_a_reading_beyond_what_a_sensor_can_tell_is_flagged(
    temperature, humidity, expected
) -> None:
    row = {
        "sensor_ts": datetime(2024, 1, 1, tzinfo=UTC), "store_id": 1, "shelf_id": " S-1 ",
        "temperature_c": None if temperature is None else Decimal(temperature),
        "humidity_pct": None if humidity is None else Decimal(humidity),
    }  # fmt: skip
    found = kept("sensor_reading", made.sensor_reading(bronze("sensors", row))).rows
    assert found.select("shelf_id", "is_out_of_range").rows() == [("S-1", expected)]
