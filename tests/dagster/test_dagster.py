"""A lake in Dagster: assets and checks of the contracts, materialised by the lake's own runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from extras import skip_without
from own_domain import own_shop
from tiny import project, put, stocked, with_keys

import carms_lake
from carms_lake import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

PAGE = Path(__file__).parents[2] / "docs/guides/dagster.md"
TABLES = {
    *("bronze/products", "bronze/sales"),
    *("silver/product", "silver/product_history", "silver/sale"),
    *("gold/dim_product", "gold/fact_sale", "gold/price_history", "gold/sales_by_product"),
}
RULE = {
    "name": "no_sales",
    "type": "sql",
    "query": "select count(*) from gold.fact_sale",
    "mustBe": 0,
    "severity": "error",
}


@pytest.fixture(scope="module", autouse=True)
def dg() -> Iterator[ModuleType]:
    skip_without("dagster", "dagster.version")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_DISABLE_TELEMETRY", "yes")
        import dagster

        yield dagster


def assets(lake: Lake) -> Any:
    from carms_lake.dagster import assets

    return assets(lake)


def run(dg: ModuleType, lake: Lake, selection: Any = None) -> Any:
    """What a run of the assets, or of some, did."""
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [assets(lake)], selection=selection, instance=instance, raise_on_error=False
        )


def made(result: Any) -> dict[str, Any]:
    """The metadata of the tables that were materialised, by `gold/fact_sale`."""
    return {
        "/".join(event.asset_key.path[1:]): {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
    }


def checks(result: Any) -> dict[tuple[str, str], Any]:
    return {
        ("/".join(one.asset_key.path[1:]), one.check_name): one
        for one in result.get_asset_check_evaluations()
    }


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(stocked(tmp_path_factory.mktemp("lake")))


@pytest.fixture(scope="module")
def first(dg: ModuleType, lake: Lake) -> Any:
    return run(dg, lake)


def test_a_project_that_was_never_run_loads(dg: ModuleType, tmp_path: Path) -> None:
    found = assets(Lake(project(tmp_path)))
    assert {"/".join(key.path[1:]) for key in found.keys} == TABLES
    dg.Definitions.validate_loadable(dg.Definitions(assets=[found]))


def test_an_asset_says_what_its_contract_says(dg: ModuleType, lake: Lake) -> None:
    (spec,) = (s for s in assets(lake).specs if s.key.path[-1] == "fact_sale")
    assert spec.key == dg.AssetKey(["tiny", "gold", "fact_sale"])
    assert {"/".join(dep.asset_key.path) for dep in spec.deps} == {
        *("tiny/silver/sale", "tiny/gold/dim_product")
    }
    assert spec.group_name == "gold"
    contract = lake.contracts["gold.fact_sale"]
    assert contract.grain in spec.description
    columns = spec.metadata["dagster/column_schema"].columns
    assert [(c.name, c.type) for c in columns] == [(c.name, str(c.type)) for c in contract.columns]
    assert not columns[0].constraints.nullable


def test_a_run_materialises_all_tables_and_counts_their_rows(first: Any) -> None:
    assert first.success
    tables = made(first)
    assert tables.keys() == TABLES
    assert tables["bronze/sales"]["dagster/row_count"] == 2
    assert tables["gold/dim_product"]["dagster/row_count"] == 3
    columns = tables["gold/fact_sale"]["dagster/column_lineage"].deps_by_column
    (origin,) = columns["amount"]
    assert (origin.asset_key.path[-1], origin.column_name) == ("sale", "amount")


def test_checks_are_the_rules_of_the_contracts(lake: Lake, first: Any) -> None:
    found = checks(first)
    assert found["gold/fact_sale", "sale_id__required"].passed
    assert found["bronze/sales", "no_file_refused"].passed
    rules = set(lake.checks().filter(passed=True).select("table", "rule").rows())
    assert {(table.replace("/", "."), rule) for table, rule in found} == {
        (table, re.sub(r"\W+", "__", rule)) for table, rule in rules
    } | {("bronze.sales", "no_file_refused"), ("bronze.products", "no_file_refused")}


def test_a_run_that_changes_nothing_reports_its_checks(
    dg: ModuleType, lake: Lake, first: Any
) -> None:
    again = run(dg, lake)
    assert again.success
    assert checks(again).keys() == checks(first).keys()
    assert made(again).keys() == TABLES


def test_a_part_runs_alone(dg: ModuleType, lake: Lake, first: Any) -> None:
    assert first.success
    sources = run(dg, lake, dg.AssetSelection.assets(["tiny", "bronze", "sales"]))
    assert made(sources).keys() == {"bronze/sales"}
    assert checks(sources).keys() == {("bronze/sales", "no_file_refused")}
    table = run(dg, lake, dg.AssetSelection.assets(["tiny", "silver", "sale"]))
    assert made(table).keys() == {"silver/sale"}
    assert {name for name, _ in checks(table)} == {"silver/sale"}


def test_checks_run_without_a_table(dg: ModuleType, lake: Lake, first: Any) -> None:
    assert first.success
    key = dg.AssetKey(["tiny", "gold", "fact_sale"])
    only = run(dg, lake, dg.AssetSelection.checks_for_assets(key))
    assert only.success
    assert made(only) == {}
    assert {name for name, _ in checks(only)} == {"gold/fact_sale"}
    assert lake.status().runs["command"][0] == "check"


def test_a_failing_rule_is_a_failed_check_and_fails_the_run(dg: ModuleType, tmp_path: Path) -> None:
    lake = Lake(with_keys(stocked(tmp_path), "gold/fact_sale", quality=[RULE]))
    result = run(dg, lake)
    assert not result.success
    failed = [which for which, one in checks(result).items() if not one.passed]
    assert failed == [("gold/fact_sale", "no_sales")]
    found = checks(result)[failed[0]]
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert found.metadata["failed_rows"].value == 2
    assert found.metadata["message"].value == "found 2, mustBe 0"
    assert made(result).keys() == {"bronze/products", "bronze/sales"}
    assert not lake.config.gold_file.exists()
    (failure,) = (e for e in result.all_events if e.event_type_value == "STEP_FAILURE")
    assert "--publish-anyway" in failure.step_failure_data.user_failure_data.description


def test_a_rule_that_warns_is_a_warning_and_the_run_succeeds(
    dg: ModuleType, tmp_path: Path
) -> None:
    rule = {**RULE, "severity": "warning"}
    result = run(dg, Lake(with_keys(stocked(tmp_path), "gold/fact_sale", quality=[rule])))
    assert result.success
    found = checks(result)["gold/fact_sale", "no_sales"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_a_refused_file_is_a_failed_check_of_its_source(dg: ModuleType, tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "nothing,of,this\n1,2,3\n")
    result = run(dg, Lake(config))
    assert result.success
    found = checks(result)["bronze/sales", "no_file_refused"]
    assert not found.passed
    assert list(found.metadata["files"].value) == ["sales/day_2.csv"]
    assert checks(result)["bronze/products", "no_file_refused"].passed
    assert made(result)["gold/fact_sale"]["dagster/row_count"] == 2


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The code of the guide, with the folder of a project of its own."""
    own_shop(tmp_path / "shop")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert '"/srv/lake", "carms"' in code
    file = tmp_path / "lake_in_dagster.py"
    code = code.replace('"/srv/lake", "carms"', f'{str(tmp_path / "shop")!r}, "shop"')
    file.write_text(code, encoding="utf-8")
    return file


def test_the_code_of_the_guide_runs_as_a_job(page: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    command = [sys.executable, "-m", "dagster", "job", "execute", "-f", str(page), "-j", "shop_run"]
    done = subprocess.run(
        command,
        env={**os.environ, "DAGSTER_HOME": str(tmp_path / "home")},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lake = carms_lake.open(tmp_path / "shop")
    assert lake.query("select count(*) from gold.fact_sale").item() == 2
    assert lake.status().checks is not None


def test_the_sensor_of_the_guide_asks_for_a_run_once_per_set_of_new_files(
    dg: ModuleType, page: Path, tmp_path: Path
) -> None:
    there: dict[str, Any] = {}
    exec(compile(page.read_text(encoding="utf-8"), str(page), "exec"), there)
    defs, new_files = there["defs"], there["new_files"]
    assert [s.cron_schedule for s in defs.schedules] == ["0 6 * * *"]
    dg.Definitions.validate_loadable(defs)
    asked = new_files(dg.build_sensor_context())
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_key == new_files(dg.build_sensor_context()).run_key
    carms_lake.open(tmp_path / "shop").ingest()
    assert isinstance(new_files(dg.build_sensor_context()), dg.SkipReason)
