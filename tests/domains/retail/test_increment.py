"""Two more days and a late file: what they touch is made again, and all is as if made whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig, resolve_domain
from carms_lake.flows.build import build
from carms_lake.flows.generate import generate
from carms_lake.flows.ingest import ingest
from carms_lake.names import Layer, TableRef
from carms_lake.store import delta, table_path

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.records import RunReport

pytestmark = pytest.mark.slow

MARKS = {"run_id", "ingestion_ts", "seconds", "built_at"}
BY_KEY = ("order_header", "order_line", "sensor_reading", "shipment")


def tables(config: LakeConfig, layer: Layer) -> list[TableRef]:
    contracts = load_catalog(config.domain).contracts
    return [ref for ref, c in contracts.items() if ref.layer is layer and c.kind != "macro"]


def digest(config: LakeConfig) -> dict[str, Any]:
    """All rows of silver and gold, sorted, without the marks of runs."""
    found: dict[str, Any] = {}
    for ref in tables(config, Layer.SILVER):
        frame = delta.scan(table_path(config, ref)).collect()
        found[ref.in_domain] = sorted(map(repr, frame.rows()))
    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        for ref in tables(config, Layer.GOLD):
            relation = connection.sql(f"from {ref.in_domain}")
            kept = [name for name in relation.columns if name not in MARKS]
            if ref.table != "audit_ingestion":
                found[ref.in_domain] = sorted(map(repr, relation.select(*kept).fetchall()))
    return found


def delivered(config: LakeConfig, **options: Any) -> RunReport:
    generate(
        config.domain.package,
        config.data_raw,
        {"seed": 7, "scale": 0.002, "anomaly_rate": 0.5, **options},
    )
    ingest(config)
    return build(config)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    folder = tmp_path_factory.mktemp("increment")
    return LakeConfig(folder, resolve_domain("retail", folder))


def data_files(config: LakeConfig, table: str) -> set[Path]:
    return set(delta.data_files(table_path(config, TableRef("retail", Layer.SILVER, table))))


def test_an_increment_equals_a_rebuild(config: LakeConfig) -> None:
    delivered(config, days=20)
    before = {table: data_files(config, table) for table in BY_KEY}
    report = delivered(config, start_date="2024-01-21", days=2)
    made = {t.table.table: t for t in report.tables if t.table.layer is Layer.SILVER}
    assert {t for t in BY_KEY if made[t].message.endswith(" keys")} == set(BY_KEY)
    assert {made[t].status for t in ("holiday", "store", "supplier")} == {"unchanged"}
    for table in ("order_line", "sensor_reading"):  # new keys only: nothing is written again
        assert before[table] < data_files(config, table)
    incremental = digest(config)
    again = build(config, full_refresh=True)
    assert {t.status for t in again.tables} == {"built"}
    assert digest(config) == incremental
    assert all(check.passed for check in again.checks)


def test_nothing_new_changes_nothing(config: LakeConfig) -> None:
    ingest(config)
    report = build(config)
    assert {t.status for t in report.tables} == {"unchanged"}
