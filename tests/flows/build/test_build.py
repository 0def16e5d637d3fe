"""Bronze becomes silver and gold; the unchanged is not built again, what fails not published."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest
import yaml
from tiny import PRODUCTS, SALES, digest, gold, put, rejects, rows, stocked

from carms_lake.cli.reports import exit_code
from carms_lake.config import Domain, LakeConfig
from carms_lake.errors import ContractError, DataError, NotReconciled, StoreError, UsageError
from carms_lake.flows.build import build
from carms_lake.flows.check import check
from carms_lake.flows.ingest import ingest
from carms_lake.flows.lineage import trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from carms_lake.records import RunReport


def built(report: RunReport) -> set[str]:
    return {table.table.in_domain for table in report.tables if table.status == "built"}


def lake(folder: Path) -> LakeConfig:
    config = stocked(folder)
    ingest(config)
    build(config)
    return config


def with_contract(config: LakeConfig, name: str, change: dict[str, object]) -> LakeConfig:
    """The same project with a contract of its own: keys of the table, or of its last column."""
    source = config.domain.schemas[0] / f"{name}.odcs.yaml"
    target = config.project / "schemas" / "tiny" / f"{name}.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    document["schema"][0].update(change)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    schemas = (*config.domain.schemas, config.project / "schemas" / "tiny")
    return LakeConfig(config.project, Domain("tiny", "tiny_shop", schemas))


def test_the_gold_file_answers(tmp_path: Path) -> None:
    config = lake(tmp_path)
    assert gold(config, "from gold.sales_by_product") == [("Jam", 1), ("Tea", 2)]
    assert gold(config, "from gold.sales_above(2)") == [("s1", 2)]
    assert gold(config, "select name from gold.dim_product where product_key = -1") == [
        ("unknown",)
    ]


def test_the_gold_file_says_what_its_columns_are(tmp_path: Path) -> None:
    config = lake(tmp_path)
    assert gold(config, "select comment from duckdb_tables() where table_name = 'fact_sale'")[0][
        0
    ].startswith("One row")
    columns = "select table_name || '.' || column_name, comment from duckdb_columns()"
    comments = dict(gold(config, f"{columns} where schema_name in ('gold', 'ops')"))
    assert [name for name, comment in comments.items() if not comment] == []
    tables = "select table_name, comment from duckdb_tables() where schema_name = 'ops'"
    said = dict(gold(config, tables))
    assert {"runs", "rejects", "build", "build_tables", "check_failures"} <= said.keys()
    assert all(said.values())
    assert comments["dim_product.product_key"].endswith(". Primary key.")
    assert comments["fact_sale.product_key"].endswith(" Refers to gold.dim_product.product_key.")


OLD_DRIVER = os.environ.get("CARMS_OLD_DRIVER", "")
"""A Python with DuckDB 1.0.0; `make test-versions` sets it."""


def test_the_gold_file_opens_in_older_drivers(tmp_path: Path) -> None:
    config = lake(tmp_path)
    version = gold(config, "select tags from duckdb_databases() where database_name = 'tiny'")
    assert "v1.0.0" in str(version)
    # DuckDB 2 writes an index, which a key is, as drivers of version 1.0 cannot read it.
    kinds = gold(config, "select distinct constraint_type from duckdb_constraints()")
    assert kinds == [("NOT NULL",)]
    assert gold(config, "from duckdb_indexes()") == []
    if OLD_DRIVER:
        ask = (
            f"import duckdb; c = duckdb.connect({str(config.gold_file)!r}, read_only=True); "
            "print(duckdb.__version__, c.sql('from gold.sales_above(2)').fetchall(), "
            "c.sql('from gold.sales_by_product').fetchall(), "
            "len(c.sql('from ops.build').fetchall()))"
        )
        done = subprocess.run([OLD_DRIVER, "-c", ask], capture_output=True, text=True, check=False)
        assert done.stdout.startswith("1.0.0 [('s1', 2)] [('Jam', 1), ('Tea', 2)] 1"), done.stderr


def test_nothing_is_built_again_where_nothing_changed(tmp_path: Path) -> None:
    config = lake(tmp_path)
    before = config.gold_file.read_bytes()
    assert built(build(config)) == set()
    assert config.gold_file.read_bytes() == before


def test_only_what_reads_a_change_is_built_again(tmp_path: Path) -> None:
    config = lake(tmp_path)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    ingest(config)
    assert {name for name in built(build(config)) if name.startswith("silver")} == {"silver.sale"}
    assert gold(config, "from gold.sales_by_product") == [("Jam", 2), ("Tea", 4)]


@pytest.mark.parametrize("lost", ["bronze/sales", "bronze/products", "silver/sale"])
def test_a_table_that_was_deleted_and_made_anew_is_another_one(tmp_path: Path, lost: str) -> None:
    """Its versions are the same numbers again; the files changed meanwhile."""
    config = lake(tmp_path)
    shutil.rmtree(config.lake / lost)
    put(config, "sales/day_1.csv", f"{SALES}s3,p1,7\n")
    put(config, "products.csv", PRODUCTS.replace("2.50", "3.00"))
    ingest(config)
    report = build(config)
    assert "silver.sale" in built(report)
    assert gold(config, "select sum(quantity) from gold.fact_sale") == [(10,)]
    assert gold(config, "select max(price) from gold.dim_product where name = 'Tea'") == [(3,)]
    before = digest(config)
    build(config, full_refresh=True)
    assert digest(config) == before
    assert not built(build(config))


def test_a_rebuild_from_scratch_gives_the_same_tables(tmp_path: Path) -> None:
    config = lake(tmp_path)
    put(config, "products.csv", PRODUCTS.replace("4.00", "5.00"))
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s1"))
    ingest(config)
    build(config)
    before = digest(config)
    shutil.rmtree(config.lake / "silver")
    config.gold_file.unlink()
    build(config)
    assert digest(config) == before


def test_rows_that_silver_refuses_are_quarantined_and_the_keys_balance(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p9,1\ns1,p1,7\n")
    ingest(config)
    report = build(config)
    assert rejects(config) == [
        ("sale", None, None, "DUPLICATE_KEY"),
        ("sale", None, None, "DUPLICATE_KEY"),
        ("sale", None, None, "UNKNOWN_REFERENCE"),
    ]
    sale = next(t for t in report.tables if t.table.in_domain == "silver.sale")
    assert (sale.driver_keys, sale.keys, sale.rows, sale.quarantined) == (4, 4, 1, 3)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p2,1\n")
    ingest(config)
    build(config)
    assert rejects(config) == []
    assert len(rows(config, "silver.sale")) == 3


def test_an_ordinary_table_sees_the_newest_delivery_and_a_history_all(tmp_path: Path) -> None:
    config = lake(tmp_path)
    put(config, "products.csv", "product_id,name,price\np1,Tea,2.75\np3,Oil,9.00\n")
    ingest(config)
    build(config)
    assert rows(config, "silver.product", "product_id") == [("p1",), ("p3",)]
    assert rows(
        config, "silver.product_history", "product_id", "price", "is_current", "is_deleted"
    ) == sorted(
        [
            ("p1", _price("2.50"), False, False),
            ("p1", _price("2.75"), True, False),
            ("p2", _price("4.00"), True, True),
            ("p3", _price("9.00"), True, False),
        ],
        key=repr,
    )


def test_a_selected_table_is_built_with_what_it_needs_and_the_others_are_copied(
    tmp_path: Path,
) -> None:
    config = lake(tmp_path)
    put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    ingest(config)
    report = build(config, ["price_history"])
    assert {t.table.table for t in report.tables if t.status == "copied"} == {
        "dim_product",
        "fact_sale",
    }
    assert gold(config, "select count(*) from gold.price_history") == [(3,)]
    assert gold(config, "select count(*) from gold.fact_sale") == [(2,)]
    build(config)
    assert gold(config, "select count(*) from gold.fact_sale") == [(4,)]


def test_a_selected_table_is_built_with_all_where_nothing_is_published_yet(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    build(config, ["dim_product"])
    assert gold(config, "select count(*) from gold.fact_sale") == [(2,)]


def test_what_refers_to_a_selected_table_is_built_with_it(tmp_path: Path) -> None:
    config = lake(tmp_path)
    put(config, "products.csv", "product_id,name,price\np1,Tea,2.50\n")
    put(config, "sales/day_1.csv", "sale_id,product_id,quantity\ns1,p1,2\n")
    ingest(config)
    assert "gold.fact_sale" in built(build(config, ["dim_product"]))
    assert gold(config, "select count(*) from gold.dim_product") == [(2,)]


def test_the_gold_file_holds_what_is_known_of_its_own_build(tmp_path: Path) -> None:
    config = lake(tmp_path)
    assert gold(config, "select command, status from ops.runs order by started_at") == [
        ("ingest", "done"),
        ("build", "done"),
    ]
    assert gold(config, "select bool_and(passed) and count(*) > 10 from ops.check_results") == [
        (True,)
    ]
    versions = "select count(*) from ops.table_versions where layer = 'gold'"
    assert gold(config, versions) == [(3,)]


@pytest.mark.parametrize("use", [check, lambda config: trace(config, "p1")])
def test_a_damaged_gold_file_is_named(tmp_path: Path, use: Callable[[LakeConfig], object]) -> None:
    config = lake(tmp_path)
    config.gold_file.write_bytes(b"no database")
    with pytest.raises(StoreError, match=r"tiny\.duckdb") as caught:
        use(config)
    assert "carms build" in caught.value.hint
    build(config)
    assert gold(config, "select count(*) from gold.fact_sale") == [(2,)]


def test_a_key_that_the_driver_has_not_does_not_balance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tiny_shop.silver

    config = stocked(tmp_path)
    ingest(config)
    expanded = [{"property": "carms.driver", "value": "bronze.products"}]
    expanded += [{"property": "carms.balance", "value": "expand"}]
    expanded += [{"property": "carms.driverKey", "value": ["product_id"]}]
    config = with_contract(config, "silver/product", {"customProperties": expanded})
    _renamed_product.__module__ = tiny_shop.silver.__name__
    monkeypatch.setattr(tiny_shop.silver, "product", _renamed_product)
    with pytest.raises(NotReconciled):
        build(config)


def _renamed_product(bronze_products: pl.LazyFrame) -> pl.LazyFrame:
    renamed = pl.when(pl.col("product_id") == "p1").then(pl.lit("p9")).otherwise("product_id")
    return bronze_products.select(renamed.alias("product_id"), "name", "price")


def test_a_selected_name_that_is_no_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dim_produkt"):
        build(lake(tmp_path), ["dim_produkt"])


def test_building_without_bronze_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no file of `tiny` was ingested yet") as caught:
        build(stocked(tmp_path))
    assert "carms ingest" in caught.value.hint


ABSENT = {"products": "products.csv", "sales": "sales/day_1.csv"}


@pytest.mark.parametrize("source", ABSENT)
def test_a_source_that_never_came_counts_as_empty_until_it_comes(tmp_path: Path, source) -> None:
    whole = lake(tmp_path / "whole")
    config = stocked(tmp_path)
    late = config.data_raw / ABSENT[source]
    text = late.read_text(encoding="utf-8")
    late.unlink()
    ingest(config)
    for _ in range(2):  # also where nothing changed
        report = build(config)
        assert warned(report)[f"{source}.arrival"] == f"tiny.bronze.{source}"
        assert (exit_code(report), exit_code(report, strict=True)) == (0, 1)
    assert f"{source}.arrival" in warned(check(config))
    put(config, ABSENT[source], text)
    ingest(config)
    assert warned(build(config)) == {}
    for table in ("dim_product", "fact_sale"):
        everything = f"from gold.{table} order by all"
        assert gold(config, everything) == gold(whole, everything)


def warned(report: RunReport) -> dict[str, str]:
    return {c.rule: str(c.table) for c in report.checks if not c.passed}


def test_references_to_a_source_that_never_came_are_warnings_and_others_errors(tmp_path) -> None:
    config = stocked(tmp_path)
    (config.data_raw / "products.csv").unlink()
    ingest(config)
    config = with_budget(config, 1)
    report = build(config)
    found = next(c for c in report.checks if c.rule == "product_id.relationship")
    assert (found.passed, found.severity) == (False, "warning")
    assert "no file of `bronze.products` was ever loaded" in found.message
    many = {"quality": [{"name": "many", "metric": "rowCount", "mustBeGreaterThan": 9}]}
    with pytest.raises(DataError, match=r"many.*no file of `bronze.products`"):
        build(with_contract(config, "gold/fact_sale", many))


def test_a_table_that_is_gone_is_not_taken_for_a_source_that_never_came(tmp_path: Path) -> None:
    config = lake(tmp_path)
    before = gold(config, "from gold.fact_sale")
    shutil.rmtree(config.lake / "bronze" / "products")
    with pytest.raises(StoreError, match=r"bronze\.products` is gone") as caught:
        build(config)
    assert "carms ingest bronze.products" in caught.value.hint
    assert gold(config, "from gold.fact_sale") == before


def test_a_failing_check_leaves_the_published_file_as_it_was(tmp_path: Path) -> None:
    config = lake(tmp_path)
    before = gold(config, "from gold.fact_sale")
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    ingest(config)
    few = {"quality": [{"name": "few", "metric": "rowCount", "mustBeLessThan": 3}]}
    with pytest.raises(DataError, match="few"):
        build(with_contract(config, "gold/fact_sale", few))
    assert gold(config, "from gold.fact_sale") == before
    with duckdb.connect() as connection:
        ops = f"{(config.lake / 'ops' / 'check_results').as_posix()}/*.parquet"
        failed = connection.execute(f"select rule from '{ops}' where not passed").fetchall()
    assert failed == [("few",)]


@pytest.mark.parametrize(("budget", "passed"), [(49.0, False), (50.0, True)])
def test_a_budget_for_unknown_references_holds_in_build_and_check(
    tmp_path: Path, budget: float, *, passed: bool
) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p9,1\ns4,p9,1\n")
    ingest(config)
    config = with_budget(config, budget)
    if passed:
        checks = [*build(config).checks, *check(config).checks]
    else:
        with pytest.raises(DataError, match=r"product_id\.relationship.*2 of 4 rows"):
            build(config)
        assert not config.gold_file.exists()
        build(with_budget(config, 100))
        checks = list(check(config).checks)
    found = [c for c in checks if (c.table.in_domain, c.rule) == BUDGETED]
    assert [(c.failed_rows, c.checked_rows, c.passed) for c in found] == [(2, 4, True)] * len(found)
    assert found


BUDGETED = ("silver.sale", "product_id.relationship")


def with_budget(config: LakeConfig, budget: float) -> LakeConfig:
    source = config.domain.schemas[0] / "silver" / "sale.odcs.yaml"
    properties = yaml.safe_load(source.read_text(encoding="utf-8"))["schema"][0]["properties"]
    custom = properties[1]["relationships"][0]["customProperties"]
    custom.append({"property": "carms.budgetPct", "value": budget})
    return with_contract(config, "silver/sale", {"properties": properties})


def test_sums_that_do_not_reconcile_stop_the_publish(tmp_path: Path) -> None:
    config = lake(tmp_path)
    wrong = [
        {
            "property": "carms.reconcile",
            "value": [{"name": "rows", "gold": "select 1", "silver": "select 2"}],
        }
    ]
    with pytest.raises(DataError, match="reconcile"):
        build(with_contract(config, "gold/fact_sale", {"customProperties": wrong}))


def test_a_select_that_does_not_deliver_its_contract_is_named(tmp_path: Path) -> None:
    config = lake(tmp_path)
    view = {
        "properties": [
            {"name": "name", "logicalType": "string"},
            {"name": "quantity", "logicalType": "string"},
        ]
    }
    with pytest.raises(ContractError, match=r"sales_by_product.*`quantity` is BIGINT"):
        build(with_contract(config, "gold/sales_by_product", view))


def test_a_stale_log_beside_the_file_does_not_harm_the_new_one(tmp_path: Path) -> None:
    config = lake(tmp_path)
    config.gold_file.with_name("tiny.duckdb.wal").write_bytes(b"left by another program")
    build(config, full_refresh=True)
    assert gold(config, "select count(*) from gold.fact_sale") == [(2,)]


def test_a_function_that_loses_rows_does_not_balance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tiny_shop.silver

    config = stocked(tmp_path)
    ingest(config)
    _first_product.__module__ = tiny_shop.silver.__name__  # a transform is a function of its module
    monkeypatch.setattr(tiny_shop.silver, "product", _first_product)
    with pytest.raises(NotReconciled, match=r"2 in `tiny\.bronze\.products`, but 1"):
        build(config)


def _first_product(bronze_products: pl.LazyFrame) -> pl.LazyFrame:
    return bronze_products.select("product_id", "name", "price").head(1)


def _price(text: str) -> object:
    from decimal import Decimal

    return Decimal(text)
