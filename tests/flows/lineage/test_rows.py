"""From rows to those that they were made of, where the usual way is closed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tiny import PRODUCTS, put, stocked

from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.lineage import trace
from carms_lake.flows.lineage.context import LineageContext, lineage_context
from carms_lake.flows.lineage.rows import inputs, outputs
from carms_lake.names import TableRef
from carms_lake.store.lookup import Condition, Match, rows_where

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from carms_lake.config import LakeConfig


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    config = stocked(tmp_path_factory.mktemp("shop"))
    ingest(config)
    build(config)
    return config


@pytest.fixture
def seen(shop: LakeConfig) -> Iterator[LineageContext]:
    with lineage_context(shop) as opened:
        yield opened


def ref(name: str) -> TableRef:
    found = TableRef.parse(name, domain="tiny")
    assert found is not None
    return found


def with_select(seen: LineageContext, table: str, sql: str) -> LineageContext:
    """The same lineage_context, as if a gold table had another SELECT."""
    step = replace(seen.gold[ref(table)], sql=sql)
    return replace(seen, gold={**seen.gold, ref(table): step})


def row(seen: LineageContext, table: str, column: str, value: str) -> dict[str, object]:
    (found,) = rows_where(
        seen.connection, ref(table), [[Condition((column,), value, "VARCHAR", Match.TEXT)]]
    )
    return found


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select * from silver.sale except select * from silver.sale where false", "`except`"),
        ("select no_such_function(sale_id) as sale_id from silver.sale", "no_such_function"),
        ("select from from", "Expected"),
    ],
)
def test_where_a_select_cannot_be_followed_names_of_keys_lead_on(
    seen: LineageContext, sql: str, why: str
) -> None:
    closed = with_select(seen, "gold.fact_sale", sql)
    found = inputs(closed, ref("gold.fact_sale"), [row(seen, "gold.fact_sale", "sale_id", "s1")])
    assert not found.is_followed
    assert [one["sale_id"] for one in found.rows[ref("silver.sale")]] == ["s1"]
    (note,) = closed.notes
    assert note.startswith("the SELECT of `gold.fact_sale` cannot be followed: ")
    assert why in note


def test_up_through_a_select_that_cannot_be_followed_leads_nowhere_and_says_so(
    seen: LineageContext,
) -> None:
    closed = with_select(
        seen, "gold.fact_sale", "select no_such_function(sale_id) as sale_id from silver.sale"
    )
    start = {ref("silver.sale"): [row(seen, "silver.sale", "sale_id", "s1")]}
    assert outputs(closed, ref("gold.fact_sale"), start) == []
    assert len(closed.notes) == 1


@pytest.mark.slow
def test_gold_that_was_built_from_other_rows_says_so(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    build(config)
    put(config, "products.csv", PRODUCTS.replace("p2,Jam,4.00\n", ""))
    ingest(config)
    gold_before = config.gold_file.read_bytes()
    build(config)
    config.gold_file.write_bytes(gold_before)
    way = trace(config, "product_id=p2", table="gold.dim_product")
    assert [step.table.in_domain for step in way.steps] == ["gold.dim_product"]
    assert way.notes == (
        "`gold.dim_product` was built from an earlier version of silver: run `carms build`",
    )


def test_a_column_that_came_after_a_table_was_made_is_left_out(
    shop: LakeConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "schemas"
    for path in shop.domain.schemas[0].rglob("*.yaml"):
        target = folder / path.relative_to(shop.domain.schemas[0])
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        if path.name == "sale.odcs.yaml":
            text = text.rstrip() + "\n  - {name: later, logicalType: string, description: Later}\n"
        target.write_text(text, encoding="utf-8")
    newer = replace(shop, domain=replace(shop.domain, schemas=(folder,)))
    sale = next(s for s in trace(newer, "s1").steps if s.table.in_domain == "silver.sale")
    assert "later" not in {value.column for value in sale.values}
