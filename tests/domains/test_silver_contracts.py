"""Every silver function of every shipped domain delivers exactly its contract."""

from __future__ import annotations

import importlib
import inspect
from functools import cache

import polars as pl
import pytest
from domains.kit import DOMAINS, Kit

from carms_lake.flows.build.context import DELETED_ON, IS_CURRENT, IS_DELETED, VALID_FROM, VALID_TO
from carms_lake.names import Layer
from carms_lake.quality.types import polars_schema

HISTORY_COLUMNS = (VALID_FROM, VALID_TO, IS_CURRENT, IS_DELETED, DELETED_ON)
WITHOUT_SOURCE = {("carms", "other_name"), ("retail", "holiday"), ("ticketing", "page_type")}
"""Tables that read no other table."""


@cache
def kit(domain: str) -> Kit:
    return Kit(domain)


def silver_of(domain: str):
    return importlib.import_module(f"carms_lake.domains.{domain}.silver")


def empty(domain: str, parameter: str) -> pl.LazyFrame:
    layer, _, table = parameter.partition("_")
    return kit(domain).bronze(table) if layer == "bronze" else kit(domain).silver(table)


SILVER = [
    (domain, table) for domain in DOMAINS for table in sorted(kit(domain).contracts(Layer.SILVER))
]


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_contract_has_its_function_and_every_function_its_contract(domain):
    assert sorted(silver_of(domain).__all__) == sorted(kit(domain).contracts(Layer.SILVER))


@pytest.mark.parametrize(("domain", "table"), SILVER)
def test_empty_tables_give_a_table_of_the_contract(domain, table):
    contract = kit(domain).contracts(Layer.SILVER)[table]
    function = getattr(silver_of(domain), table)
    inputs = {name: empty(domain, name) for name in inspect.signature(function).parameters}
    found = function(**inputs).lazy().collect()
    wanted = polars_schema(contract)
    more = {name.removeprefix("-") for name in contract.silver.order} - wanted.keys()
    if contract.silver.history:
        wanted = {name: kind for name, kind in wanted.items() if name not in HISTORY_COLUMNS}
        more = {"delivered_at"}
        assert found.schema["delivered_at"] == pl.Datetime("us", "UTC")
    assert set(found.columns) - wanted.keys() == more
    assert list(found.drop(more).schema.items()) == list(wanted.items())
    assert (found.height == 0) is bool(inputs)


@pytest.mark.parametrize(("domain", "table"), SILVER)
def test_every_column_says_what_it_is_and_what_it_is_made_of(domain, table):
    contract = kit(domain).contracts(Layer.SILVER)[table]
    has_source = (domain, table) not in WITHOUT_SOURCE
    undescribed = [
        c.name for c in contract.columns if not c.description or (has_source and not c.sources)
    ]
    assert undescribed == []
    assert contract.grain
    assert contract.primary_key


@pytest.mark.parametrize(("domain", "table"), SILVER)
def test_what_a_column_is_made_of_exists(domain, table):
    known = {
        f"{layer}.{name}.{column}"
        for layer in (Layer.BRONZE, Layer.SILVER)
        for name, contract in kit(domain).contracts(layer).items()
        for column in (*contract.column_names, *contract.audit_columns)
    }
    columns = kit(domain).contracts(Layer.SILVER)[table].columns
    assert {source for column in columns for source in column.sources} <= known
