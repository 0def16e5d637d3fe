"""Gold of an earlier build, its views of operations too, as that build published it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig, resolve_domain
from carms_lake.flows.build import build
from carms_lake.flows.generate import generate
from carms_lake.flows.ingest import ingest
from carms_lake.flows.query import query_frame
from carms_lake.flows.timetravel.diff import diff
from carms_lake.names import Layer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def gold(config: LakeConfig, as_of: str | None = None) -> dict[str, list[tuple[Any, ...]]]:
    contracts = load_catalog(config.domain).contracts
    names = [ref.in_domain for ref, c in contracts.items() if ref.layer is Layer.GOLD]
    return {
        name: sorted(query_frame(config, f"from {name}", as_of=as_of).rows(), key=repr)
        for name in names
    }


def test_every_table_and_view_of_gold_is_as_it_was(tmp_path: Path) -> None:
    config = LakeConfig(tmp_path, resolve_domain("retail", tmp_path))
    days = {"scale": 0.01, "start_date": "2024-01-01", "days": 14}
    generate(config.domain.package, config.data_raw, {**days, "seed": 7}, None)
    ingest(config)
    first = build(config).run_id
    then = gold(config)
    assert then["gold.audit_ingestion"]
    assert then["gold.data_quality"]
    lines = config.data_raw / "orders_lines/order_dt=2024-01-14/part-0000.csv"
    text = lines.read_text(encoding="utf-8")
    lines.write_text(text[: text.rstrip("\n").rindex("\n") + 1], encoding="utf-8")
    ingest(config)
    last = build(config).run_id
    assert gold(config) != then
    assert gold(config, first) == then
    assert {
        t.table.in_domain: t.rows.removed
        for t in diff(config, first, last).tables
        if t.rows.removed
    } == {
        "bronze.orders_lines": 1,
        "silver.order_line": 1,
        "gold.fact_sales": 1,
    }
