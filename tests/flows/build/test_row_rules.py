"""Rules across the columns of a row quarantine it: of the contract, and of the domain's author."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl
import pytest
import yaml
from tiny import PRODUCTS, SALES, project, put, rejects, rows, stocked

from carms_lake import authored
from carms_lake.config import Domain, LakeConfig
from carms_lake.errors import ContractError
from carms_lake.flows.build import build
from carms_lake.flows.check import check
from carms_lake.flows.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULE = {
    "name": "sale_is_small",
    "type": "sql",
    "description": "Nobody buys more than a hundred",
    "query": "select count(*) from ${object} where quantity * 1.0 > 100 and product_id is not null",
    "mustBe": 0,
    "customProperties": [{"property": "carms.quarantine", "value": True}],
}


def with_rule(config: LakeConfig, folder: Path, **changes: Any) -> LakeConfig:
    """The same project with a rule of a row in the contract of `silver.sale`."""
    source = config.domain.schemas[0] / "silver/sale.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    document["schema"][0]["quality"] = [{**RULE, **changes}]
    target = folder / "schemas/silver/sale.odcs.yaml"
    target.parent.mkdir(parents=True)
    target.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    schemas = (*config.domain.schemas, folder / "schemas")
    return replace(config, domain=Domain("tiny", "tiny_shop", schemas))


def test_a_rule_of_the_contract_quarantines_rows_with_its_name(tmp_path: Path) -> None:
    config = with_rule(stocked(tmp_path / "p"), tmp_path)
    put(config, "sales/day_2.csv", SALES.splitlines(keepends=True)[0] + "s3,p1,101\ns4,p1,100\n")
    ingest(config)
    report = build(config)
    (sale,) = [table for table in report.tables if table.table.table == "sale"]
    assert (sale.rows, sale.quarantined, sale.balanced) == (3, 1, True)
    assert [row[0] for row in rows(config, "silver.sale", "sale_id")] == ["s1", "s2", "s4"]
    assert [codes for *_, codes in rejects(config)] == ["RULE_FAILED"]
    (result,) = [r for r in check(config).checks if r.rule == "sale_is_small"]
    assert (result.passed, result.failed_rows, result.checked_rows) == (True, 0, 3)


def test_a_rule_holds_for_the_keys_that_change(tmp_path: Path) -> None:
    config = with_rule(stocked(tmp_path / "p"), tmp_path)
    ingest(config)
    build(config)
    put(config, "sales/day_2.csv", SALES.splitlines(keepends=True)[0] + "s3,p1,101\n")
    ingest(config)
    build(config)
    assert [codes for *_, codes in rejects(config)] == ["RULE_FAILED"]


def test_a_rule_that_cannot_be_run_names_itself(tmp_path: Path) -> None:
    query = "select count(*) from ${object} where no_such_function(quantity)"
    config = with_rule(stocked(tmp_path / "p"), tmp_path, query=query)
    ingest(config)
    with pytest.raises(ContractError, match="`sale_is_small`"):
        build(config)


@pytest.mark.parametrize(
    ("layer", "changes", "message"),
    [
        ("silver", {"type": "library", "metric": "rowCount"}, "is for rules of type sql"),
        ("silver", {"customProperties": [{"property": "carms.aside", "value": True}]}, "unknown"),
    ],
)
def test_a_rule_that_cannot_quarantine_is_refused(
    tmp_path: Path, layer: str, changes: dict[str, Any], message: str
) -> None:
    config = with_rule(stocked(tmp_path / "p"), tmp_path, **changes)
    with pytest.raises(ContractError, match=message):
        build(config)


def test_a_check_of_the_author_quarantines_rows_with_its_name(tmp_path: Path) -> None:
    config = project(tmp_path)
    put(config, "products.csv", PRODUCTS + "p3,Sample,0.00\n")
    put(config, "sales/day_1.csv", SALES + "s3,p3,1\n")
    ingest(config)
    build(config)
    assert [row[0] for row in rows(config, "silver.sale", "sale_id")] == ["s1", "s2"]
    assert [codes for *_, codes in rejects(config)] == ["RULE_FAILED"]


def passing(data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col("quantity") > 0)


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ({"sales": list}, "`sales` is not a silver table"),
        ({"sale": lambda: [pa.Check(lambda data: data.lazyframe)]}, "each check needs a `name`"),
        ({"sale": lambda: [pa.Check(passing, name="a"), pa.Check(passing, name="a")]}, "`name`"),
    ],
)
def test_checks_that_cannot_be_told_apart_are_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    functions: dict[str, Callable[[], Any]],
    message: str,
) -> None:
    config = stocked(tmp_path)
    ingest(config)
    module = SimpleNamespace(**functions, __all__=list(functions))
    real = authored.load
    monkeypatch.setattr(
        authored,
        "load",
        lambda package, name="": module if name == "checks" else real(package, name),
    )
    with pytest.raises(ContractError, match=message):
        build(config)
