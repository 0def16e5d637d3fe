"""Where one value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ledger_lake
import pytest
from tiny import built

from carms_lake.errors import UnknownKey, UsageError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.lineage.trace_value import (
    TREES_SHOWN,
    Evidence,
    Origin,
    ValueTrace,
    trace_value,
)

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    """A lake that no test changes."""
    return built(tmp_path_factory.mktemp("plain"))


def told(origin: Origin, depth: int = 0) -> list[str]:
    """A tree as lines: column, values, how it is known."""
    values = ", ".join(str(held.value) for held in origin.values)
    lines = [f"{'  ' * depth}{origin.table}.{origin.column} = {values} [{origin.evidence}]"]
    return lines + [line for below in origin.made_of for line in told(below, depth + 1)]


def test_a_value_of_gold_leads_through_silver_to_the_file(plain: LakeConfig) -> None:
    (origin,) = trace_value(plain, "s1", "amount").origins
    assert told(origin) == [
        "gold.fact_sale.amount = 5.00 [sql]",
        "  silver.sale.amount = 5.00 [contract]",
        "    bronze.sales.quantity = 2 [file]",
        "    silver.product.price = 2.50 [contract]",
        "      bronze.products.price = 2.50 [file]",
    ]
    sale = origin.made_of[0]
    assert (origin.text, sale.text) == (
        "sale.amount",
        "quantity times the product's price of today",
    )
    (quantity,) = sale.made_of[0].values
    assert quantity.place == "sales/day_1.csv, record 1"
    assert quantity.raw is not None
    assert (quantity.raw.text, quantity.raw.line) == ("s1,p1,2", 2)


@pytest.mark.slow
def test_a_sum_in_a_view_leads_to_every_row_that_it_adds_up(tmp_path: Path) -> None:
    config = built(tmp_path, "s3,p1,7\ns4,p2,1\n")
    (origin,) = trace_value(config, "name=Tea", "quantity", table="sales_by_product").origins
    fact = origin.made_of[0]
    assert origin.values[0].value == 9
    assert (fact.table, [held.value for held in fact.values]) == ("gold.fact_sale", [2, 7])
    places = [held.place for held in fact.made_of[0].made_of[0].values]
    assert places == ["sales/day_1.csv, record 1", "sales/day_2.csv, record 1"]


def test_a_looked_up_key_leads_through_the_dimension(plain: LakeConfig) -> None:
    (origin,) = trace_value(plain, "s2", "product_key").origins
    dimension = origin.made_of[0]
    assert (dimension.table, dimension.column) == ("gold.dim_product", "product_key")
    assert [held.value for held in dimension.made_of[0].values] == ["p2"]


def test_a_value_that_the_select_names_itself_has_no_source(plain: LakeConfig) -> None:
    (origin,) = trace_value(plain, "product_key=-1", "name", table="dim_product").origins
    assert origin.values[0].value == "unknown"
    assert [below.notes for below in origin.made_of] == [("none of its rows contributed",)]


@pytest.mark.slow
def test_several_rows_of_a_key_have_a_way_each(tmp_path: Path) -> None:
    config = built(tmp_path, "".join(f"x{n},p1,{n}\n" for n in range(1, TREES_SHOWN + 2)))
    found = trace_value(config, "product_id=p1", "quantity", table="silver.sale")
    assert [origin.values[0].value for origin in found.origins] == [2, *range(1, TREES_SHOWN)]
    assert found.is_cut
    assert found.keys[0] == (("sale_id", "s1"),)


@pytest.mark.slow
def test_a_value_of_silver_whose_contract_says_nothing_is_taken_by_its_name(tmp_path: Path) -> None:
    config = ledger_lake.project(tmp_path)
    ledger_lake.accounts(config, "a")
    ledger_lake.entries(config, "one", [(1, "a", 10)])
    ingest(config)
    build(config)
    (origin,) = trace_value(config, "entry_id=1", "amount", table="fact_entry").origins
    assert told(origin) == [
        "gold.fact_entry.amount = 10 [sql]",
        "  silver.entry.amount = 10 [contract]",
        "    bronze.entries.amount = 10 [file]",
    ]
    assert origin.made_of[0].notes == ("the contract names no source",)


@pytest.mark.slow
def test_a_column_that_stands_in_another_gold_table_leads_there_first(tmp_path: Path) -> None:
    config = ledger_lake.project(tmp_path)
    ledger_lake.accounts(config, "a")
    ledger_lake.entries(config, "one", [(1, "a", 10)])
    ingest(config)
    build(config)
    (origin,) = trace_value(config, "a", "amount", table="balance").origins
    assert origin.evidence is Evidence.SQL
    assert [below.table for below in origin.made_of] == ["gold.fact_entry"]


@pytest.mark.parametrize(
    ("key", "column", "table", "message"),
    [
        ("s1", "amounts", None, "no table of this key has a column `amounts`"),
        ("p1", "price", "dim_sale", "no table `dim_sale` to trace"),
        ("product_id=p1", "valid_to", "dim_product", "no table of this key has a column"),
    ],
)
def test_a_column_that_is_not_there_is_refused(
    plain: LakeConfig, key: str, column: str, table: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        trace_value(plain, key, column, table=table)


def test_a_column_of_several_gold_tables_needs_the_table(plain: LakeConfig) -> None:
    with pytest.raises(UsageError, match="in several tables") as told:
        trace_value(plain, "product_id=p1", "price")
    assert told.value.hint.startswith("say which: `--table gold.")


def test_a_view_is_taken_where_no_table_of_the_key_has_the_column(plain: LakeConfig) -> None:
    found = trace_value(plain, "name=Jam", "quantity")
    assert isinstance(found, ValueTrace)
    assert found.origins[0].table == "gold.sales_by_product"


@pytest.mark.slow
def test_a_key_that_was_set_aside_says_where_to_look(tmp_path: Path) -> None:
    config = built(tmp_path, "s3,p1,none\n")
    with pytest.raises(UnknownKey) as told:
        trace_value(config, "sale_id=s3", "amount")
    assert told.value.hint == "it was rejected or quarantined: `carms trace sale_id=s3` says why"
