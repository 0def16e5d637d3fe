"""The checks that contracts ask for are those that a build makes, with what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiny import built, project, with_keys

from carms_lake import Lake

if TYPE_CHECKING:
    from pathlib import Path

MANY = {"name": "many", "metric": "rowCount", "mustBeGreaterThan": 9, "severity": "warning"}


def test_the_rules_of_contracts_are_those_of_the_results(tmp_path: Path) -> None:
    lake = Lake(built(tmp_path))
    lake.build(full_refresh=True)  # the second build knows how many rows there were before
    results = lake.query("select layer || '.' || table_name as t, rule from ops.check_results")
    listed = lake.checks()
    assert set(listed.select("table", "rule").rows()) == set(results.rows())
    assert listed["passed"].all()
    assert (listed["description"] != "").all()


def test_a_result_is_the_newest_one_with_its_severity(tmp_path: Path) -> None:
    config = built(tmp_path)
    lake = Lake(with_keys(config, "gold/fact_sale", quality=[MANY]))
    before = lake.checks().filter(rule="many").row(0, named=True)
    assert (before["severity"], before["passed"], before["run_id"]) == ("warning", None, None)
    report = lake.build()
    after = lake.checks().filter(rule="many").row(0, named=True)
    assert (after["severity"], after["passed"]) == ("warning", False)
    assert (after["run_id"], after["failed_rows"]) == (report.run_id, 1)


def test_without_a_lake_there_are_rules_and_no_results(tmp_path: Path) -> None:
    listed = Lake(project(tmp_path)).checks()
    assert listed.height > 10
    assert listed["passed"].null_count() == listed.height
