"""Checks are tested: what a contract promises is broken, and somebody has to notice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ledger_lake
import polars as pl
import pytest
import yaml
from lakes import digest
from tiny import put, stocked

from carms_lake.catalog import load_catalog
from carms_lake.config import Domain, LakeConfig
from carms_lake.errors import StoreError
from carms_lake.flows.build import build
from carms_lake.flows.check.detectors import Verdict
from carms_lake.flows.check.mutation import excerpt, mutate
from carms_lake.flows.ingest import ingest
from carms_lake.names import TableRef
from carms_lake.quality import constraints, table_constraints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.flows.check.detectors import Mutation
    from carms_lake.flows.check.mutation import MutationReport

pytestmark = pytest.mark.slow

Change = dict[str, Any]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    """A published lake of the tiny shop, which tests only read."""
    config = stocked(tmp_path_factory.mktemp("shop"))
    ingest(config)
    build(config)
    return config


def with_contract(
    config: LakeConfig, folder: Path, name: str, column: str = "", **changes: Any
) -> LakeConfig:
    """The same lake under another contract: keys of a column or the table; None takes one out."""
    source = config.domain.schemas[0] / f"{name}.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    place = document["schema"][0]
    if column:
        place = next(one for one in place["properties"] if one["name"] == column)
    place |= changes
    for key in [key for key, value in changes.items() if value is None]:
        del place[key]
    target = folder / "schemas" / f"{name}.odcs.yaml"
    target.parent.mkdir(parents=True)
    target.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    schemas = (*config.domain.schemas, folder / "schemas")
    return replace(config, domain=Domain("tiny", "tiny_shop", schemas))


def with_table(
    config: LakeConfig, folder: Path, name: str, sla: list[Change] | None = None, **own: Any
) -> LakeConfig:
    """The same lake under another contract: its custom properties, and what it says of time."""
    source = config.domain.schemas[0] / f"{name}.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    properties = [{"property": f"carms.{key}", "value": value} for key, value in own.items()]
    document["schema"][0].setdefault("customProperties", []).extend(properties)
    document["slaProperties"] = sla or []
    target = folder / "schemas" / f"{name}.odcs.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    schemas = (*config.domain.schemas, folder / "schemas")
    return replace(config, domain=Domain("tiny", "tiny_shop", schemas))


def of(report: MutationReport, table: str, column: str, promise: str) -> list[Mutation]:
    return [
        one
        for one in report.mutations
        if (one.table.in_domain, one.column, one.promise) == (table, column, promise)
    ]


def verdicts(report: MutationReport, table: str, column: str, promise: str) -> list[str]:
    return [str(one.verdict) for one in of(report, table, column, promise)]


def test_every_promise_of_the_shop_is_guarded(shop: LakeConfig) -> None:
    report = mutate(shop)
    assert report.scores["table"].to_list() == [
        "bronze.products",
        "bronze.sales",
        "silver.product",
        "silver.product_history",
        "silver.sale",
        "gold.dim_product",
        "gold.fact_sale",
        "gold.price_history",
        "gold.sales_by_product",
    ]
    assert report.unguarded == ()
    assert set(report.scores["score_pct"]) == {100.0}
    assert report.scores["not_applicable"].sum() == 0


@pytest.mark.parametrize(
    ("table", "column", "promise", "rule"),
    [
        ("bronze.products", "price", "type", "price.type"),
        ("bronze.products", "price", "minimum", "price.minimum"),
        ("bronze.sales", "quantity", "required", "quantity.required"),
        ("silver.sale", "quantity", "type", "pandera: types"),
        (
            "silver.sale",
            "product_id",
            "refers to silver.product",
            "pandera: product_id.relationship",
        ),
        ("silver.sale", "", "balance: one_to_one of bronze.sales", "balance"),
        ("gold.dim_product", "product_id", "unique", "product_id.unique"),
        ("gold.fact_sale", "sale_id", "primaryKey", "fact_sale.primaryKey"),
        ("gold.fact_sale", "product_key", "refers to gold.dim_product", "product_key.relationship"),
        ("gold.fact_sale", "", "sum quantity", "fact_sale.reconcile.quantity"),
        ("gold.sales_by_product", "quantity", "type", "types"),
    ],
)
def test_the_rule_of_a_promise_notices(
    everything: MutationReport, table: str, column: str, promise: str, rule: str
) -> None:
    found = of(everything, table, column, promise)
    assert found
    for one in found:
        assert one.verdict is Verdict.NOTICED
        assert rule in one.noticed_by
        assert one.guard.endswith(rule)


@pytest.fixture(scope="module")
def everything(shop: LakeConfig) -> MutationReport:
    return mutate(shop)


def test_a_key_of_silver_is_refused_where_rows_differ_and_equal_rows_are_one(
    everything: MutationReport,
) -> None:
    found = of(everything, "silver.sale", "sale_id", "primaryKey")
    assert {one.corruption: one.noticed_by for one in found} == {
        "the value of another row": ("pandera: sale_id.primaryKey",),
        "a row is doubled": ("superseded",),
    }
    for one in found:
        assert one.verdict is Verdict.NOTICED
        assert one.guard == "pandera: sale_id.primaryKey"


def test_a_sum_is_broken_by_rows_and_by_the_amount(everything: MutationReport) -> None:
    found = of(everything, "gold.fact_sale", "", "sum quantity")
    assert [one.corruption for one in found] == [
        "a row is lost",
        "a row is doubled",
        "`quantity` is a unit more",
        "no row is left",
    ]


def test_a_rule_that_is_taken_out_of_the_contract_is_no_promise(
    shop: LakeConfig, tmp_path: Path
) -> None:
    config = with_contract(shop, tmp_path, "bronze/products", "name", required=None)
    report = mutate(config)
    assert verdicts(report, "bronze.products", "name", "required") == []
    assert verdicts(report, "bronze.products", "name", "") == ["no promise"]
    score = report.scores.row(by_predicate=pl.col("table") == "bronze.products", named=True)
    assert score["no_promise"] == 1
    assert report.unguarded == ()


def test_a_promise_that_the_engine_does_not_look_at_is_unguarded(
    shop: LakeConfig, tmp_path: Path
) -> None:
    config = with_contract(shop, tmp_path, "bronze/sales", "sale_id", unique=True)
    report = mutate(config)
    (one,) = report.unguarded
    assert (one.table.in_domain, one.column, one.promise) == ("bronze.sales", "sale_id", "unique")
    assert one.noticed_by == ()
    score = report.scores.row(by_predicate=pl.col("unguarded") > 0, named=True)
    assert (score["promises"], score["guarded"], score["unguarded"]) == (6, 5, 1)
    assert score["score_pct"] == 83.3


def test_a_split_that_forgets_a_rule_is_noticed(
    shop: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(contract: Contract) -> tuple[constraints.Constraint, ...]:
        found = constraints.value_constraints(contract)
        return tuple(one for one in found if one.kind != "minimum")

    monkeypatch.setattr("carms_lake.quality.split.value_constraints", forgetful)
    found = {(m.table.in_domain, m.column, m.promise) for m in mutate(shop).unguarded}
    assert found == {
        ("bronze.products", "price", "minimum"),
        ("bronze.sales", "quantity", "minimum"),
    }


def test_a_schema_that_forgets_a_check_leaves_it_to_the_checks_of_the_build(
    shop: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = of(mutate(shop), "silver.sale", "quantity", "required")
    assert (one.guard, one.noticed_by) == (
        "pandera: quantity.required",
        ("pandera: quantity.required",),
    )
    monkeypatch.setattr("carms_lake.quality.schema.failure_cases", lambda *_: {})
    (one,) = of(mutate(shop), "silver.sale", "quantity", "required")
    assert one.noticed_by == ("quantity.required",)


def test_without_pandera_and_the_checks_of_the_build_nothing_notices(
    shop: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carms_lake.quality.schema.failure_cases", lambda *_: {})
    monkeypatch.setattr("carms_lake.quality.audit.sql_checks", lambda _: iter(()))
    report = mutate(shop)
    assert verdicts(report, "silver.sale", "quantity", "required") == ["unguarded"]
    assert verdicts(report, "gold.price_history", "product_id", "required") == ["noticed"]
    (one,) = of(report, "gold.price_history", "product_id", "required")
    assert one.noticed_by == ("file",)


def test_checks_that_forget_a_rule_are_noticed_where_the_file_has_no_constraint(
    shop: LakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_contract(
        shop, tmp_path, "gold/fact_sale", "amount", logicalTypeOptions={"minimum": 0}
    )
    assert verdicts(mutate(config), "gold.fact_sale", "amount", "minimum") == ["noticed"]

    def forgetful(contract: Contract) -> Iterator[table_constraints.SqlCheck]:
        return (p for p in table_constraints.sql_checks(contract) if not p.rule.endswith("minimum"))

    monkeypatch.setattr("carms_lake.quality.audit.sql_checks", forgetful)
    assert verdicts(mutate(config), "gold.fact_sale", "amount", "minimum") == ["unguarded"]


def test_a_build_that_does_not_count_is_noticed(
    shop: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "carms_lake.flows.build.silver._reconciled", lambda _task, _driver, _kept, build: build
    )
    found = {(m.table.in_domain, m.promise) for m in mutate(shop).unguarded}
    assert found == {
        ("silver.product", "balance: one_to_one of bronze.products"),
        ("silver.sale", "balance: one_to_one of bronze.sales"),
    }


def test_a_rule_of_the_contract_is_made_to_fail(shop: LakeConfig, tmp_path: Path) -> None:
    own = [
        {"name": "little", "type": "sql", "mustBe": 0,
         "query": "select count(*) from ${table} where quantity > 1000"},
        {"name": "rows", "metric": "rowCount", "mustBeGreaterThan": 0},
        {"name": "always", "type": "sql", "query": "select 0 from ${table}", "mustBe": 0},
    ]  # fmt: skip
    report = mutate(with_contract(shop, tmp_path, "gold/fact_sale", quality=own))
    (little,) = of(report, "gold.fact_sale", "", "rule little")
    assert (little.verdict, little.corruption) == (Verdict.NOTICED, "each `quantity` is 1001")
    assert verdicts(report, "gold.fact_sale", "", "rule rows") == ["noticed"]
    (always,) = of(report, "gold.fact_sale", "", "rule always")
    assert always.verdict is Verdict.NOT_APPLICABLE
    assert "corruptions of the table makes it fail" in always.why


def test_a_rule_that_fails_as_it_is_cannot_be_tested(shop: LakeConfig, tmp_path: Path) -> None:
    own = [{"name": "never", "type": "sql", "query": "select count(*) from ${table}", "mustBe": 0}]
    report = mutate(with_contract(shop, tmp_path, "gold/fact_sale", quality=own))
    (one,) = of(report, "gold.fact_sale", "", "rule never")
    assert one.verdict is Verdict.NOT_APPLICABLE
    assert one.why == "it fails on the rows as they are"


def test_budgets_totals_and_growth_are_broken_too(shop: LakeConfig, tmp_path: Path) -> None:
    total = {
        "name": "sold",
        "files": {"bronze.sales": "0" * 64},
        "select": "select sum(quantity) from silver.sale",
        "value": 3,
    }
    config = with_table(
        shop,
        tmp_path,
        "silver/sale",
        quarantineBudgetPct=5,
        maxRowChangePct=10,
        declaredTotals=[total],
    )
    report = mutate(config)
    found = {
        (one.promise, one.corruption, *one.noticed_by)
        for one in report.mutations
        if one.table.in_domain == "silver.sale" and not one.column and "balance" not in one.promise
    }
    assert found == {
        ("budget of 5 %", "nearly all rows are quarantined", "sale.quarantine"),
        ("row change of 10 %", "all rows are lost", "sale.rowChange"),
        ("declared sold", "a row is lost", "sale.declared.sold"),
        ("declared sold", "a row is doubled", "sale.declared.sold"),
        ("declared sold", "`quantity` is a unit more", "sale.declared.sold"),
        ("declared sold", "no row is left", "sale.declared.sold"),
    }
    assert report.unguarded == ()


@pytest.mark.parametrize(
    ("name", "element", "column"),
    [
        ("bronze/sales", "sales", ""),
        ("silver/product_history", "product_history.valid_from", "valid_from"),
    ],
)
def test_what_gets_no_new_data_is_noticed(
    shop: LakeConfig, tmp_path: Path, name: str, element: str, column: str
) -> None:
    sla = {"property": "latency", "value": 2, "unit": "h", "element": element}
    config = with_table(shop, tmp_path, name, [sla])
    (one,) = of(mutate(config), name.replace("/", "."), column, "latency")
    assert one.verdict is Verdict.NOTICED
    assert one.corruption == "nothing new comes any more"
    assert one.guard == f"audit: {one.noticed_by[0]}"


def test_the_lake_and_the_project_stay_as_they_are(shop: LakeConfig) -> None:
    before = digest(shop.project)
    mutate(shop)
    assert digest(shop.project) == before


def test_the_same_seed_gives_the_same_report_and_another_other_rows(shop: LakeConfig) -> None:
    one, two = mutate(shop, seed=3), mutate(shop, seed=3)
    assert one.mutations == two.mutations
    others = [mutate(shop, seed=seed).mutations for seed in range(4, 8)]
    assert any(found != one.mutations for found in others)


def test_before_a_build_only_bronze_is_tried(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    report = mutate(config)
    assert report.unguarded == ()
    assert report.notes[0] == "`silver.product` does not exist yet"
    (one,) = of(report, "silver.sale", "quantity", "required")
    assert one.why == "the table has no rows here"
    assert verdicts(report, "bronze.sales", "quantity", "minimum") == ["noticed"]


def test_an_empty_lake_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no rows to corrupt"):
        mutate(stocked(tmp_path))


def test_a_lake_made_under_another_contract_is_an_error(shop: LakeConfig, tmp_path: Path) -> None:
    config = with_contract(
        shop, tmp_path, "silver/sale", "quantity", logicalType="integer", physicalType="bigint"
    )
    with pytest.raises(StoreError, match=r"silver\.sale.*`quantity`"):
        mutate(config)


def test_the_ledger_is_guarded(tmp_path: Path) -> None:
    config = ledger_lake.project(tmp_path)
    ledger_lake.accounts(config, "AB")
    ledger_lake.entries(config, "day_1", [(1, "A", 1), (2, "B", 2), (3, "A", 3), (4, "B", 4)])
    ingest(config)
    build(config)
    report = mutate(config)
    assert report.unguarded == ()
    assert report.scores["guarded"].sum() == 34
    # Its contracts let all rows be quarantined: there is no budget to exceed.
    for table in ledger_lake.SILVER:
        found = verdicts(report, f"silver.{table}", "", "budget of 100 %")
        assert found == ["not applicable"]


def test_an_excerpt_holds_what_its_rows_refer_to(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    products = [f"p{n},Tea {n},1.00" for n in range(60)]
    sales = [f"s{n},p{n % 60},1" for n in range(90)]
    put(config, "products.csv", "\n".join(["product_id,name,price", *products]))
    put(config, "sales/day_1.csv", "\n".join(["sale_id,product_id,quantity", *sales]))
    ingest(config)
    build(config)
    contracts = load_catalog(config.domain).contracts
    frames = {ref.in_domain: frame for ref, frame in excerpt(config, contracts, 1, 5).items()}
    assert frames["bronze.sales"].height == frames["silver.sale"].height == 5
    known = set(frames["silver.product"]["product_id"])
    assert set(frames["silver.sale"]["product_id"]) <= known
    assert known == set(frames["silver.product_history"]["product_id"])
    assert known <= {f"p{n}" for n in range(60)}
    assert len(known) <= 15
    assert mutate(config, rows=5).unguarded == ()
    assert TableRef.parse("silver.sale", domain="tiny") in contracts
