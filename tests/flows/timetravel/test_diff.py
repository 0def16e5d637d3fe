"""Differences of two runs: rows by table, cells by row, and why."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import ledger_lake
import pytest
import yaml
from tiny import put, stocked

from carms_lake.errors import UsageError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.maintenance import optimize
from carms_lake.flows.timetravel.diff import (
    LakeDiff,
    diff,
    ignored_columns,
    last_two,
    table_diff,
)
from carms_lake.flows.timetravel.restore import restore
from carms_lake.names import Layer, TableRef
from carms_lake.store.gold.compare import Sides, compare

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig


@dataclass(frozen=True)
class Shop:
    """A shop of two deliveries; the second adds a sale, and changes a price and a quantity."""

    config: LakeConfig
    first: str
    landed: str
    second: str
    optimized: str


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    config = stocked(tmp_path_factory.mktemp("shop"))
    ingest(config)
    first = build(config).run_id
    put(config, "products.csv", "product_id,name,price\np1,Tea,3.00\np2,Jam,4.00\n")
    put(config, "sales/day_1.csv", "sale_id,product_id,quantity\ns1,p1,2\ns2,p2,7\n")
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,1\ns4,p1,x\n")
    landed = ingest(config).run_id
    second = build(config).run_id
    optimize(config)
    return Shop(config, first, landed, second, "2999-01-01")


def test_the_last_two_runs_are_those_that_changed_a_table(shop: Shop, tmp_path: Path) -> None:
    assert last_two(shop.config) == (shop.landed, shop.second), "checks and optimize change none"
    alone = stocked(tmp_path)
    ingest(alone)
    with pytest.raises(UsageError, match="two runs to compare: 1 run changed a table"):
        last_two(alone)


def counts(found: LakeDiff) -> dict[str, tuple[int, int, int]]:
    return {
        t.table.in_domain: (t.rows.added, t.rows.removed, t.rows.changed)
        for t in found.tables
        if t.rows.total
    }


@pytest.mark.slow
def test_rows_are_counted_by_table(shop: Shop) -> None:
    found = diff(shop.config, shop.first, shop.second)
    assert found.runs == (shop.first, shop.second)
    assert counts(found) == {
        "bronze.products": (2, 0, 0),
        "bronze.sales": (1, 0, 1),
        "silver.product": (0, 0, 1),
        "silver.product_history": (1, 0, 1),
        "silver.sale": (1, 0, 2),
        "gold.dim_product": (0, 0, 1),
        "gold.fact_sale": (1, 0, 2),
        "gold.price_history": (1, 0, 1),
    }
    assert found.rejects == (1, 0)
    assert diff(shop.config, shop.second, shop.first).rejects == (0, 1)
    shown = found.as_rows()
    assert shown.columns == ["table", "added", "removed", "changed", "why"]
    assert [row[0] for row in shown.rows()] == [*counts(found), "ops.rejects"]


def test_the_other_way_round_what_came_went(shop: Shop) -> None:
    found = diff(shop.config, shop.second, shop.first)
    assert counts(found)["bronze.products"] == (0, 2, 0)
    assert counts(found)["gold.fact_sale"] == (0, 1, 2)


def test_an_ingest_changes_bronze_alone(shop: Shop) -> None:
    found = counts(diff(shop.config, shop.first, shop.landed))
    assert set(found) == {"bronze.products", "bronze.sales"}


@pytest.mark.parametrize(("before", "after"), [("second", "second"), ("second", "optimized")])
def test_the_same_rows_are_no_difference(shop: Shop, before: str, after: str) -> None:
    found = diff(shop.config, getattr(shop, before), getattr(shop, after))
    assert counts(found) == {}


def test_each_table_says_why(shop: Shop) -> None:
    why = {t.table.in_domain: t.why for t in diff(shop.config, shop.first, shop.second).tables}
    files = f"landed `sales/day_1.csv` (run {shop.landed}), `sales/day_2.csv` (run {shop.landed})"
    assert why["bronze.sales"] == (files,)
    assert why["silver.sale"] == ("`bronze.sales` changed", "`silver.product` changed")
    assert why["gold.fact_sale"] == ("`gold.dim_product` changed", "`silver.sale` changed")


def test_changed_cells_stand_with_what_they_were(shop: Shop) -> None:
    found, cells = table_diff(shop.config, shop.first, shop.second, "sale")
    assert (found.rows.added, found.rows.removed, found.rows.changed) == (1, 0, 2)
    rows = [row[:5] for row in cells.rows()]
    assert rows == [
        ("changed", "s1", "amount", "5.00", "6.00"),
        ("changed", "s2", "quantity", "1", "7"),
        ("changed", "s2", "amount", "4.00", "28.00"),
        ("added", "s3", None, None, rows[3][4]),
    ]
    assert json.loads(str(rows[3][4])) == {"product_id": "p1", "quantity": "1", "amount": "3.00"}


def test_a_bronze_row_says_its_file_and_run(shop: Shop) -> None:
    _, cells = table_diff(shop.config, shop.first, shop.second, "bronze.sales")
    assert [row[:5] for row in cells.rows()] == [
        ("changed", "sales/day_1.csv|2", "quantity", "1", "7"),
        ("added", "sales/day_2.csv|1", None, None, cells.rows()[1][4]),
    ]
    assert [row[5] for row in cells.rows()] == [
        f"sales/day_1.csv ({shop.landed})",
        f"sales/day_2.csv ({shop.landed})",
    ]


def test_a_silver_row_says_the_file_of_its_driver(shop: Shop) -> None:
    _, cells = table_diff(shop.config, shop.first, shop.second, "silver.sale")
    assert {row[1]: row[5] for row in cells.rows()} == {
        "s1": f"sales/day_1.csv ({shop.landed})",
        "s2": f"sales/day_1.csv ({shop.landed})",
        "s3": f"sales/day_2.csv ({shop.landed})",
    }


def test_gold_cells_are_those_of_then(shop: Shop) -> None:
    found, cells = table_diff(shop.config, shop.first, shop.second, "dim_product")
    assert found.why == ("`silver.product` changed",)
    assert [(row[0], *row[2:5]) for row in cells.rows()] == [("changed", "price", "2.50", "3.00")]


def test_more_rows_than_the_limit_are_counted_and_not_shown(shop: Shop) -> None:
    found, cells = table_diff(shop.config, shop.first, shop.second, "sale", limit=1)
    assert found.rows.added + found.rows.changed == 3
    assert {row[1] for row in cells.rows()} == {"s1"}


@pytest.mark.parametrize(
    ("before", "table", "message"),
    [("nobody", None, "neither a run nor a time"), (None, "sails", "no table `sails`")],
)
def test_what_is_not_there_is_wrong_usage(
    shop: Shop, before: str | None, table: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        table_diff(shop.config, before or shop.first, shop.second, table or "sale")


def test_a_restored_table_says_so(shop: Shop) -> None:
    restore(shop.config, "bronze.sales", shop.first, yes=True)
    found, _ = table_diff(shop.config, shop.second, "2999-01-01", "bronze.sales")
    assert (found.rows.added, found.rows.removed, found.rows.changed) == (0, 1, 1)
    assert found.why[0].startswith("restored to version 1 (run ")


@pytest.mark.slow
def test_rows_without_primary_key_of_another_domain_are_matched(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    config = ledger_lake.project(tmp_path_factory.mktemp("ledger"))
    ledger_lake.accounts(config, "a")
    ledger_lake.entries(config, "e", [(1, "a", 5), (2, "a", 6)])
    ingest(config)
    first = build(config).run_id
    ledger_lake.entries(config, "e", [(1, "a", 9), (2, "a", 6)])
    ingest(config)
    second = build(config).run_id
    found = counts(diff(config, first, second))
    assert found["bronze.entries"] == (0, 0, 1)
    assert found["silver.entry"] == (0, 0, 1)
    assert found["silver.posting"] == (0, 0, 2)


def test_columns_that_came_went_or_changed_type_are_listed_though_no_row_differs(
    tmp_path: Path,
) -> None:
    config = stocked(tmp_path)
    first = ingest(config).run_id
    own = tmp_path / "schemas"
    for table in ("sales", "products"):
        source = config.domain.schemas[0] / "bronze" / f"{table}.odcs.yaml"
        contract = yaml.safe_load(source.read_text(encoding="utf-8"))
        columns = {column["name"]: column for column in contract["schema"][0]["properties"]}
        if table == "sales":
            of_text = {"logicalType": "string", "physicalType": "varchar"}
            columns["quantity"] |= {**of_text, "logicalTypeOptions": {}}
        else:
            columns["rating"] = {"name": "rating", "logicalType": "string"}
        contract["schema"][0]["properties"] = [*columns.values()]
        target = own / "bronze" / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(contract), encoding="utf-8")
    put(config, "products.csv", "product_id,name,price,rating\np1,Tea,2.50,5\np2,Jam,4.00,4\n")
    config = replace(config, domain=replace(config.domain, schemas=(*config.domain.schemas, own)))
    second = ingest(config, full_refresh=True).run_id
    rows = diff(config, first, second).as_rows().rows()
    found = {table: tuple(values) for table, *values in rows}
    assert found["bronze.sales"][:3] == (0, 0, 0)
    assert "column `quantity` changed from integer to varchar" in found["bronze.sales"][3]
    assert "column `rating` was added" in found["bronze.products"][3]
    back = {table: why for table, *_, why in diff(config, second, first).as_rows().rows()}
    assert "column `quantity` changed from varchar to integer" in back["bronze.sales"]
    assert "column `rating` was removed" in back["bronze.products"]
    table, cells = table_diff(config, first, second, "bronze.sales")
    assert table.rows.new_types == (("quantity", "integer", "varchar"),)
    assert cells.is_empty()


def test_updated_at_of_gold_follows_and_is_no_change_of_its_own() -> None:
    with duckdb.connect() as connection:
        sides = Sides(
            "select 1 as id, 'a' as name, date '2025-01-01' as updated_at",
            "select 1 as id, 'a' as name, date '2025-01-02' as updated_at",
        )
        for layer, changed in ((Layer.GOLD, 0), (Layer.SILVER, 1)):
            ref = TableRef("tiny", layer, "product")
            found = compare(connection, sides, [("id",)], ignored_columns(ref))
            assert found.changed == changed
