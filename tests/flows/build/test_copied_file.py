"""The new gold file begins as a copy of the published one; what did not change is not checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from ledger_lake import accounts, entries
from tiny import gold

from carms_lake.flows.build import build, copied
from carms_lake.flows.ingest import ingest
from carms_lake.flows.ingest.forget import forget
from carms_lake.quality import audit

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig
    from carms_lake.records import RunReport


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The tables whose rows are checked."""
    found: set[str] = set()
    check = audit._table

    def noted(connection: Any, contract: Any, *rest: Any) -> object:
        found.add(contract.ref.in_domain)
        return check(connection, contract, *rest)

    monkeypatch.setattr(audit, "_table", noted)
    return found


def another_entry(config: LakeConfig, number: int = 20) -> None:
    entries(config, f"day_{number}", [(number, "A", 5)])
    ingest(config)


def results(report: RunReport) -> set[tuple[object, ...]]:
    """What the checks found, without the one that compares with the run before."""
    return {
        (c.table.in_domain, c.rule, c.passed, c.failed_rows, c.checked_rows, c.severity, c.message)
        for c in report.checks
        if not c.rule.endswith("rowChange")
    }


def copies(config: LakeConfig) -> int:
    ((number,),) = gold(config, "select copies from ops.build")
    return int(number)


def test_only_tables_that_look_at_a_change_are_checked(
    config: LakeConfig, looked_at: set[str]
) -> None:
    another_entry(config)
    found = build(config)
    assert "gold.fact_entry" in looked_at
    assert looked_at.isdisjoint({"silver.account", "gold.dim_account"})
    assert copies(config) == 1
    assert results(found) == results(build(config, full_refresh=True))
    assert "silver.account" in looked_at
    assert copies(config) == 0


def test_after_a_number_of_copies_all_is_computed_and_checked(
    config: LakeConfig, looked_at: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copied, "MOST_COPIES", 1)
    another_entry(config)
    build(config)
    assert "silver.account" not in looked_at
    another_entry(config, 21)
    report = build(config)
    assert {t.status for t in report.tables if t.table.layer == "gold"} == {"built"}
    assert {"silver.account", "gold.dim_account"} <= looked_at
    assert copies(config) == 0


def test_what_was_forgotten_is_not_in_the_unused_room_of_the_file(config: LakeConfig) -> None:
    accounts(config, "C", "accounts_2.csv")
    ingest(config)
    build(config)
    forget(config, ["accounts_2.csv"], yes=True)
    build(config)
    assert copies(config) == 0


def test_a_build_of_some_tables_does_not_hide_that_a_file_was_forgotten(config: LakeConfig) -> None:
    accounts(config, "C", "accounts_2.csv")
    ingest(config)
    build(config)
    forget(config, ["accounts_2.csv"], yes=True)
    build(config, ["fact_entry"])
    build(config)
    assert copies(config) == 0


def test_a_file_that_another_program_writes_to_is_not_copied(config: LakeConfig) -> None:
    another_entry(config)
    config.gold_file.with_name(config.gold_file.name + ".wal").write_bytes(b"")
    build(config)
    assert copies(config) == 0


def test_what_an_older_file_does_not_say_is_checked(
    config: LakeConfig, looked_at: set[str]
) -> None:
    with duckdb.connect(str(config.gold_file)) as connection:
        connection.execute("drop table ops.build_checks")
    another_entry(config)
    build(config)
    assert {"silver.account", "gold.dim_account"} <= looked_at
