"""What the silver contracts of the domain say of people and of references."""

from __future__ import annotations

from domains.retail import frames

from carms_lake.names import Layer

SILVER = frames.contracts(Layer.SILVER)


def test_columns_about_people_are_classified_as_personal() -> None:
    personal = {
        f"{table}.{column.name}"
        for table, contract in SILVER.items()
        for column in contract.columns
        if column.classification == "personal"
    }
    of_address = {"address_line1", "address_line2", "postcode"}
    assert personal == {
        "customer_identity.natural_key",
        *(f"customer_history.{name}" for name in of_address),
        *(f"customer.{name}" for name in of_address),
        *(
            f"customer.{name}"
            for name in (
                "natural_key", "first_name", "last_name", "email", "phone", "latitude",
                "longitude", "birth_on",
            )
        ),
    }  # fmt: skip


def test_unknown_references_have_the_budget_of_the_facts() -> None:
    budgets = {
        f"{table}.{relationship.columns[0]}": relationship.budget_pct
        for table, contract in SILVER.items()
        for relationship in contract.relationships
        if relationship.quarantine
    }
    assert budgets == dict.fromkeys(
        [
            "order_header.customer_id", "order_header.store_id", "order_line.order_id",
            "order_line.product_id", "shipment.order_id",
        ],
        1.5,
    )  # fmt: skip
