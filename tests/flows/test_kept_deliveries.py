"""Deliveries that are kept under another contract: cast exactly, or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from helpers import property_
from hypothesis import given
from hypothesis import strategies as st
from tiny import project, put, rows, with_keys

from carms_lake.contract.types import parse_type
from carms_lake.errors import ContractError
from carms_lake.flows.ingest import ingest
from carms_lake.quality.types import fits_exactly, polars_type

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

LOGICAL = {
    "varchar": "string",
    "json": "string",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


def typed_as(config: LakeConfig, kind: str, **rest: Any) -> LakeConfig:
    """The project with another type in the column `price` of products."""
    logical = LOGICAL.get(kind, "integer" if "int" in kind else "number")
    columns = [
        property_("product_id", required=True),
        property_("name"),
        property_("price", logical, kind, **rest),
    ]
    return with_keys(config, "bronze/products", properties=columns)


def delivered(folder: Path, kind: str, first: str, now: str) -> LakeConfig:
    """A project in which a value was delivered, and another one after it."""
    config = typed_as(project(folder), kind)
    for value in (first, now):
        put(config, "products.csv", f'product_id,name,price\np0,Salt,{now}\np1,Tea,"{value}"\n')
        assert not ingest(config).refused
    return config


CASES = [
    ("decimal(12,4)", "444.5678", "3.00", "decimal(12,2)", "444.5678"),
    ("decimal(12,4)", "444.5678", "3", "bigint", "444.5678"),
    ("bigint", "70000", "3", "smallint", "70000"),
    ("double", "0.125", "3", "decimal(10,2)", "0.125"),
    ("double", "2.5", "3", "integer", "2.5"),
    ("timestamp", "2024-01-01T10:30:00Z", "2024-01-01", "date", "2024-01-01 10:30"),
    ("varchar", "many", "3", "integer", "many"),
    ("varchar", "{'a': 1}", "3", "json", "{'a': 1}"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("before", "first", "now", "after", "shown"), CASES)
def test_a_kept_value_that_does_not_fit_ends_the_refresh_or_becomes_null(
    tmp_path: Path, before: str, first: str, now: str, after: str, shown: str
) -> None:
    config = typed_as(delivered(tmp_path, before, first, now), after)
    put(config, "products.csv", f"product_id,name,price\np0,Salt,{now}\np1,Tea,{now}\n")
    held = rows(config, "bronze.products", "delivery_id", "product_id", "price")
    with pytest.raises(ContractError) as error:
        ingest(config, full_refresh=True)
    said = error.value.message
    assert shown in said
    assert "(`products.csv`, delivery 1, record 2)" in said
    assert f"for `price` {after}" in said
    assert "--misfits-as-null" in error.value.hint
    assert rows(config, "bronze.products", "delivery_id", "product_id", "price") == held
    report = ingest(config, full_refresh=True, misfits_as_null=True)
    assert any("became null" in note for note in report.notes)
    kept = rows(config, "bronze.products", "delivery_id", "product_id", "price")
    assert [row for row in kept if row[2] is None] == [(1, "p1", None)]


def test_kept_values_that_fit_are_cast_as_they_are(tmp_path: Path) -> None:
    config = typed_as(delivered(tmp_path, "decimal(12,4)", "444.5600", "3.0000"), "decimal(9,2)")
    ingest(config, full_refresh=True)
    kept = rows(config, "bronze.products", "delivery_id", "product_id", "price")
    assert (1, "p1", Decimal("444.56")) in kept


def test_kept_texts_are_read_as_the_contract_spells_them(tmp_path: Path) -> None:
    config = delivered(tmp_path, "varchar", "1,5", "3")
    config = typed_as(config, "decimal(9,2)", **{"carms.decimalMark": ","})
    ingest(config, full_refresh=True)
    kept = rows(config, "bronze.products", "delivery_id", "product_id", "price")
    assert (1, "p1", Decimal("1.50")) in kept


def test_a_value_about_people_is_not_shown(tmp_path: Path) -> None:
    config = delivered(tmp_path, "varchar", "secret", "3")
    with pytest.raises(ContractError) as error:
        ingest(typed_as(config, "integer", classification="personal"), full_refresh=True)
    assert "a value for `price` integer" in error.value.message
    assert "secret" not in error.value.message


NUMBERS = st.decimals(-(10**7), 10**7, places=4)


@given(value=NUMBERS, scale=st.integers(0, 4))
def test_a_number_that_was_cast_is_the_number_that_was_there(value: Decimal, scale: int) -> None:
    wanted = parse_type("number", f"decimal(12,{scale})", where="a test")
    frame = pl.DataFrame({"n": [value]}, schema={"n": pl.Decimal(18, 4)})
    (found,) = frame.select(fits_exactly("n", frame.schema["n"], wanted))["n"]
    is_exact = value == round(value, scale)
    assert found == (value if is_exact else None)


@pytest.mark.parametrize("wanted", ["varchar", "bigint", "date", "json", "blob", "varchar[]"])
@pytest.mark.parametrize(
    "values",
    [[1, None], ["x", "1"], [date(2024, 1, 1)], [1.5], [[1]], [True], [b"\xff"], [Decimal("1.5")]],
    ids=str,
)
def test_every_pair_of_types_gives_values_or_null_and_never_fails(
    values: list[Any], wanted: str
) -> None:
    frame = pl.DataFrame({"n": values})
    logical = "array" if wanted.endswith("[]") else LOGICAL.get(wanted, "integer")
    kind = parse_type("string" if wanted == "blob" else logical, wanted, where="a test")
    found = frame.select(fits_exactly("n", frame.schema["n"], kind))
    assert found.schema["n"] == polars_type(kind)
