"""`check` and `build --publish-anyway`: what they show, and how they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from tiny import put, stocked
from typer.testing import CliRunner, Result

from carms_lake.cli import make_app
from carms_lake.cli.reports import exit_code
from carms_lake.config import load_config
from carms_lake.flows.build import build

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


def invoke(config: LakeConfig, *argv: str) -> Result:
    return CliRunner().invoke(make_app(), ["-p", str(config.project), "-d", "tiny", *argv])


@pytest.fixture
def shop(tmp_path: Path) -> LakeConfig:
    config = stocked(tmp_path)
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    return config


def promise(config: LakeConfig, severity: str) -> None:
    """Say in a contract of the project that nobody buys two, which one does."""
    source = config.domain.schemas[0] / "silver" / "sale.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    query = "select count(*) from ${table} where quantity > 1"
    rule = {"name": "small", "type": "sql", "query": query, "mustBe": 0, "severity": severity}
    document["schema"][0]["quality"] = [rule]
    put_contract(config, document)


def put_contract(config: LakeConfig, document: object) -> None:
    target = config.project / "schemas" / "tiny" / "silver" / "sale.odcs.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


@pytest.mark.slow
def test_a_failing_build_ends_with_1_and_its_rows_can_be_listed(shop: LakeConfig) -> None:
    promise(shop, "error")
    result = invoke(shop, "run")
    assert result.exit_code == 1
    assert "1 check failed, nothing is published: `silver.sale` small" in result.stderr
    assert "hint: `carms check --failures` shows the rows" in result.stderr
    listed = invoke(shop, "check", "--failures", "--rule", "small")
    assert listed.exit_code == 0
    assert listed.stdout.splitlines() == [
        "table,rule,severity,column_name,row_key,value,src_filename,src_row_number,message",
        'silver.sale,small,error,,"{""sale_id"": ""s1""}",,sales/day_1.csv,1,small',
    ]


@pytest.mark.slow
def test_publish_anyway_publishes_says_so_and_ends_with_1(shop: LakeConfig) -> None:
    promise(shop, "error")
    invoke(shop, "ingest")
    result = invoke(shop, "build", "--publish-anyway")
    assert result.exit_code == 1
    assert "failed: `tiny.silver.sale` small: found 1, mustBe 0 (1 of 2 rows)" in result.stderr
    assert "published although 1 check failed" in result.stderr
    assert f"published `{shop.gold_file}`" in result.stderr
    assert invoke(shop, "query", "select count(*) as n from fact_sale").stdout == "n\n2\n"
    said = "gold is published although 1 check failed"
    for command in (["tables"], ["describe", "fact_sale"]):
        assert said in invoke(shop, *command).stderr, command
    assert said not in invoke(shop, "describe", "silver.sale").stderr
    assert "although 1 check failed" in invoke(shop, "status", "-f", "table").stdout
    assert invoke(shop, "run", "--publish-anyway").exit_code == 1
    assert invoke(shop, "check").exit_code == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("severity", "plain", "strict", "told"),
    [("error", 1, 1, True), ("warning", 0, 1, True), ("info", 0, 0, False)],
)
def test_what_a_failed_check_ends_with(
    shop: LakeConfig, severity: str, plain: int, strict: int, *, told: bool
) -> None:
    promise(shop, severity)
    invoke(shop, "run", "--publish-anyway")
    check = invoke(shop, "check")
    assert (check.exit_code, "small" in check.stderr) == (plain, told)
    assert "silver.sale,small," in check.stdout
    assert invoke(shop, "check", "--strict").exit_code == strict
    report = build(
        load_config(project=shop.project, domain="tiny"), publish_anyway=True, full_refresh=True
    )
    assert (exit_code(report), exit_code(report, strict=True)) == (plain, strict)


@pytest.mark.slow
def test_the_scorecard_has_a_row_per_table(shop: LakeConfig) -> None:
    put(shop, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,many\ns4,p1,1\n")
    invoke(shop, "run")
    lines = invoke(shop, "check", "--scorecard").stdout.splitlines()
    assert lines[0] == (
        "table,accuracy,completeness,conformity,consistency,coverage,timeliness,uniqueness"
    )
    assert "bronze.sales,,100.0,75.0,100.0,,," in lines
    shown = invoke(shop, "check", "--scorecard", "-f", "table")
    assert shown.stdout.split()[:5] == ["table", "cp", "cf", "cs", "uq"]
    assert "rejected and quarantined rows are not: cp completeness, cf conformity" in shown.stderr
    found = json.loads(invoke(shop, "--json", "check", "--scorecard").stdout)["data"]
    assert found[0]["table"] == "bronze.products"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--failures", "--scorecard"], "ask for one"),
        (["--rule", "small"], "--failures"),
        (["--failures", "--rule", "smal"], "no check has a rule `smal`"),
        (["--scorecard"], "nothing has been checked yet"),
    ],
)
def test_what_check_cannot_answer_is_said(shop: LakeConfig, argv: list[str], said: str) -> None:
    if "smal" in argv:
        invoke(shop, "run")
    result = invoke(shop, "check", *argv)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.slow
def test_a_report_in_json_does_not_repeat_the_rows(shop: LakeConfig) -> None:
    promise(shop, "error")
    invoke(shop, "ingest")
    report = json.loads(invoke(shop, "--json", "build", "--publish-anyway").stdout)["data"]
    assert "failures" not in report
    assert [c["rule"] for c in report["checks"] if not c["passed"]] == ["small"]
