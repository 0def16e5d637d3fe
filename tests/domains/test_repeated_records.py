"""Of every shipped domain: records that come twice leave gold as it is."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import duckdb
import openpyxl
import pytest
from domains.kit import DOMAINS

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig, resolve_domain
from carms_lake.flows.build import build
from carms_lake.flows.generate import generate
from carms_lake.flows.ingest import ingest
from carms_lake.names import Layer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

OPTIONS: dict[str, dict[str, Any]] = {
    "carms": {"programs": 8},
    "retail": {"scale": 0.001, "days": 4, "anomalies": False},
    "ticketing": {"scale": 0.0005, "anomalies": False},
}
OF_RUNS = ("audit_ingestion", "data_quality")
"""Gold that counts what was read, repeated rows too."""
MARKS = {"updated_at", "run_id", "ingestion_ts", "seconds", "built_at"}
MARKS |= {"valid_from", "valid_to"}  # when a file arrived


def gold(config: LakeConfig) -> dict[str, list[str]]:
    found = {}
    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        for ref, contract in load_catalog(config.domain).contracts.items():
            if ref.layer is not Layer.GOLD or contract.kind == "macro" or ref.table in OF_RUNS:
                continue
            relation = connection.sql(f"from {ref.in_domain}")
            kept = [f'"{name}"' for name in relation.columns if name not in MARKS]
            found[ref.table] = sorted(map(repr, relation.select(", ".join(kept)).fetchall()))
    return found


def repeat(path: Path, draws: random.Random) -> int:
    """Repeat some records of a file at its end; of ids that occur once, which are unambiguous."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        again = chosen(rows[1:], [row[:2] for row in rows[1:]], draws)
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(again)
    elif path.suffix == ".jsonl":
        lines = path.read_text("utf-8").splitlines()
        again = chosen(lines, lines, draws)
        path.write_text("\n".join([*lines, *again]) + "\n", encoding="utf-8")
    elif path.suffix == ".json":
        records = json.loads(path.read_text("utf-8"))
        again = chosen(records, [json.dumps(record) for record in records], draws)
        path.write_text(json.dumps([*records, *again]), encoding="utf-8")
    elif path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        cells = list(sheet.iter_rows(values_only=True))
        again = chosen(cells[1:], [row[:2] for row in cells[1:]], draws)
        for row in again:
            sheet.append(row)
        book.save(path)
    else:
        again = []
    return len(again)


def chosen(records: list[Any], ids: list[Any], draws: random.Random) -> list[Any]:
    counts = Counter(map(str, ids))
    once = [r for r, name in zip(records, ids, strict=True) if counts[str(name)] == 1]
    return draws.sample(once, min(3, len(once)))


@pytest.mark.parametrize("domain", DOMAINS)
def test_repeated_records_leave_gold_as_it_is(domain: str, tmp_path: Path) -> None:
    config = LakeConfig(tmp_path, resolve_domain(domain, tmp_path))
    generate(config.domain.package, config.data_raw, {"seed": 7, **OPTIONS[domain]})
    ingest(config)
    build(config)
    before = gold(config)
    draws = random.Random(7)
    tables = {log.parent for log in config.data_raw.rglob("_delta_log")}
    files = sorted(
        path
        for path in config.data_raw.rglob("*")
        if path.is_file() and tables.isdisjoint(path.parents)
    )
    repeated = {path.name: count for path in files if (count := repeat(path, draws))}
    assert repeated
    ingest(config)
    build(config)
    after = gold(config)
    assert {t for t in before if after[t] != before[t]} == set()
    build(config, full_refresh=True)
    assert {t for t in before if gold(config)[t] != before[t]} == set()
