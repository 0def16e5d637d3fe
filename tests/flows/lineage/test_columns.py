"""What columns are made of, as contracts and SELECTs say: no lake is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lakes import config_of
from tiny import project

from carms_lake import Lake
from carms_lake.catalog import load_catalog
from carms_lake.config import resolve_domain
from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(project(tmp_path))


def lines(found: pl.DataFrame, table: str, column: str) -> list[tuple[str, ...]]:
    """What a column reads, and how that is known."""
    return found.filter(table=table, column=column).select("reads", "reads_column", "known").rows()


def test_gold_is_known_from_sql_silver_from_contracts_and_bronze_from_files(lake: Lake) -> None:
    found = lake.lineage()
    assert lines(found, "gold.fact_sale", "amount") == [("silver.sale", "amount", "sql")]
    assert lines(found, "silver.sale", "amount") == [
        ("bronze.sales", "quantity", "contract"),
        ("silver.product", "price", "contract"),
    ]
    assert lines(found, "bronze.sales", "quantity") == [("sales/*.csv", "quantity", "file")]


def test_a_view_reads_what_its_select_names(lake: Lake) -> None:
    """Not what the tables below it are made of."""
    found = lake.lineage("gold.sales_by_product")
    assert lines(found, "gold.sales_by_product", "quantity") == [
        ("gold.fact_sale", "quantity", "sql")
    ]
    assert lines(found, "gold.sales_by_product", "name") == [("gold.dim_product", "name", "sql")]


def test_a_table_that_gives_rows_alone_has_a_row_without_columns(lake: Lake) -> None:
    """A macro's parameters are no columns, so what it reads is known as a whole."""
    found = lake.lineage("sales_above").filter(table="gold.sales_above")
    assert found.rows() == [("gold.sales_above", None, "gold.fact_sale", None, None, None)]


def test_of_a_table_it_is_all_that_the_table_is_made_of(lake: Lake) -> None:
    tables = set(lake.lineage("fact_sale")["table"])
    assert tables == {
        *("gold.fact_sale", "gold.dim_product", "silver.sale", "silver.product"),
        *("bronze.sales", "bronze.products"),
    }
    with pytest.raises(UsageError, match="no table `fact_sail`"):
        lake.lineage("fact_sail")


@pytest.mark.parametrize("domain", ["carms", "retail", "ticketing"])
def test_the_pairs_of_tables_are_those_of_the_catalog(tmp_path: Path, domain: str) -> None:
    """`ops`, which a SELECT of gold may read, is in addition: the catalog does not build it."""
    config = config_of(tmp_path)
    lake = Lake(type(config)(tmp_path, resolve_domain(domain, tmp_path)))
    catalog = load_catalog(lake.config.domain)
    wanted = {
        (step.contract.ref.in_domain, read.in_domain)
        for step in catalog.silver_steps
        for read in step.reads.values()
    } | {
        (step.contract.ref.in_domain, read.in_domain)
        for step in catalog.gold_steps
        for read in step.reads
    }
    found = set(lake.lineage().select("table", "reads").rows())
    assert {(a, b) for a, b in found if not a.startswith("bronze.") and b[:4] != "ops."} == wanted
