"""Customers: one for each natural key, cleaned, and their versions after each delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from domains.retail.frames import DELIVERED, bronze, contracts, kept, reasons, silver
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.retail import silver as made
from carms_lake.flows.build.context import versions
from carms_lake.names import Layer

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.quality.validate import Validated

LATER = DELIVERED + timedelta(days=365)
LAST = DELIVERED + timedelta(days=730)


def row(customer_id: int, natural_key: str | None = None, day: int = 1, **rest: Any) -> dict:
    joined = datetime(2020, 1, day, tzinfo=UTC)
    return {"customer_id": customer_id, "natural_key": natural_key, "join_ts": joined, **rest}


def identities(*rows: dict[str, Any]) -> Validated:
    return kept("customer_identity", made.customer_identity(bronze("customers", *rows)))


def canonical(*rows: dict[str, Any]) -> dict[int, int]:
    return dict(identities(*rows).rows.select("customer_id", "canonical_customer_id").rows())


def customers(*rows: dict[str, Any]) -> pl.DataFrame:
    found = made.customer(bronze("customers", *rows), identities(*rows).rows.lazy())
    return kept("customer", found).rows


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row(1, "A"), row(2, "B")], {1: 1, 2: 2}),
        ([row(1, "A", 1), row(2, "A", 2)], {1: 2, 2: 2}),
        ([row(1, "A", 2), row(2, "A", 1)], {1: 1, 2: 1}),
        ([row(1, "A", 1), row(2, "A", 3), row(3, "A", 2)], {1: 2, 2: 2, 3: 2}),
        ([row(2, "A", 1), row(1, "A", 1)], {1: 2, 2: 2}),
        ([row(1, "A", 1), row(2, " A ", 2)], {1: 2, 2: 2}),
        ([row(1, "A", 1) | {"join_ts": None}, row(2, "A", 2)], {1: 2, 2: 2}),
        ([row(1), row(2), row(3, "None"), row(4, " ")], {1: 1, 2: 2, 3: 3, 4: 4}),
    ],
)
def test_of_one_natural_key_the_last_to_join_is_kept(rows, expected) -> None:
    assert canonical(*rows) == expected


def test_a_customer_id_that_stands_twice_in_a_file_is_nobody_s() -> None:
    found = identities(row(1, "A", 3), row(1, "B", 2), row(2, "A", 1))
    assert dict(found.rows.select("customer_id", "canonical_customer_id").rows()) == {2: 2}
    assert reasons(found) == {1: {"DUPLICATE_KEY"}}


def test_of_several_files_the_one_delivered_last_has_a_customer() -> None:
    rows = [
        row(1, "OLD", city="Old", src_filename="customers_b.csv"),
        row(1, "NEW", city="New", src_filename="customers_a.csv", delivered_at=LATER),
    ]
    found = identities(*rows)
    assert found.rows["natural_key"].to_list() == ["NEW"]
    assert found.superseded == 1
    assert customers(*rows)["city"].to_list() == ["New"]


def test_of_several_files_of_one_moment_the_last_by_number_has_a_customer() -> None:
    rows = [
        row(1, "TEN", city="Ten", src_filename="customers_10.csv"),
        row(1, "NINE", city="Nine", src_filename="customers_9.csv"),
    ]
    assert identities(*rows).rows["natural_key"].to_list() == ["TEN"]
    assert customers(*rows)["city"].to_list() == ["Ten"]
    assert [version[1] for version in history(*rows)] == [history(rows[0])[0][1]]


def test_only_kept_ids_are_customers_and_each_has_its_own_values() -> None:
    rows = [row(1, "A", 1, city="Perth"), row(2, "A", 2, city="Cairns"), row(3, "B", city="Hobart")]
    assert customers(*rows).select("customer_id", "city").rows() == [(2, "Cairns"), (3, "Hobart")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann", "Ann"), ("  Ann  Lee ", "Ann Lee"), ("None", None), (" N/A ", None), ("NULL", None),
        ("", None), (None, None), ("Null", "Null"), ("none", "none"),
    ],
)  # fmt: skip
def test_words_for_nothing_become_null_and_names_stay(text: str | None, expected: str) -> None:
    assert customers(row(1, first_name=text))["first_name"].to_list() == [expected]


@pytest.mark.parametrize(
    ("email", "kept_email", "is_valid"),
    [
        ("Ann.Lee@Example.COM", "ann.lee@example.com", True),
        (" a+b@c-d.co.uk ", "a+b@c-d.co.uk", True),
        ("zoë@exämple.de", "zoë@exämple.de", True),
        ("ann.example.com", "ann.example.com", False),
        ("ann@", "ann@", False),
        ("@example.com", "@example.com", False),
        ("ann@example", "ann@example", False),
        ("ann@@example.com", "ann@@example.com", False),
        ("ann@example..com", "ann@example..com", False),
        ("ann..lee@example.com", "ann..lee@example.com", False),
        (".ann@example.com", ".ann@example.com", False),
        ("ann lee@example.com", "ann lee@example.com", False),
        ("ann@-example.com", "ann@-example.com", False),
        ("ann@example.com.", "ann@example.com.", False),
        ("ann@example.c0m", "ann@example.c0m", False),
        ("None", None, False),
        (None, None, False),
    ],
)
def test_an_address_is_lower_case_and_known_to_be_well_formed_or_not(
    email: str, kept_email: str, is_valid: bool
) -> None:
    found = customers(row(1, email=email)).select("email", "has_valid_email")
    assert found.rows() == [(kept_email, is_valid)]


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (-33.8, 151.2, (-33.8, 151.2)),
        (90.0, -180.0, (90.0, -180.0)),
        (90.1, 0.0, (None, None)),
        (0.0, 180.1, (None, None)),
        (None, 151.2, (None, 151.2)),
        (None, 181.0, (None, None)),
        (float("nan"), 1.0, (None, None)),
    ],
)
def test_coordinates_outside_the_planet_are_null(latitude, longitude, expected) -> None:
    found = customers(row(1, latitude=latitude, longitude=longitude))
    assert found.select("latitude", "longitude").rows() == [expected]


keys = st.sampled_from(["A", "B", "C", None, " A", "None"])
people = st.lists(
    st.tuples(st.integers(1, 12), keys, st.integers(1, 4)), unique_by=lambda p: p[0], max_size=12
)


@pytest.mark.slow
@given(people=people, order=st.randoms(use_true_random=False))
def test_who_is_kept_does_not_depend_on_the_order_of_rows(people, order) -> None:
    rows = [row(*person) for person in people]
    shuffled = list(rows)
    order.shuffle(shuffled)
    found = canonical(*rows)
    assert found == canonical(*shuffled)
    assert found.keys() == {person[0] for person in people}
    # A kept id stands for itself, so two look-ups give what one gives.
    assert all(found[target] == target for target in found.values())
    assert set(customers(*rows)["customer_id"]) == set(found.values())


def history(*rows: dict[str, Any], identity: pl.LazyFrame | None = None) -> list[tuple[Any, ...]]:
    states = made.customer_history(
        bronze("customers", *rows), silver("customer_identity") if identity is None else identity
    )
    spec = contracts(Layer.SILVER)["customer_history"].silver.history
    found = versions(states.collect(), spec)
    return found.select("customer_id", "city", "valid_from", "valid_to", "is_deleted").rows()


def delivered(number: int, *rows: dict[str, Any], name: str = "customers.csv") -> list[dict]:
    at = (DELIVERED, LATER, LAST)[number - 1]
    return [
        {**r, "src_filename": name, "delivery_id": number, "delivered_at": at} for r in rows
    ]  # fmt: skip


def test_a_change_makes_a_version_and_a_row_that_is_gone_is_deleted() -> None:
    rows = [
        *delivered(1, row(1, city="Perth"), row(2, city="Cairns")),
        *delivered(2, row(1, city="Hobart")),
        *delivered(3, row(1, city="Hobart")),
    ]
    assert history(*rows) == [
        (1, "Perth", DELIVERED, LATER, False),
        (1, "Hobart", LATER, None, False),
        (2, "Cairns", DELIVERED, LATER, True),
    ]


def test_an_attribute_that_is_not_kept_in_history_makes_no_version() -> None:
    rows = [*delivered(1, row(1, phone="1")), *delivered(2, row(1, phone="2"))]
    assert history(*rows) == [(1, None, DELIVERED, None, False)]


def test_a_file_that_was_not_delivered_again_is_still_known() -> None:
    rows = [
        *delivered(1, row(1, city="Perth"), name="customers_west.csv"),
        *delivered(1, row(2, city="Cairns"), name="customers_east.csv"),
        *[
            {**r, "delivery_id": 2, "delivered_at": LATER, "src_filename": "customers_east.csv"}
            for r in [row(2, city="Sydney")]
        ],
    ]
    assert history(*rows) == [
        (1, "Perth", DELIVERED, None, False),
        (2, "Cairns", DELIVERED, LATER, False),
        (2, "Sydney", LATER, None, False),
    ]


def test_a_file_under_a_new_name_continues_the_history() -> None:
    rows = [
        *delivered(1, row(1, city="Perth"), name="customers_2024.csv"),
        *[
            {**r, "delivered_at": LATER, "src_filename": "customers_2025.csv"}
            for r in [row(1, city="Hobart")]
        ],
    ]
    assert history(*rows) == [
        (1, "Perth", DELIVERED, LATER, False),
        (1, "Hobart", LATER, None, False),
    ]


def test_a_superseded_customer_has_no_history() -> None:
    identity = silver(
        "customer_identity",
        {"customer_id": 1, "canonical_customer_id": 2},
        {"customer_id": 2, "canonical_customer_id": 2},
    )
    rows = delivered(1, row(1, city="Perth"), row(2, city="Hobart"), row(3, city="Gone"))
    assert [found[0] for found in history(*rows, identity=identity)] == [2, 3]
