"""Every silver function delivers exactly its contract, on empty tables already."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest
from domains.retail import frames

from carms_lake.domains.retail import silver
from carms_lake.flows.build.context import DELETED_ON, IS_CURRENT, IS_DELETED, VALID_FROM, VALID_TO
from carms_lake.names import Layer
from carms_lake.quality.types import polars_schema

if TYPE_CHECKING:
    import polars as pl

SILVER = frames.contracts(Layer.SILVER)
HISTORY_COLUMNS = (VALID_FROM, VALID_TO, IS_CURRENT, IS_DELETED, DELETED_ON)


def empty(parameter: str) -> pl.LazyFrame:
    layer, _, table = parameter.partition("_")
    return frames.bronze(table) if layer == "bronze" else frames.silver(table)


def test_every_contract_has_its_function_and_every_function_its_contract() -> None:
    assert sorted(silver.__all__) == sorted(SILVER)


@pytest.mark.parametrize("table", sorted(SILVER))
def test_empty_tables_give_a_table_of_the_contract(table: str) -> None:
    function = getattr(silver, table)
    inputs = {name: empty(name) for name in inspect.signature(function).parameters}
    found = function(**inputs).collect()
    wanted = polars_schema(SILVER[table])
    if SILVER[table].silver.history:
        wanted = {name: kind for name, kind in wanted.items() if name not in HISTORY_COLUMNS}
    ordering = {name.removeprefix("-") for name in SILVER[table].silver.order}
    extra = {name for name in found.columns if name not in wanted}
    assert extra == ({"delivered_at"} if SILVER[table].silver.history else ordering - wanted.keys())
    assert found.drop(extra).schema == wanted
    assert (found.height == 0) is bool(inputs)


@pytest.mark.parametrize("table", sorted(SILVER))
def test_every_column_says_what_it_is_and_what_it_is_made_of(table: str) -> None:
    contract = SILVER[table]
    invented = table == "holiday"
    undescribed = [
        c.name for c in contract.columns if not c.description or not (c.sources or invented)
    ]
    assert undescribed == []
    assert contract.grain
    assert contract.primary_key


@pytest.mark.parametrize("table", sorted(SILVER))
def test_what_a_column_is_made_of_is_there(table: str) -> None:
    known = {
        f"{layer}.{name}.{column}"
        for layer in (Layer.BRONZE, Layer.SILVER)
        for name, contract in frames.contracts(layer).items()
        for column in (*contract.column_names, *contract.audit_columns)
    }
    named = {source for column in SILVER[table].columns for source in column.sources}
    assert named <= known


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
