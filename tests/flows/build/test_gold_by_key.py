"""A build that computes the touched keys of gold gives what a build of everything gives."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_lake import FIRST, SILVER, accounts, entries, path_of
from tiny import gold

from carms_lake.errors import DataError
from carms_lake.flows.build import build, gold_changes
from carms_lake.flows.ingest import ingest
from carms_lake.store.gold import changes

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.records import RunReport

TABLES = ("dim_account", "fact_entry", "balance")


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tables are computed by key, too, and however many keys are touched."""
    monkeypatch.setattr(gold_changes, "SMALL_ROWS", -1)
    monkeypatch.setattr(changes, "LARGE_PCT", 100.0)


def said(report: RunReport) -> dict[str, str]:
    """What a build says of how it made the tables of gold."""
    return {t.table.table: t.message for t in report.tables if t.table.table in TABLES}


def state(config: LakeConfig, report: RunReport) -> tuple[object, ...]:
    """What gold holds, and what the checks found in all tables."""
    tables = [sorted(gold(config, f"from gold.{name}")) for name in (*TABLES, "largest")]
    checks = {
        (c.table.in_domain, c.rule, c.passed, c.failed_rows, c.checked_rows, c.message)
        for c in report.checks
        if not c.rule.endswith("rowChange")
    }
    counts = {t.table: t.rows for t in report.tables}
    return (*tables, checks, counts)


def test_one_entry_touches_its_key(config: LakeConfig) -> None:
    entries(config, "day_2", [(20, "A", 5)])
    ingest(config)
    report = build(config)
    assert said(report) == {
        "dim_account": "",
        "fact_entry": "1 key",
        "balance": "all rows: it calls `any_value`",
    }
    assert state(config, report) == state(config, build(config, full_refresh=True))


def test_a_new_account_is_masked_as_in_a_build_of_everything(config: LakeConfig) -> None:
    accounts(config, "C", "accounts_2.csv")
    ingest(config)
    report = build(config)
    assert said(report)["dim_account"] == "1 key"
    assert state(config, report) == state(config, build(config, full_refresh=True))


def test_what_silver_changed_in_an_earlier_build_is_found_in_its_files(config: LakeConfig) -> None:
    entries(config, "day_1", [*FIRST[:-1], (8, "A", 99)])
    ingest(config)
    build(config, ["silver.entry"])
    report = build(config)
    assert said(report)["fact_entry"] == "1 key"
    assert state(config, report) == state(config, build(config, full_refresh=True))


def test_earlier_rows_whose_file_changed_are_not_compared(config: LakeConfig) -> None:
    earlier = {*path_of(config, "entry").glob("*.parquet")}
    entries(config, "day_1", [*FIRST[:-1], (8, "A", 99)])
    ingest(config)
    build(config, [f"silver.{table}" for table in SILVER])
    (file,) = earlier & {*path_of(config, "entry").glob("*.parquet")}
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.write_bytes(content)
    report = build(config)
    assert "vacuumed or are damaged" in said(report)["fact_entry"]
    assert state(config, report) == state(config, build(config, full_refresh=True))


def test_a_table_that_was_replaced_is_not_compared_with_what_it_was(config: LakeConfig) -> None:
    shutil.rmtree(config.lake / "ledger" / "silver" / "entry", ignore_errors=True)
    shutil.rmtree(config.lake / "silver" / "entry", ignore_errors=True)
    report = build(config)
    assert said(report)["fact_entry"].startswith("all rows: ")
    assert state(config, report) == state(config, build(config, full_refresh=True))


def test_most_keys_are_all_rows(config: LakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LARGE_PCT", 5.0)
    entries(config, "day_2", [(20, "A", 5)])
    ingest(config)
    assert "more than 5 % of its keys" in said(build(config))["fact_entry"]


def test_few_rows_are_computed_whole(config: LakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gold_changes, "SMALL_ROWS", 100)
    entries(config, "day_2", [(20, "A", 5)])
    ingest(config)
    assert said(build(config))["fact_entry"] == "all rows: it is made from few rows"


def test_a_check_that_a_touched_key_breaks_stops_the_build_as_one_of_everything_does(
    config: LakeConfig, tmp_path: Path
) -> None:
    schemas = tmp_path / "schemas"
    shutil.copytree(config.domain.schemas[0], schemas)
    path = schemas / "gold" / "fact_entry.odcs.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["schema"][0]["properties"][2]["logicalTypeOptions"] = {"maximum": 100}
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    config = replace(config, domain=replace(config.domain, schemas=(schemas,)))
    build(config)
    before = config.gold_file.read_bytes()
    entries(config, "day_2", [(20, "A", 500), (21, "B", 7)])
    ingest(config)
    messages = []
    for full_refresh in (False, True):
        with pytest.raises(DataError) as caught:
            build(config, full_refresh=full_refresh)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert "`gold.fact_entry` amount.maximum" in messages[0]
    assert config.gold_file.read_bytes() == before


@pytest.mark.slow
@settings(max_examples=3, deadline=None, database=None)
@given(seed=st.integers(0, 10**6))
def test_any_deliveries_give_what_a_build_of_everything_gives(
    published: LakeConfig, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("any") / "copy"
    shutil.copytree(published.project, folder)
    config = replace(published, project=folder)
    for number in range(2, 5):
        deliver(config, chance, number)
        ingest(config)
        found = outcome(config)
        if isinstance(found, str):
            break
    assert found == outcome(config, full_refresh=True)
    shutil.rmtree(folder)


def outcome(config: LakeConfig, *, full_refresh: bool = False) -> tuple[object, ...] | str:
    """What a build leaves, or why it publishes nothing."""
    try:
        return state(config, build(config, full_refresh=full_refresh))
    except DataError as error:
        return str(error)


def deliver(config: LakeConfig, chance: random.Random, number: int) -> None:
    """New entries, corrected ones, late ones whose account comes later, or other accounts."""
    rows = [
        (chance.randint(9, 30), chance.choice("ABAC"), chance.randint(1, 50))
        for _ in range(chance.randint(1, 4))
    ]
    rows = list({row[0]: row for row in rows}.values())
    match chance.choice(["new", "corrected", "accounts", "fewer"]):
        case "new":
            entries(config, f"day_{number}", rows)
        case "corrected":
            entries(config, "day_1", [*FIRST[:6], *rows])
        case "accounts":
            accounts(config, chance.choice(["C", "D", "CD"]), f"accounts_{number}.csv")
        case "fewer":
            entries(config, "day_1", FIRST[: chance.randint(6, 8)])
