"""A record's way from its file to gold, with the rule of each value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tiny import PRODUCTS, SALES, put, stocked

from carms_lake.errors import UnknownKey
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.trace import ROWS_SHOWN, trace

if TYPE_CHECKING:
    from pathlib import Path


def test_a_key_is_followed_from_its_file_to_gold(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    ingest(config)
    build(config)
    steps = [(step.table.in_domain, step.place) for step in trace(config, "p1").steps]
    assert steps[:3] == [
        ("bronze.products", "products.csv, record 1, delivery 1"),
        ("bronze.products", "products.csv, record 1, delivery 2"),
        ("bronze.sales", "sales/day_1.csv, record 1"),
    ]
    assert {table for table, _ in steps} >= {
        "silver.product",
        "silver.product_history",
        "silver.sale",
        "gold.dim_product",
        "gold.fact_sale",
    }
    price = next(s for s in trace(config, "p1").steps if s.table.in_domain == "silver.sale").values
    assert {v.column: v.rule for v in price}[
        "amount"
    ] == "quantity times the product's price of today"


def test_a_key_that_nothing_has_is_an_error(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    build(config)
    with pytest.raises(UnknownKey, match="`p`"):
        trace(config, "p")


@pytest.mark.parametrize("more", [0, 1])
def test_a_table_with_more_rows_than_are_shown_is_named(tmp_path: Path, more: int) -> None:
    config = stocked(tmp_path)
    sales = "".join(f"x{n},p1,1\n" for n in range(ROWS_SHOWN - 1 + more))
    put(config, "sales/day_2.csv", SALES.splitlines(keepends=True)[0] + sales)
    ingest(config)
    build(config)
    found = trace(config, "p1")
    shown = [step.table.in_domain for step in found.steps]
    assert shown.count("bronze.sales") == shown.count("silver.sale") == ROWS_SHOWN
    cut = ["bronze.sales", "silver.sale", "gold.fact_sale"] if more else []
    assert [table.in_domain for table in found.cut] == cut
