"""Every silver function delivers exactly its contract, on empty tables already."""

from __future__ import annotations

import inspect

import polars as pl
import pytest
from domains.carms import bronze

from carms_lake.domains.carms import silver
from carms_lake.flows.build.context import DELETED_ON, IS_CURRENT, IS_DELETED, VALID_FROM, VALID_TO
from carms_lake.names import Layer
from carms_lake.quality.types import polars_schema

SILVER = bronze.contracts(Layer.SILVER)
HISTORY_COLUMNS = (VALID_FROM, VALID_TO, IS_CURRENT, IS_DELETED, DELETED_ON)


def empty(parameter: str) -> pl.LazyFrame:
    layer, _, table = parameter.partition("_")
    if layer == "bronze":
        return bronze.frame(table, [])
    return bronze.silver(table, [])


def test_every_contract_has_its_function_and_every_function_its_contract() -> None:
    assert sorted(silver.__all__) == sorted(SILVER)


@pytest.mark.parametrize("table", sorted(SILVER))
def test_empty_tables_give_an_empty_table_of_the_contract(table: str) -> None:
    function = getattr(silver, table)
    inputs = {name: empty(name) for name in inspect.signature(function).parameters}
    found = function(**inputs).collect()
    wanted = polars_schema(SILVER[table])
    schema = dict(found.schema)
    if SILVER[table].silver.history:
        assert schema.pop("delivered_at") == pl.Datetime("us", "UTC")
        wanted = {name: kind for name, kind in wanted.items() if name not in HISTORY_COLUMNS}
    assert found.height == 0
    assert list(schema.items()) == list(wanted.items())


@pytest.mark.parametrize("table", sorted(SILVER))
def test_every_column_says_what_it_is_and_what_it_is_made_of(table: str) -> None:
    contract = SILVER[table]
    undescribed = [c.name for c in contract.columns if not c.description or not c.sources]
    assert undescribed == []
    assert contract.grain
    assert contract.primary_key


def test_columns_about_people_are_classified_as_personal() -> None:
    personal = {
        f"{table}.{column.name}"
        for table, contract in SILVER.items()
        for column in contract.columns
        if column.classification == "personal"
    }
    assert personal == {
        "contact.contact_name",
        "contact.contact_title",
        "contact.emails",
        "contact.faxes",
        "contact.information",
        "contact.phones",
        "document.lists",
        "document_section.content",
    }
