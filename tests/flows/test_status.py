"""The lake at a glance."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tiny import project, put, stocked

from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.maintenance import optimize
from carms_lake.flows.status import status
from carms_lake.flows.timetravel.history import history

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.flows.status_report import Status

SLA = "slaProperties:\n- property: latency\n  value: {value}\n  unit: {unit}\nschema:\n"


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
    sources = {source.source: source for source in found.sources}
    sales = sources["sales"]
    assert (sales.files, sales.rejected, sales.gone) == (2, 2, ("sales/day_2.csv",))
    assert sales.newest_file == "sales/day_2.csv"
    assert sales.newest_at is not None
    assert sales.age_s is not None
    assert 0 <= sales.age_s == (found.at - sales.newest_at).total_seconds()
    assert sources["products"].gone == ()
    assert not any(source.is_late for source in found.sources)


def test_tables_say_rows_waiting_rows_and_contracts(shop: tuple[LakeConfig, Status]) -> None:
    tables = {table.table: table for table in shop[1].tables}
    assert {name: (t.rows, t.waiting) for name, t in tables.items()} == {
        "bronze.products": (2, 0),
        "bronze.sales": (3, 0),
        "silver.product": (2, 0),
        "silver.product_history": (2, 0),
        "silver.sale": (2, 1),
        "gold.dim_product": (3, 0),
        "gold.fact_sale": (2, 0),
        "gold.price_history": (2, 0),
    }
    assert {(t.contract_version, t.contract_now) for t in tables.values()} == {("1.0.0", "1.0.0")}


def test_runs_rejects_refusals_and_checks_are_the_last_ones(
    shop: tuple[LakeConfig, Status],
) -> None:
    _, found = shop
    assert [run.command for run in found.runs] == ["ingest", "build", "ingest", "ingest"]
    assert [(r.table, r.code, r.rows) for r in found.rejects] == [
        ("bronze.sales", "OUT_OF_RANGE", 1),
        ("bronze.sales", "TYPE_MISMATCH", 1),
        ("silver.sale", "UNKNOWN_REFERENCE", 1),
    ]
    assert [(r.file, r.code) for r in found.refused] == [("sales/day_3.csv", "MISSING_COLUMN")]
    assert found.checks is not None
    assert found.checks.run_id == found.runs[1].run_id == found.gold_run_id
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
    assert [run.command for run in after.runs][:2] == ["optimize", "ingest"]
    for name in ("rejects", "refused", "checks"):
        assert getattr(after, name) == getattr(before, name)
    rows = [(t.table, t.rows, t.run_id, t.waiting) for t in after.tables]
    assert rows == [(t.table, t.rows, t.run_id, t.waiting) for t in before.tables]


def test_an_empty_project_has_a_status(tmp_path: Path) -> None:
    found = status(project(tmp_path))
    assert {source.newest_at for source in found.sources} == {None}
    assert {table.rows for table in found.tables} == {None}
    assert (found.runs, found.rejects, found.refused, found.checks) == ((), (), (), None)
    assert set(found.disk_bytes.values()) == {0}


def test_without_data_raw_all_that_landed_is_gone(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    shutil.rmtree(config.data_raw)
    assert {source.gone for source in status(config).sources} == {
        ("products.csv",),
        ("sales/day_1.csv",),
    }


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
    late = {source.source: source.is_late for source in status(config).sources}
    assert late == {"products": False, "sales": True}, "what never came is late"
    ingest(config)
    late = {source.source: source.is_late for source in status(config).sources}
    assert late == {"products": False, "sales": is_late}


def test_gold_has_a_history_by_its_runs(shop: tuple[LakeConfig, Status]) -> None:
    config, found = shop
    rows = history(config, "gold.fact_sale").to_dicts()
    assert [(row["run_id"], row["rows"], row["command"]) for row in rows] == [
        (found.gold_run_id, 2, "build")
    ]
