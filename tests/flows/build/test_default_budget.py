"""A silver table whose contract names no budget has one, and rows without their parent say why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tiny import PRODUCTS, gold, put, stocked, with_keys

from carms_lake.catalog import load_catalog
from carms_lake.errors import DataError
from carms_lake.flows.build import build
from carms_lake.flows.check import failures
from carms_lake.flows.ingest import ingest
from carms_lake.flows.rejects import rejects

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.records import CheckResult, RunReport

HEAD = "sale_id,product_id,quantity\n"
BUDGET = "carms.quarantineBudgetPct"


def lake(folder: Path) -> LakeConfig:
    """A project of the shop, with contracts that name no budget."""
    config = stocked(folder)
    for table in ("silver/sale", "silver/product"):
        config = with_keys(config, table, **{BUDGET: None})
    contracts = load_catalog(config.domain).contracts.values()
    assert all(contract.quarantine_budget_pct is None for contract in contracts)
    return config


def sold(numbers: range, product: str = "p1") -> str:
    return "".join(f"s{number},{product},1\n" for number in numbers)


def result(report: RunReport, name: str) -> CheckResult:
    (found,) = [check for check in report.checks if check.rule == name]
    return found


def test_a_quarantined_row_is_a_warning(tmp_path: Path) -> None:
    config = lake(tmp_path)
    put(config, "sales/day_2.csv", HEAD + sold(range(10, 48)) + "s99,p9,1\n")
    ingest(config)
    found = result(build(config), "sale.quarantine")
    assert (found.passed, found.severity, found.failed_rows) == (False, "warning", 1)
    assert found.message == "1 of 41 rows (2.44 %) are quarantined"
    rows = failures(config, rule="sale.quarantine")[0]
    assert rows["row_key"].to_list() == ['{"sale_id": "s99"}']


def test_more_than_five_of_a_hundred_stop_the_publish_unless_it_is_wanted(tmp_path: Path) -> None:
    config = lake(tmp_path)
    put(config, "sales/day_2.csv", HEAD + sold(range(10, 46)) + sold(range(90, 92), "p9"))
    ingest(config)
    assert result(build(config), "sale.quarantine").severity == "warning"  # 2 of 40
    put(config, "sales/day_3.csv", HEAD + sold(range(95, 96), "p9"))
    ingest(config)
    with pytest.raises(DataError, match=r"3 of 41 rows \(7\.32 %\) are quarantined; 5 % are"):
        build(config)
    build(config, publish_anyway=True)
    assert gold(config, "select count(*) from gold.fact_sale") == [(38,)]


@pytest.mark.parametrize(
    "budget", [{"UNKNOWN_REFERENCE": 60}, 60, {"all": 60}], ids=["reason", "all", "both"]
)
def test_a_budget_of_the_contract_takes_the_place_of_the_default(
    tmp_path: Path, budget: object
) -> None:
    config = with_keys(lake(tmp_path), "silver/sale", **{BUDGET: budget})
    put(config, "sales/day_2.csv", HEAD + sold(range(90, 92), "p9"))
    ingest(config)
    report = build(config)
    assert all(check.passed for check in report.checks if check.table.table == "sale")
    # What the budget of a reason does not cover is judged by the default.
    put(config, "sales/day_3.csv", HEAD + "s1,p2,7\n")
    ingest(config)
    if isinstance(budget, dict) and "all" not in budget:
        with pytest.raises(DataError, match=r"2 of 5 rows \(40\.00 %\) are quarantined; 5 %"):
            build(config)


def test_orphans_of_a_quarantined_row_say_so_and_count(tmp_path: Path) -> None:
    config = lake(tmp_path)
    put(config, "products.csv", PRODUCTS + "p2,Gin,9.00\n")
    put(config, "sales/day_2.csv", HEAD + sold(range(10, 15), "p2") + "s9,p9,1\n")
    ingest(config)
    with pytest.raises(DataError, match=r"3 checks failed.*7 of 8 rows \(87\.50 %\)"):
        build(config)
    assert not config.gold_file.exists()
    found = failures(config, rule="sale.quarantine")[0]
    said = "(product_id) is not in silver.product(product_id)"
    assert set(found["message"]) == {said, f"{said}, where its row is quarantined"}
    listed = rejects(config, table="sale")
    assert listed["message"].str.ends_with("where its row is quarantined").sum() == 6
    report = build(config, publish_anyway=True)
    message = result(report, "sale.quarantine").message
    assert message.endswith("6 of them because the row that they refer to is quarantined")
    published = gold(
        config, "select count(*) from ops.rejects where reasons::varchar like '%, where its row%'"
    )
    assert published == [(6,)]


def test_a_table_that_lost_most_of_its_rows_is_not_published(tmp_path: Path) -> None:
    config = lake(tmp_path)
    put(config, "sales/day_2.csv", HEAD + sold(range(10, 16)))
    ingest(config)
    build(config)
    put(config, "sales/day_2.csv", HEAD + sold(range(10, 12)))  # 4 of 8 rows: half of them
    ingest(config)
    assert result(build(config), "sale.rowChange").passed
    put(config, "sales/day_1.csv", HEAD + sold(range(20, 21)))
    put(config, "sales/day_2.csv", HEAD + 2 * sold(range(20, 21)))
    ingest(config)
    with pytest.raises(DataError, match=r"1 rows, 75\.0 % fewer than the 4 of the last"):
        build(config)
    build(config, publish_anyway=True)
    assert gold(config, "select count(*) from gold.fact_sale") == [(1,)]
    allowed = {"carms.maxRowChangePct": {"pct": 1000, "severity": "error"}}
    build(with_keys(config, "silver/sale", **allowed))
