"""What stands in the dimensions of retail: masks, versions, prices, days."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from domains.retail.gold_lake import (
    FIRST,
    SECOND,
    THIRD,
    contracts,
    customer,
    customer_version,
    gold,
    order,
    product_version,
    shop,
    store,
)

from carms_lake.names import Layer
from carms_lake.quality.audit import audit

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = """
    natural_key, first_name, last_name, email, phone, address_line1, address_line2, postcode,
    latitude, longitude, birth_on
"""
OPEN = (
    "CUST-00000001", "Ann", "Lee", "Ann@example.org", "+61 400 123 456", "1 High Street", "Flat 2",
    "6000", -31.95, 115.86, date(1990, 5, 6),
)  # fmt: skip


def rows(connection, sql):
    return connection.execute(sql).fetchall()


def failures(connection):
    checks = audit(connection, list(contracts(Layer.GOLD).values()))
    return [check.rule for check in checks if not check.passed]


def masked(folder: Path, word: str) -> str:
    """HMAC-SHA256 under the key that the project keeps."""
    key = bytes.fromhex((folder / ".carms" / "masking.key").read_text(encoding="ascii").strip())
    return hmac.new(key, word.encode(), hashlib.sha256).hexdigest()


def test_a_customer_who_consented_is_shown(tmp_path):
    with gold(tmp_path, shop()) as connection:
        found = rows(connection, f"select {SHOWN} from gold.dim_customer where customer_id = 1")
        assert rows(
            connection, "select is_masked from gold.dim_customer where customer_id = 1"
        ) == [(False,)]
    assert found == [OPEN]


@pytest.mark.parametrize("consent", [False, None])
def test_a_customer_who_did_not_consent_is_masked(tmp_path, consent):
    with gold(tmp_path, shop(customer=[customer(has_gdpr_consent=consent)])) as connection:
        found = rows(
            connection,
            f"select {SHOWN}, city, country_code, is_masked from gold.dim_customer"
            " where customer_id = 1",
        )
        assert failures(connection) == []
    assert found == [
        (
            masked(tmp_path, "CUST-00000001"), None, None, masked(tmp_path, "ann@example.org"),
            "***56", None, None, None, None, None, None, "Perth", "AU", True,
        )
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("phone", "mask"),
    [("+61 400 123 456", "***56"), ("7", "***7"), ("unknown", "***"), (None, None)],
)
def test_of_a_masked_phone_two_digits_are_left(tmp_path, phone, mask):
    silver = shop(customer=[customer(phone=phone, has_gdpr_consent=False)])
    with gold(tmp_path, silver) as connection:
        found = rows(connection, "select phone from gold.dim_customer where customer_id = 1")
        assert failures(connection) == []
    assert found == [(mask,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        (True, True, [True, True]),
        (False, True, [False, True]),
        (True, False, [False, False]),  # consent that is withdrawn is withdrawn for all versions
        (None, None, [False, False]),
    ],
)
def test_a_version_is_shown_where_it_and_the_newest_have_consent(tmp_path, first, second, shown):
    history = [
        customer_version(
            has_gdpr_consent=first, address_line1="Old", valid_to=SECOND, is_current=False
        ),
        customer_version(has_gdpr_consent=second, address_line1="New", valid_from=SECOND),
    ]
    with gold(tmp_path, shop(customer_history=history)) as connection:
        found = rows(
            connection,
            "select address_line1, email, latitude from gold.dim_customer where customer_id = 1"
            " order by valid_from",
        )
        assert failures(connection) == []
    mail = masked(tmp_path, "ann@example.org")
    assert found == [
        ("Old" if shown[0] else None, "Ann@example.org" if shown[0] else mail, None),
        (
            "New" if shown[1] else None,
            "Ann@example.org" if shown[1] else mail,
            -31.95 if shown[1] else None,
        ),
    ]


def test_a_customer_who_was_dropped_is_masked(tmp_path):
    gone = customer_version(is_deleted=True, valid_to=SECOND, deleted_on=SECOND.date())
    with gold(tmp_path, shop(customer=[], customer_identity=[], customer_history=[gone])) as found:
        assert rows(
            found, "select address_line1, postcode, city, is_masked, deleted_on"
            " from gold.dim_customer where customer_id = 1",
        ) == [(None, None, "Perth", True, SECOND.date())]  # fmt: skip


def test_what_is_shown_against_consent_fails_a_check(tmp_path):
    with gold(tmp_path, shop(customer=[customer(has_gdpr_consent=False)])) as connection:
        connection.execute("update gold.dim_customer set postcode = '6000' where customer_id = 1")
        assert failures(connection) == ["masked_without_consent"]


def test_a_version_applies_until_the_next_and_the_first_from_ever(tmp_path):
    history = [
        product_version(current_price=10, valid_to=SECOND, is_current=False),
        product_version(current_price=12, valid_from=THIRD),
    ]
    with gold(tmp_path, shop(product_history=history)) as connection:
        found = rows(
            connection,
            "select valid_from, valid_to, applies_from, applies_to, created_at, updated_at"
            " from gold.dim_product where product_id = 1 order by valid_from",
        )
        keys = rows(connection, "select distinct product_key from gold.dim_product")
    ever = datetime(1900, 1, 1)  # noqa: DTZ001 - gold keeps UTC without a zone
    assert found == [
        (FIRST, SECOND, ever, THIRD, FIRST, SECOND), (THIRD, None, THIRD, None, FIRST, THIRD),
    ]  # fmt: skip
    assert len(keys) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "change", "pct"),
    [
        ({"current_price": "10"}, {"current_price": "12.5"}, "2.5", "25"),
        ({"current_price": "3"}, {"current_price": "2"}, "-1", "-33.33"),
        ({"current_price": "0"}, {"current_price": "2"}, "2", None),
        ({"current_price": "-4"}, {"current_price": "2"}, "6", None),
        ({"current_price": None}, {"current_price": "2"}, None, None),
        ({"current_price": "2"}, {"current_price": None}, None, None),
        ({"current_price": "2"}, {"current_price": "2", "name": "Renamed"}, "0", "0"),
        ({"current_price": "2"}, {"current_price": "3", "currency": "USD"}, None, None),
        ({"current_price": "0.0001"}, {"current_price": "1000000"}, "999999.9999", "999999999900"),
    ],
)  # fmt: skip
def test_a_price_is_compared_with_that_of_the_version_before(tmp_path, before, after, change, pct):
    history = [
        product_version(valid_to=SECOND, is_current=False, **before),
        product_version(valid_from=SECOND, **after),
    ]
    with gold(tmp_path, shop(product_history=history)) as connection:
        found = rows(
            connection,
            "select price_change, price_change_pct from gold.dim_product where product_id = 1"
            " order by valid_from",
        )
    wanted = tuple(None if value is None else Decimal(value) for value in (change, pct))
    assert found == [(None, None), wanted]


@pytest.mark.slow
@pytest.mark.parametrize(("price", "bad"), [("1", False), ("0", True), ("-1", True), (None, True)])
def test_a_price_that_is_missing_or_not_positive_is_bad(tmp_path, price, bad):
    silver = shop(product_history=[product_version(current_price=price)])
    with gold(tmp_path, silver) as connection:
        found = rows(connection, "select has_bad_price from gold.dim_product where product_id = 1")
    assert found == [(bad,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "tier"),
    [
        (0, "fast"), (7, "fast"), (8, "standard"), (14, "standard"), (15, "slow"), (None, None),
        (-1, None),
    ],
)  # fmt: skip
def test_a_supplier_has_a_tier_by_its_lead_time(tmp_path, days, tier):
    silver = shop(supplier=[{"supplier_id": 1, "lead_time_days": days, "is_repaired": False}])
    with gold(tmp_path, silver) as connection:
        found = rows(connection, "select lead_time_tier, created_at from gold.dim_supplier")
    assert found == [(tier, FIRST)]


def test_a_store_without_a_closing_day_is_open(tmp_path):
    silver = shop(store=[store(1), store(2, closed_on=date(2024, 1, 1))])
    with gold(tmp_path, silver) as connection:
        found = rows(connection, "select store_id, is_open from gold.dim_store order by 1")
    assert found == [(-1, None), (1, True), (2, False)]


HOLIDAYS = [
    {"holiday_on": date(2024, 12, 25), "country_code": code, "name": "Christmas Day"}
    for code in ("AU", "US", "GB")
] + [
    {"holiday_on": date(2024, 7, 4), "country_code": "US", "name": "Independence Day"},
    {"holiday_on": date(2024, 12, 25), "country_code": "AU", "name": "A second one"},
]


@pytest.fixture(scope="module")
def calendar(tmp_path_factory):
    silver = shop(
        order_header=[order(1, "2024-02-29 10:00:00"), order(2, "2020-12-31 23:59:00")],
        shipment=[{"shipment_id": 1, "delivered_at": datetime(2026, 1, 1)}],  # noqa: DTZ001
        holiday=HOLIDAYS,
    )
    with gold(tmp_path_factory.mktemp("lake"), silver) as connection:
        yield connection


def test_a_day_stands_once_in_whole_years_of_what_happened(calendar):
    found = rows(
        calendar,
        "select calendar_year, count(*), count(distinct calendar_on) from gold.dim_date"
        " group by 1 order by 1",
    )
    assert found == [(2020, 366, 366), (2024, 366, 366), (2026, 365, 365), (None, 1, 0)]


@pytest.mark.parametrize(
    ("key", "iso_year", "iso_week", "weekday", "is_weekend"),
    [
        (20241230, 2025, 1, 1, False),
        (20240101, 2024, 1, 1, False),
        (20201231, 2020, 53, 4, False),
        (20260101, 2026, 1, 4, False),
        (20241228, 2024, 52, 6, True),
        (20241229, 2024, 52, 7, True),  # a Sunday
        (20240301, 2024, 9, 5, False),
    ],
)
def test_weeks_are_iso_weeks_and_end_with_a_weekend(
    calendar, key, iso_year, iso_week, weekday, is_weekend
):
    found = rows(
        calendar,
        "select iso_year, iso_week, iso_weekday, is_weekend from gold.dim_date"
        f" where date_key = {key}",
    )
    assert found == [(iso_year, iso_week, weekday, is_weekend)]


@pytest.mark.parametrize(
    ("key", "year", "quarter", "month"),
    [
        (20240630, 2024, 4, 12), (20240701, 2025, 1, 1), (20241231, 2025, 2, 6),
        (20240101, 2024, 3, 7), (20240331, 2024, 3, 9), (20240930, 2025, 1, 3),
    ],
)  # fmt: skip
def test_a_fiscal_year_begins_in_july_and_is_named_by_its_end(calendar, key, year, quarter, month):
    found = rows(
        calendar,
        "select fiscal_year, fiscal_quarter, fiscal_month from gold.dim_date"
        f" where date_key = {key}",
    )
    assert found == [(year, quarter, month)]


@pytest.mark.parametrize(
    ("key", "holidays"),
    [
        (
            20241225,
            (True, "A second one; Christmas Day", True, "Christmas Day", True, "Christmas Day"),
        ),
        (20240704, (False, None, True, "Independence Day", False, None)),
        (20240705, (False, None, False, None, False, None)),
        (20200704, (None, None, None, None, None, None)),  # no holiday of that year is known
    ],
)  # fmt: skip
def test_a_day_is_a_holiday_in_each_country_by_itself(calendar, key, holidays):
    found = rows(
        calendar,
        "select is_holiday_au, holiday_name_au, is_holiday_us, holiday_name_us, is_holiday_gb,"
        f" holiday_name_gb from gold.dim_date where date_key = {key}",
    )
    assert found == [holidays]
