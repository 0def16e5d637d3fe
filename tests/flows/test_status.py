"""The lake at a glance."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tiny import project, put, stocked

from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.maintenance import optimize
from carms_lake.flows.status import status
from carms_lake.flows.timetravel import history

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from carms_lake.config import LakeConfig
    from carms_lake.flows.status import Status

SLA = "slaProperties:\n- property: latency\n  value: {value}\n  unit: {unit}\nschema:\n"


def by(frame: pl.DataFrame, column: str) -> dict[str, dict[str, Any]]:
    """The rows of a frame by the value of a column."""
    return {row[column]: row for row in frame.to_dicts()}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[LakeConfig, Status]:
    """A shop of two ingests and a build; a batch was taken away since, and a file refused."""
    config = stocked(tmp_path_factory.mktemp("shop"))
    ingest(config)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p9,1\ns4,p1,x\ns5,p1,0\n")
    ingest(config)
    build(config)
    (config.data_raw / "sales" / "day_2.csv").unlink()
    put(config, "sales/day_3.csv", "sale_id,product_id\ns6,p1\n")
    ingest(config)
    return config, status(config)


def test_sources_say_their_files_and_what_left_data_raw(shop: tuple[LakeConfig, Status]) -> None:
    _, found = shop
    sources = by(found.sources, "source")
    sales = sources["sales"]
    assert (sales["files"], sales["rejected"], sales["gone"]) == (2, 2, ["sales/day_2.csv"])
    assert sales["newest_file"] == "sales/day_2.csv"
    assert 0 <= sales["age_s"] == (found.at - sales["newest_at"]).total_seconds()
    assert sources["products"]["gone"] == []
    assert not found.sources["is_late"].any()


def test_tables_say_rows_waiting_rows_and_contracts(shop: tuple[LakeConfig, Status]) -> None:
    tables = by(shop[1].tables, "table")
    assert {name: (t["rows"], t["waiting"]) for name, t in tables.items()} == {
        "bronze.products": (2, 0),
        "bronze.sales": (3, 0),
        "silver.product": (2, 0),
        "silver.product_history": (2, 0),
        "silver.sale": (2, 1),
        "gold.dim_product": (3, 0),
        "gold.fact_sale": (2, 0),
        "gold.price_history": (2, 0),
    }
    assert set(shop[1].tables.select("contract_version", "contract_now").rows()) == {
        ("1.0.0", "1.0.0")
    }


def test_runs_rejects_refusals_and_checks_are_the_last_ones(
    shop: tuple[LakeConfig, Status],
) -> None:
    _, found = shop
    assert found.runs["command"].to_list() == ["ingest", "build", "ingest", "ingest"]
    assert found.rejects.rows() == [
        ("bronze.sales", "OUT_OF_RANGE", 1),
        ("bronze.sales", "TYPE_MISMATCH", 1),
        ("silver.sale", "UNKNOWN_REFERENCE", 1),
    ]
    assert found.refused.select("file", "code").rows() == [("sales/day_3.csv", "MISSING_COLUMN")]
    assert found.checks is not None
    assert found.checks.run_id == found.runs["run_id"][1] == found.gold_run_id
    assert found.checks.passed > 0
    assert found.checks.errors == ()


def test_disk_is_what_the_folders_hold(shop: tuple[LakeConfig, Status]) -> None:
    config, found = shop
    assert found.disk_bytes["gold"] == config.gold_file.stat().st_size
    held = sum(p.stat().st_size for p in (config.lake / "silver").rglob("*") if p.is_file())
    assert found.disk_bytes["silver"] == held


def test_an_optimized_lake_says_the_same(shop: tuple[LakeConfig, Status]) -> None:
    config, before = shop
    optimize(config)
    after = status(config)
    assert after.runs["command"].to_list()[:2] == ["optimize", "ingest"]
    assert after.checks == before.checks
    assert after.rejects.equals(before.rejects)
    assert after.refused.equals(before.refused)
    assert after.tables.drop("version").equals(before.tables.drop("version"))


def test_an_empty_project_has_a_status(tmp_path: Path) -> None:
    found = status(project(tmp_path))
    assert set(found.sources["newest_at"]) == {None}
    assert set(found.tables["rows"]) == {None}
    assert [found.runs.height, found.rejects.height, found.refused.height] == [0, 0, 0]
    assert found.checks is None
    assert set(found.disk_bytes.values()) == {0}


def test_without_data_raw_all_that_landed_is_gone(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    shutil.rmtree(config.data_raw)
    assert status(config).sources["gone"].to_list() == [["products.csv"], ["sales/day_1.csv"]]


@pytest.mark.parametrize(
    ("value", "unit", "is_late"), [(1, "h", False), (0, "d", True), (2, "days", False)]
)
def test_a_source_is_late_by_its_contract(
    tmp_path: Path, value: int, unit: str, is_late: bool
) -> None:
    config = stocked(tmp_path)
    own = tmp_path / "schemas" / "tiny"
    (own / "bronze").mkdir(parents=True)
    name = "bronze/sales.odcs.yaml"
    text = (config.domain.schemas[0] / name).read_text(encoding="utf-8")
    promised = text.replace("schema:\n", SLA.format(value=value, unit=unit))
    (own / name).write_text(promised, encoding="utf-8")
    domain = replace(config.domain, schemas=(*config.domain.schemas, own))
    config = replace(config, domain=domain)
    late = dict(status(config).sources.select("source", "is_late").rows())
    assert late == {"products": False, "sales": True}, "what never came is late"
    ingest(config)
    late = dict(status(config).sources.select("source", "is_late").rows())
    assert late == {"products": False, "sales": is_late}


def test_gold_has_a_history_by_its_runs(shop: tuple[LakeConfig, Status]) -> None:
    config, found = shop
    rows = history(config, "gold.fact_sale").to_dicts()
    assert [(row["run_id"], row["rows"], row["command"]) for row in rows] == [
        (found.gold_run_id, 2, "build")
    ]
