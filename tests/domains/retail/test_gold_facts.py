"""What stands in the facts of retail but sales: shipments, sensors, events, findings, files."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from domains.retail.gold_lake import contracts, customer, gold, line, order, product, shop, store

from carms_lake.names import Layer
from carms_lake.quality.audit import audit

SHIPPED = datetime(2024, 3, 1, 10)  # noqa: DTZ001 - gold keeps UTC without a zone
ON_TIME = timedelta(hours=120)
MOMENT = timedelta(microseconds=1)


def rows(connection, sql):
    return connection.execute(sql).fetchall()


def failures(connection):
    checks = audit(connection, list(contracts(Layer.GOLD).values()))
    return [check.rule for check in checks if not check.passed]


def shipment(shipment_id=1, after=None, shipped_at=SHIPPED, **rest):
    row = {
        "shipment_id": shipment_id, "order_id": 1, "carrier": "Swift", "shipped_at": shipped_at,
        "delivered_at": None if after is None else shipped_at + after, "ship_cost": "7.50",
    }  # fmt: skip
    return {**row, **rest}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("after", "days", "is_on_time"),
    [
        (timedelta(0), 0.0, True),
        (timedelta(hours=36), 1.5, True),
        (ON_TIME, 5.0, True),
        (ON_TIME + timedelta(minutes=36), 5.025, False),
        (None, None, None),
        (-MOMENT, None, None),
    ],
)
def test_on_time_is_within_120_hours_of_shipping(tmp_path, after, days, is_on_time):
    silver = shop(shipment=[shipment(after=after)])
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection, "select delivery_days, is_on_time, is_overdue from gold.fact_shipments"
        )
        failed = failures(connection)
    assert found == [(days, is_on_time, False)]
    assert failed == (["delivered_before_shipped"] if after == -MOMENT else [])


def test_a_microsecond_too_late_is_late(tmp_path):
    with gold(tmp_path, shop(shipment=[shipment(after=ON_TIME + MOMENT)])) as connection:
        assert rows(connection, "select is_on_time from gold.fact_shipments") == [(False,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("newest", "is_overdue"),
    [(SHIPPED + ON_TIME, False), (SHIPPED + ON_TIME + MOMENT, True)],
)
@pytest.mark.parametrize("source", ["order", "return", "shipment", "delivery"])
def test_in_transit_is_overdue_as_of_the_newest_moment_in_the_data(
    tmp_path, newest, is_overdue, source
):
    others = {
        "order": {"order_header": [order(1, newest.isoformat())]},
        "return": {
            "customer_return": [{"return_id": 1, "returned_at": newest, "is_deleted": False}]
        },
        "shipment": {"shipment": [shipment(), shipment(2, shipped_at=newest)]},
        "delivery": {
            "shipment": [shipment(), shipment(2, shipped_at=SHIPPED, delivered_at=newest)]
        },
    }[source]
    with gold(tmp_path, shop(**{"shipment": [shipment()], **others})) as connection:
        found = rows(
            connection,
            "select is_on_time, is_overdue from gold.fact_shipments where shipment_id = 1",
        )
    assert found == [(None, is_overdue)]


def test_carriers_are_measured_by_month_on_what_they_delivered(tmp_path):
    later = SHIPPED + timedelta(days=31)
    silver = shop(
        shipment=[
            shipment(1, timedelta(days=2)), shipment(2, timedelta(days=4)),
            shipment(3, timedelta(days=9)), shipment(4), shipment(5, shipped_at=later),
            shipment(6, timedelta(days=1), carrier="Slow"),
        ]
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select carrier, month(month_on), shipments, round(on_time_pct, 2), delivery_days_avg,"
            " delivered, in_transit, overdue from gold.delivery_performance order by all",
        )
    assert found == [
        ("Slow", 3, 1, 100.0, 1.0, 1, 0, 0),
        ("Swift", 3, 4, 66.67, 5.0, 3, 1, 1),
        ("Swift", 4, 1, None, None, 0, 1, 0),
    ]


def reading(at, celsius, store_id=1, shelf_id="A", humidity="50", *, is_out_of_range=False):
    return {
        "sensor_at": datetime.fromisoformat(at), "store_id": store_id, "shelf_id": shelf_id,
        "temperature_c": celsius, "humidity_pct": humidity, "is_out_of_range": is_out_of_range,
    }  # fmt: skip


def test_means_are_of_readings_in_range(tmp_path):
    silver = shop(
        sensor_reading=[
            reading("2024-03-01 10:00:00", "4"), reading("2024-03-01 10:59:59.999999", "5"),
            reading("2024-03-01 10:30:00", "999", is_out_of_range=True),
            reading("2024-03-01 10:31:00", None, humidity="20"),
            reading("2024-03-01 11:00:00", "-99", is_out_of_range=True),
        ]
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select hour(hour_at), readings, out_of_range, temperature_c_avg, humidity_pct_avg,"
            " temperature_c_avg_24h from gold.fact_sensor_hourly order by 1",
        )
        assert failures(connection) == []
    assert found == [
        (10, 4, 1, Decimal("4.5"), Decimal(40), Decimal("4.5")),
        (11, 1, 1, None, None, Decimal("4.5")),
    ]


def test_the_rolling_mean_is_of_24_hours_by_time_and_weighs_readings(tmp_path):
    silver = shop(
        sensor_reading=[
            reading("2024-03-01 00:10:00", "1"), reading("2024-03-01 00:20:00", "1"),
            reading("2024-03-01 10:00:00", "4"),  # nothing between: hours that are not there
            reading("2024-03-01 23:59:00", "10"),  # the 24th hour: all four
            reading("2024-03-02 00:00:00", "10"),  # the first hour is out
            reading("2024-03-04 00:00:00", "7"),  # all before are out
            reading("2024-03-01 10:00:00", "100", shelf_id="B"),
            reading("2024-03-01 10:00:00", "200", store_id=2),
        ],
        store=[store(1), store(2)],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select store_id, shelf_id, date_key, hour(hour_at), temperature_c_avg_24h"
            " from gold.fact_sensor_hourly join gold.dim_store using (store_key)"
            " order by store_id, shelf_id, hour_at",
        )
    assert found == [
        (1, "A", 20240301, 0, Decimal(1)),
        (1, "A", 20240301, 10, Decimal(2)),
        (1, "A", 20240301, 23, Decimal(4)),
        (1, "A", 20240302, 0, Decimal(8)),
        (1, "A", 20240304, 0, Decimal(7)),
        (1, "B", 20240301, 10, Decimal(100)),
        (2, "A", 20240301, 10, Decimal(200)),
    ]


def test_readings_of_unknown_stores_are_one_unknown_store(tmp_path):
    silver = shop(
        sensor_reading=[
            reading("2024-03-01 10:00:00", "1", store_id=8),
            reading("2024-03-01 10:01:00", "3", store_id=9),
        ]
    )
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select store_key, readings, temperature_c_avg from gold.fact_sensor_hourly",
        )
        assert failures(connection) == ["unknown_store"]
    assert found == [(-1, 2, 2)]


def test_events_are_counted_by_day_and_type(tmp_path):
    def event(number, kind, user_id, session_id, at="2024-03-01 10:00:00", *, unknown=False):
        moment = datetime.fromisoformat(at)
        return {
            "event_id": str(number), "event_at": moment, "event_on": moment.date(),
            "event_type": kind, "user_id": user_id, "session_id": session_id,
            "has_unknown_user": unknown,
        }  # fmt: skip

    silver = shop(
        event=[
            event(1, "view", 1, "a"), event(2, "view", 1, "b"), event(3, "view", None, "b"),
            event(4, "view", 99, "c", unknown=True), event(5, "buy", 1, "b"),
            event(6, "view", 1, "a", "2024-03-02 00:00:00"),
        ]
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select event_date_key, event_type, events, users, sessions, unknown_user_events"
            " from gold.fact_events_daily order by all",
        )
        assert failures(connection) == []
    assert found == [
        (20240301, "buy", 1, 1, 1, 0),
        (20240301, "view", 4, 2, 3, 1),
        (20240302, "view", 1, 1, 1, 0),
    ]


def test_every_flag_is_counted(tmp_path):
    flagged = {"has_bad_quantity": True, "has_bad_price": True}
    silver = shop(
        customer=[
            customer(1, email="x", has_valid_email=False), customer(2, email=None, phone=None),
            customer(3, has_valid_email=False, email=None, address_line1=None),
        ],
        product=[product(1, current_price=None), product(2, current_price=-1),
                 product(3, is_discontinued_without_date=True)],
        store=[store(1, has_bad_coordinates=True, is_repaired=True),
               store(2, has_duplicate_code=True)],
        order_header=[order()], order_line=[line(), line(1, 2, **flagged)],
        sensor_reading=[reading("2024-03-01 10:00:00", "99", is_out_of_range=True)],
        customer_return=[{"return_id": 1, "is_deleted": True}],
        shipment=[shipment(), shipment(2, ON_TIME + MOMENT)],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select table_name, finding, found_rows from gold.data_quality"
            " where treatment = 'flagged' and found_rows > 0 order by all",
        )
        total = rows(
            connection, "select total_rows, found_pct from gold.data_quality where finding = 'late'"
        )
    assert found == [
        ("customer", "malformed_email", 1),
        ("customer", "null_address_line1", 1),
        ("customer", "null_email", 2),
        ("customer", "null_phone", 1),
        ("customer_return", "withdrawn", 1),
        ("fact_shipments", "in_transit", 1),
        ("fact_shipments", "late", 1),
        ("fact_shipments", "overdue", 1),
        ("order_line", "bad_price", 1),
        ("order_line", "bad_quantity", 1),
        ("product", "discontinued_without_date", 1),
        ("product", "missing_price", 1),
        ("product", "non_positive_price", 1),
        ("sensor_reading", "out_of_range", 1),
        ("store", "duplicate_store_code", 1),
        ("store", "impossible_coordinates", 1),
        ("store", "repaired_record", 1),
    ]
    assert total == [(2, 50.0)]
