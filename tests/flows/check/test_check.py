"""What checks find: failing rows with their place, scores, ages, changes, files that add up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tiny import PRODUCTS, SALES, gold, put, stocked, with_keys

from carms_lake.config import LakeConfig
from carms_lake.errors import ContractError, DataError, NotReconciled, UsageError
from carms_lake.flows.build import build
from carms_lake.flows.check import check, failures, scorecard
from carms_lake.flows.ingest import ingest
from carms_lake.flows.query import query_frame
from carms_lake.flows.status import status
from carms_lake.names import Layer, TableRef
from carms_lake.store import delta, ops_path, table_path
from carms_lake.store.delta.log import REPLAYED, commits
from carms_lake.store.delta.write import append, overwrite

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from carms_lake.records import CheckResult, RunReport

pytestmark = pytest.mark.slow


def lake(folder: Path) -> LakeConfig:
    config = stocked(folder)
    ingest(config)
    build(config)
    return config


def rule(name: str, **rest: Any) -> dict[str, Any]:
    return {"name": name, "severity": "error", **rest}


def result(report: RunReport, name: str) -> CheckResult:
    (found,) = [c for c in report.checks if c.rule == name]
    return found


SMALL = rule(
    "small", type="sql", query="select count(*) from ${table} where quantity > 1", mustBe=0,
    description="Nobody buys two.",
)  # fmt: skip


def test_a_failing_build_keeps_the_rows_that_failed_and_where_they_came_from(
    tmp_path: Path,
) -> None:
    config = with_keys(lake(tmp_path), "silver/sale", quality=[SMALL])
    with pytest.raises(DataError, match=r"1 check failed, nothing is published.*small") as caught:
        build(config)
    assert "carms check --failures" in caught.value.hint
    found, more = failures(config)
    assert found.to_dicts() == [
        {
            "table": "silver.sale",
            "rule": "small",
            "severity": "error",
            "column_name": None,
            "row_key": '{"sale_id": "s1"}',
            "value": None,
            "src_filename": "sales/day_1.csv",
            "src_row_number": 1,
            "message": "Nobody buys two.",
        }
    ]
    assert more == []
    live = "select rule, src_row_number from ops.check_failures"
    assert query_frame(config, live).rows() == [("small", 1)]


def test_the_build_that_passes_keeps_no_failing_rows(tmp_path: Path) -> None:
    config = lake(tmp_path)
    assert not ops_path(config, "check_failures").exists()
    assert gold(config, "select count(*) from ops.check_failures") == [(0,)]
    assert failures(config)[0].rows() == []
    with pytest.raises(UsageError, match="no check has a rule `smal`"):
        failures(config, rule="smal")


def test_check_finds_the_rows_too_and_the_newest_run_counts(tmp_path: Path) -> None:
    config = lake(tmp_path)
    duplicated = rule("names", metric="duplicateValues", mustBe=0)
    properties = _properties(config, "gold/dim_product")
    properties[2]["quality"] = [duplicated]
    put(config, "products.csv", PRODUCTS.replace("Jam", "Tea"))
    ingest(config)
    build(config)
    strict = with_keys(config, "gold/dim_product", properties=properties)
    found = result(check(strict), "names")
    assert (found.passed, found.failed_rows, found.dimension) == (False, 1, "uniqueness")
    rows = failures(strict)[0].to_dicts()
    assert {(row["column_name"], row["value"], row["message"]) for row in rows} == {
        ("name", "Tea", "duplicateValues")
    }
    assert len({row["row_key"] for row in rows}) == 2
    check(config)
    assert failures(config)[0].rows() == []


def _properties(config: LakeConfig, name: str) -> list[dict[str, Any]]:
    source = config.domain.schemas[0] / f"{name}.odcs.yaml"
    found: list[dict[str, Any]] = yaml.safe_load(source.read_text(encoding="utf-8"))["schema"][0][
        "properties"
    ]
    return found


def test_what_was_set_aside_beyond_its_budget_is_listed_with_its_record(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p9,1\ns1,p1,7\n")
    ingest(config)
    config = with_keys(config, "silver/sale", **{"carms.quarantineBudgetPct": 74.9})
    with pytest.raises(DataError, match=r"sale\.quarantine.*3 of 4 rows \(75\.00 %\)"):
        build(config)
    assert not config.gold_file.exists()
    found = failures(config)[0].to_dicts()
    assert [(row["row_key"], row["column_name"], row["src_filename"]) for row in found] == [
        ('{"sale_id": "s1"}', "sale_id", "sales/day_2.csv"),
        ('{"sale_id": "s1"}', "sale_id", "sales/day_2.csv"),
        ('{"sale_id": "s3"}', "product_id", "sales/day_2.csv"),
    ]
    assert found[2]["src_row_number"] == 1
    within = build(with_keys(config, "silver/sale", **{"carms.quarantineBudgetPct": 75}))
    assert result(within, "sale.quarantine").passed


def test_a_budget_may_be_for_one_reason(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p9,1\ns1,p1,3\n")
    ingest(config)
    strict = {"all": 75, "DUPLICATE_KEY": 49.9, "UNKNOWN_REFERENCE": 25, "NOT_IN_ENUM": 0}
    config = with_keys(config, "silver/sale", **{"carms.quarantineBudgetPct": strict})
    with pytest.raises(DataError, match=r"1 check failed.*2 of 4 rows \(50\.00 %\)"):
        build(config)
    rows = failures(config, rule="sale.quarantine.DUPLICATE_KEY")[0].to_dicts()
    assert [row["src_filename"] for row in rows] == ["sales/day_2.csv"] * 2
    milder = strict | {"DUPLICATE_KEY": 50}
    found = build(with_keys(config, "silver/sale", **{"carms.quarantineBudgetPct": milder}))
    of_sale = [c for c in found.checks if c.quarantined and c.table.table == "sale"]
    counted = {c.rule: (c.failed_rows, c.dimension) for c in of_sale}
    assert counted == {
        "sale.quarantine": (3, "conformity"),
        "sale.quarantine.DUPLICATE_KEY": (2, "uniqueness"),
        "sale.quarantine.UNKNOWN_REFERENCE": (1, "consistency"),
        "sale.quarantine.NOT_IN_ENUM": (0, "conformity"),
    }


def test_a_file_is_published_anyway_and_says_so_until_it_passes(tmp_path: Path) -> None:
    config = lake(tmp_path)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    ingest(config)
    strict = with_keys(config, "silver/sale", quality=[SMALL])
    with pytest.raises(DataError):
        build(strict)
    assert gold(config, "select count(*) from gold.fact_sale") == [(2,)]
    report = build(strict, publish_anyway=True)
    assert (report.failed_checks, report.published) == (1, config.gold_file)
    assert gold(config, "select count(*) from gold.fact_sale") == [(4,)]
    assert gold(config, "select failed_checks from ops.build") == [(1,)]
    runs = (
        "select status, failed_checks, is_published, message from ops.runs where command = 'build'"
    )
    said = "published although 1 check failed"
    assert gold(config, runs)[-1] == ("done", 1, True, said)
    assert query_frame(config, f"{runs} order by run_id").rows()[-2:] == [
        ("failed", 1, False, _message(config)),
        ("done", 1, True, said),
    ]
    assert status(strict).gold_failed_checks == 1
    with pytest.raises(DataError):  # nothing changed, and still it does not pass
        build(strict)
    assert build(config).failed_checks == 0
    assert status(config).gold_failed_checks == 0
    assert build(config).tables[-1].status == "unchanged"


def _message(config: LakeConfig) -> str:
    rows = query_frame(config, "select message from ops.runs where status = 'failed'").rows()
    return str(rows[0][0])


def test_a_score_counts_what_was_set_aside(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p9,1\ns4,p1,x\n")
    ingest(config)
    build(config)
    cards = {row["table"]: row for row in scorecard(config).to_dicts()}
    assert cards["bronze.sales"]["conformity"] == 75.0  # one of four records is no number
    assert cards["silver.sale"]["consistency"] == pytest.approx(66.67)  # one of three is unknown
    assert cards["silver.sale"]["completeness"] == 100.0
    assert cards["silver.sale"]["timeliness"] is None
    assert cards["gold.fact_sale"]["consistency"] == 100.0
    of_sale = (
        "select dimension, rows, failed_rows, set_aside from ops.scorecard where table_name = "
    )
    assert query_frame(config, f"{of_sale} 'sale' and dimension = 'consistency'").rows() == [
        ("consistency", 3, 1, 1)
    ]
    assert gold(config, "select count(*) > 5 from ops.scorecard") == [(True,)]
    check(config)
    assert {row["table"]: row for row in scorecard(config).to_dicts()} == cards


def test_without_a_check_there_is_no_score(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing has been checked yet"):
        scorecard(stocked(tmp_path))


HOURS = [{"property": "latency", "value": 5, "unit": "h"}]


def test_data_that_is_old_is_a_warning_also_where_nothing_is_to_be_built(tmp_path: Path) -> None:
    config = with_keys(lake(tmp_path), "bronze/sales", slaProperties=HOURS)
    later = datetime.now(UTC) + timedelta(hours=6)
    build(config)  # what a contract of bronze says of age makes no table anew
    report = build(config, now=later)
    found = result(report, "sales.latency")
    assert (found.passed, found.severity, found.dimension) == (False, "warning", "timeliness")
    assert "the newest delivery is of 2" in found.message
    assert "6 hours ago; 5 hours are allowed" in found.message
    assert report.tables[-1].status == "unchanged"
    assert failures(config, rule="sales.latency")[0].to_dicts()[0]["message"] == found.message
    seen = status(config).checks
    assert seen is not None
    assert (seen.warnings, seen.passed > 10) == (("bronze.sales: sales.latency",), True)
    assert result(build(config), "sales.latency").passed
    assert result(check(config), "sales.latency").passed
    assert not result(check(config, now=later), "sales.latency").passed
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    ingest(config)
    assert result(build(config), "sales.latency").passed


def test_what_is_only_replayed_is_not_newer_for_it(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    build(config)
    config = with_keys(config, "bronze/sales", slaProperties=HOURS)
    path = table_path(config, TableRef("tiny", Layer.BRONZE, "sales"))
    landed = commits(path)[-1].metadata
    later = landed | {"run_id": "29991231T000000.000000Z-aaaaaa", REPLAYED: 1}
    append(path, delta.scan(path).collect().clear(), later)
    late = result(check(config, now=datetime.now(UTC) + timedelta(hours=6)), "sales.latency")
    assert "6 hours ago" in late.message


def test_old_data_of_severity_error_stops_the_publish(tmp_path: Path) -> None:
    severity = {"customProperties": [{"property": "carms.severity", "value": "error"}]}
    config = stocked(tmp_path)
    ingest(config)
    config = with_keys(config, "bronze/sales", slaProperties=[HOURS[0] | severity])
    with pytest.raises(DataError, match=r"sales\.latency"):
        build(config, now=datetime.now(UTC) + timedelta(hours=6))
    assert not config.gold_file.exists()


def test_an_element_is_measured_by_its_newest_value(tmp_path: Path) -> None:
    config = lake(tmp_path)
    latency = [{"property": "latency", "value": 1, "element": "product_history.valid_from"}]
    config = with_keys(config, "silver/product_history", slaProperties=latency)
    now = datetime.now(UTC)
    assert result(check(config, now=now), "valid_from.latency").passed
    found = result(check(config, now=now + timedelta(days=3)), "valid_from.latency")
    assert "valid_from is of" in found.message
    assert "3 days ago; 24 hours are allowed" in found.message


@pytest.mark.parametrize(
    ("name", "entry", "match"),
    [
        ("silver/sale", {"property": "latency", "value": 1}, "no `element`"),
        ("silver/sale", {"property": "latency", "value": 1, "element": "sold_at"}, "`sold_at`"),
        ("silver/sale", {"property": "ly", "value": 1, "element": "sale_id"}, "of type varchar"),
    ],
)
def test_an_age_that_cannot_be_measured_is_a_wrong_contract(
    tmp_path: Path, name: str, entry: dict[str, Any], match: str
) -> None:
    config = with_keys(stocked(tmp_path), name, slaProperties=[entry])
    with pytest.raises(ContractError, match=match):
        build(config)


def _sales(numbers: range) -> str:
    rows = [f"s{number},p1,1" for number in numbers]
    return "\n".join(["sale_id,product_id,quantity", *rows]) + "\n"


@pytest.mark.parametrize("limit", [20, {"pct": 20, "severity": "error"}])
def test_a_table_that_shrinks_or_grows_too_much_is_noticed(
    tmp_path: Path, limit: float | dict[str, Any]
) -> None:
    config = stocked(tmp_path)
    for name in ("silver/sale", "gold/fact_sale"):
        config = with_keys(config, name, **{"carms.maxRowChangePct": limit})
    put(config, "sales/day_1.csv", _sales(range(10)))
    ingest(config)
    assert result(build(config), "sale.rowChange").passed  # there is nothing before it
    assert result(check(config), "sale.rowChange").passed
    put(config, "sales/day_1.csv", _sales(range(12)))
    ingest(config)
    assert result(build(config), "fact_sale.rowChange").passed
    put(config, "sales/day_1.csv", _sales(range(9)))
    ingest(config)
    said = "9 rows, 25.0 % fewer than the 12 of the last published run; 20 % are allowed"
    if isinstance(limit, dict):
        for _ in range(2):  # what was built and not published is nothing to compare with
            with pytest.raises(DataError, match=said.replace(".", r"\.")):
                build(config)
        return
    report = build(config)
    assert [result(report, f"{name}.rowChange").message for name in ("sale", "fact_sale")] == [
        said,
        said,
    ]
    assert result(check(config), "fact_sale.rowChange").message == said
    assert result(build(config, full_refresh=True), "fact_sale.rowChange").passed


def test_records_of_files_are_bronze_and_rejects(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,1\ns4,p1,x\n")
    ingest(config)
    put(config, "products.csv", PRODUCTS.replace("Jam", "Gem"))
    ingest(config)
    for report in (build(config), check(config)):
        for name in ("sales.reconcile.files", "products.reconcile.files", "sale.reconcile.driver"):
            assert result(report, name).passed, result(report, name)


def test_a_row_that_left_bronze_is_missed_by_name(tmp_path: Path) -> None:
    config = lake(tmp_path)
    ref = TableRef("tiny", Layer.BRONZE, "sales")
    frame = delta.scan(table_path(config, ref)).collect()
    overwrite(table_path(config, ref), frame.head(1), {"run_id": "other"})
    found = result(check(config), "sales.reconcile.files")
    assert (found.passed, found.message) == (
        False,
        "the table's rows of `sales/day_1.csv` are not those that landed",
    )
    with pytest.raises(DataError, match="2 rows landed, 1 are in the table"):
        build(config)


def test_rows_that_left_silver_do_not_balance(tmp_path: Path) -> None:
    config = lake(tmp_path)
    path = table_path(config, TableRef("tiny", Layer.SILVER, "sale"))
    frame = delta.scan(path).collect()
    kept = commits(path)[-1].metadata
    overwrite(path, frame.head(1), kept)
    found = result(check(config), "sale.reconcile.driver")
    assert (found.passed, found.message) == (False, "1 rows in the table, 2 were built")


def test_keys_that_are_lost_are_a_failed_check_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tiny_shop.silver

    config = lake(tmp_path)
    _first.__module__ = tiny_shop.silver.__name__
    monkeypatch.setattr(tiny_shop.silver, "product", _first)
    with pytest.raises(NotReconciled):
        build(config, full_refresh=True)
    found = failures(config)[0].to_dicts()
    assert [(row["table"], row["rule"]) for row in found] == [
        ("silver.product", "product.reconcile.driver")
    ]
    assert found[0]["message"] == "2 in the driver, 1 in the table, quarantined or superseded"


def _first(bronze_products: pl.LazyFrame) -> pl.LazyFrame:
    return bronze_products.select("product_id", "name", "price").head(1)


def test_a_declared_total_binds_the_files_that_it_was_counted_on_alone(tmp_path: Path) -> None:
    config = lake(tmp_path)
    landed = query_frame(config, "select table_name, sha256 from ops.processed_files")
    digests = {f"bronze.{table}": digest for table, digest in landed.rows()}
    total = {
        "name": "sold",
        "files": digests,
        "select": "select sum(quantity) from silver.sale",
        "value": 3,
    }
    right = with_keys(config, "silver/sale", **{"carms.declaredTotals": [total]})
    assert result(build(right), "sale.declared.sold").passed
    assert result(check(right), "sale.declared.sold").dimension == "accuracy"
    wrong = with_keys(config, "silver/sale", **{"carms.declaredTotals": [total | {"value": 4}]})
    with pytest.raises(DataError, match="4 were counted on the files, found 3"):
        build(wrong)
    put(config, "sales/day_1.csv", SALES.replace("s2", "s9"))
    ingest(config)
    rules = [c.rule for c in build(wrong).checks]
    assert "sale.declared.sold" not in rules
    assert "sale.reconcile.driver" in rules


@pytest.mark.parametrize("named", [True, False], ids=["all", "one"])
def test_a_declared_total_depends_on_the_files_of_referenced_tables(
    tmp_path: Path, *, named: bool
) -> None:
    config = lake(tmp_path)
    landed = query_frame(config, "select table_name, sha256 from ops.processed_files")
    digests = {f"bronze.{table}": digest for table, digest in landed.rows()}
    digests = digests if named else {"bronze.sales": digests["bronze.sales"]}
    select = "select sum(quantity) from gold.fact_sale"
    total = {"name": "sold", "files": digests, "select": select, "value": 3}
    config = with_keys(config, "gold/fact_sale", **{"carms.declaredTotals": [total]})
    assert result(build(config), "fact_sale.declared.sold").passed
    put(config, "products.csv", PRODUCTS.replace("p2", "p8"))  # s2 is an orphan now
    ingest(config)
    found = [c for c in build(config).checks if c.rule == "fact_sale.declared.sold"]
    assert [(c.severity, c.passed) for c in found] == ([] if named else [("warning", False)])
    if not named:
        assert "3 were counted on the files, found 2; it also depends on" in found[0].message
        assert "`bronze.products`" in found[0].message


@pytest.mark.parametrize(
    ("name", "key", "value", "match"),
    [
        ("silver/sale", "carms.quarantineBudgetPct", 101, "from 0 to 100"),
        ("silver/sale", "carms.quarantineBudgetPct", "few", "from 0 to 100"),
        ("gold/fact_sale", "carms.quarantineBudgetPct", 1, "belongs in silver"),
        ("silver/sale", "carms.quarantineBudgetPct", {"TWICE": 1}, "is not a reason code"),
        ("silver/sale", "carms.quarantineBudgetPct", {"DUPLICATE_KEY": -1}, "from 0 to 100"),
        ("silver/sale", "carms.maxRowChangePct", -1, "write a number"),
        ("silver/sale", "carms.maxRowChangePct", {"pct": 1, "level": 2}, "write a number"),
        ("bronze/sales", "carms.maxRowChangePct", 1, "belongs in silver and gold"),
        ("silver/sale", "carms.declaredTotals", [{"name": "n"}], "no `select`"),
        (
            "silver/sale",
            "carms.declaredTotals",
            {"name": "n", "select": "select 1", "value": 1, "files": {"bronze.sales": "abc"}},
            "sha256",
        ),
        (
            "silver/sale",
            "carms.declaredTotals",
            {"name": "n", "select": "select 1", "value": 1, "files": {"bronze.sale": "0" * 64}},
            r"no table `bronze\.sale`",
        ),
        (
            "silver/sale",
            "carms.declaredTotals",
            {"name": "n", "select": "select 1", "value": 1, "files": {"silver.sale": "0" * 64}},
            "is not loaded from files",
        ),
    ],
)
def test_a_limit_that_says_nothing_is_a_wrong_contract(
    tmp_path: Path, name: str, key: str, value: Any, match: str
) -> None:
    config = with_keys(stocked(tmp_path), name, **{key: value})
    with pytest.raises(ContractError, match=match):
        build(config)


def test_values_about_people_are_not_kept(tmp_path: Path) -> None:
    config = lake(tmp_path)
    properties = _properties(config, "silver/sale")
    properties[0]["classification"] = "personal"
    properties[2]["classification"] = "personal"
    properties[2]["quality"] = [
        rule("one", metric="invalidValues", arguments={"validValues": [1]}, mustBe=0)
    ]
    check(with_keys(config, "silver/sale", properties=properties))
    (row,) = failures(config)[0].to_dicts()
    assert (row["column_name"], row["value"], row["row_key"]) == ("quantity", None, None)


def test_of_rows_that_are_set_aside_too_nothing_about_people_is_kept(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p9,1\n")
    ingest(config)
    properties = _properties(config, "silver/sale")
    properties[1]["classification"] = "personal"
    budget = {"carms.quarantineBudgetPct": 0}
    with pytest.raises(DataError):
        build(with_keys(config, "silver/sale", properties=properties, **budget))
    (row,) = failures(config)[0].to_dicts()
    assert (row["column_name"], row["value"], row["row_key"]) == (
        "product_id",
        None,
        '{"sale_id": "s3"}',
    )


def test_only_so_many_rows_are_kept_and_the_rest_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carms_lake.quality.failures.MOST_ROWS", 2)
    config = stocked(tmp_path)
    put(config, "sales/day_1.csv", _sales(range(5)))
    ingest(config)
    none = rule("none", type="sql", query="select count(*) from ${object}", mustBe=0)
    with pytest.raises(DataError):
        build(with_keys(config, "silver/sale", quality=[none]))
    found, more = failures(config, rule="none")
    assert [json.loads(row["row_key"]) for row in found.to_dicts()] == [
        {"sale_id": "s0"},
        {"sale_id": "s1"},
    ]
    assert more == [("silver.sale", "none", 2, 5)]
