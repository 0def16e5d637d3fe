"""Restore and optimize: what comes back, what the next run makes of it, what stays the same."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tiny import digest, project, put, rejects, rows, stocked

from carms_lake.errors import StoreError, UsageError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.maintenance import optimize
from carms_lake.flows.query import query_frame
from carms_lake.flows.timetravel import history
from carms_lake.flows.timetravel.restore import restore
from carms_lake.records import FileStatus
from carms_lake.store.delta import maintain as digests
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import last_build, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

DAY_2 = "sale_id,product_id,quantity\ns3,p1,4\ns4,p9,1\ns5,p1,x\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A shop of two days, and the run that built the first."""
    config = stocked(tmp_path_factory.mktemp("shop"))
    ingest(config)
    first = build(config).run_id
    put(config, "sales/day_2.csv", DAY_2)
    ingest(config)
    build(config)
    return config.project, first


@pytest.fixture
def lake(shop: tuple[Path, str], tmp_path: Path) -> tuple[LakeConfig, str]:
    """A copy of it, to change."""
    folder, first = shop
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return project(tmp_path), first


@pytest.mark.slow
def test_what_landed_since_is_new_to_the_next_ingest(lake: tuple[LakeConfig, str]) -> None:
    config, first = lake
    before = digest(config)
    done = restore(config, "bronze.sales", first, yes=True)
    assert (done.version, done.to_version, done.done_as) == (2, 1, 3)
    assert (done.rows, done.to_rows, done.files_new_again) == (4, 2, ("sales/day_2.csv",))
    assert len(rows(config, "bronze.sales")) == 2
    assert rejects(config) == [("sale", None, None, "UNKNOWN_REFERENCE")], "of day 2 none counts"
    assert build(config).is_balanced
    assert len(rows(config, "silver.sale")) == 2
    statuses = {file.name: file.status for file in ingest(config).files}
    assert statuses["sales/day_1.csv"] is FileStatus.UNCHANGED
    assert statuses["sales/day_2.csv"] is FileStatus.LANDED
    build(config)
    assert digest(config) == before


def test_a_file_that_was_replaced_has_its_old_rows_and_is_replaced_again(
    lake: tuple[LakeConfig, str],
) -> None:
    config, _ = lake
    old = rows(config, "bronze.sales", "sale_id", "quantity")
    put(config, "sales/day_1.csv", "sale_id,product_id,quantity\ns1,p1,99\n")
    ingest(config)
    done = restore(config, "sales", "2", yes=True)
    assert done.files_new_again == ("sales/day_1.csv",)
    assert rows(config, "bronze.sales", "sale_id", "quantity") == old
    statuses = {file.name: file.status for file in ingest(config).files}
    assert statuses["sales/day_1.csv"] is FileStatus.REPLACED
    assert ("s1", 99) in rows(config, "bronze.sales", "sale_id", "quantity")


@pytest.mark.slow
def test_the_deliveries_of_a_snapshot_go_back_too(lake: tuple[LakeConfig, str]) -> None:
    config, first = lake
    put(config, "products.csv", "product_id,name,price\np1,Tea,9.00\n")
    ingest(config)
    build(config)
    before = digest(config)
    restore(config, "bronze.products", first, yes=True)
    manifest = read_manifest(commits(config.lake / "bronze" / "products"))
    assert [entry.delivery_id for entry in manifest.entries] == [1]
    build(config)
    assert len(rows(config, "silver.product")) == 2
    ingest(config)
    build(config)
    assert digest(config) == before


@pytest.mark.parametrize("yes", [False, True])
@pytest.mark.parametrize("to", ["2", "run", "2999-01-01"])
def test_the_version_that_is_there_is_not_restored(
    to: str, yes: bool, lake: tuple[LakeConfig, str]
) -> None:
    config, _ = lake
    newest = history(config, "bronze.sales")["run_id"][0]
    before = (len(history(config, "bronze.sales")), len(rows_of_runs(config)))
    done = restore(config, "bronze.sales", newest if to == "run" else to, yes=yes)
    assert (done.version, done.to_version, done.done_as, done.is_there) == (2, 2, None, True)
    assert (len(history(config, "bronze.sales")), len(rows_of_runs(config))) == before


def rows_of_runs(config: LakeConfig) -> list[tuple[str, ...]]:
    return query_frame(config, "select run_id from ops.runs").rows()


def test_without_yes_nothing_is_written(lake: tuple[LakeConfig, str]) -> None:
    config, first = lake
    before = {path: path.stat().st_mtime_ns for path in config.lake.rglob("*") if path.is_file()}
    planned = restore(config, "bronze.sales", first, yes=False)
    assert planned.done_as is None
    assert planned.to_version == 1
    now = {path: path.stat().st_mtime_ns for path in config.lake.rglob("*") if path.is_file()}
    assert now == before


@pytest.mark.slow
def test_a_silver_table_comes_back_with_its_quarantine_and_the_next_build_makes_it_again(
    lake: tuple[LakeConfig, str],
) -> None:
    config, first = lake
    before, aside = digest(config), rejects(config)
    done = restore(config, "sale", first, yes=True)
    assert done.table == "silver.sale"
    assert len(rows(config, "silver.sale")) == 2
    kept = [reject for reject in rejects(config) if reject[0] == "sale"]
    assert kept == [], "on the first day nothing was set aside"
    found = last_build(config.lake / "silver" / "sale")
    assert found is not None
    assert (found.run_id, found.rows_since) == (first, done.done_as)
    build(config)
    assert digest(config) == before
    assert rejects(config) == aside


@pytest.mark.parametrize(
    ("table", "to", "message"),
    [
        ("bronze.sales", "99", "has no version 99: its newest is 2"),
        ("bronze.sales", "20010101T000000", "no run"),
        ("bronze.nosuch", "1", "no table `bronze.nosuch`"),
        ("gold.fact_sale", "1", "is in the published file"),
        ("ops.runs", "1", "is a log of operations"),
        ("rejects", "1", "is a log of operations"),
    ],
)
def test_what_cannot_be_restored_is_wrong_usage(
    lake: tuple[LakeConfig, str], table: str, to: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        restore(lake[0], table, to, yes=True)
    assert raised.value.hint


def test_a_restored_table_has_its_history_and_can_be_queried_as_of_each_run(
    lake: tuple[LakeConfig, str],
) -> None:
    config, first = lake
    restore(config, "bronze.sales", first, yes=True)
    found = history(config, "bronze.sales").to_dicts()
    assert [(row["version"], row["command"], row["rows"]) for row in found] == [
        (3, "restore", 2),
        (2, "ingest", 4),
        (1, "ingest", 2),
        (0, "create table", 0),
    ]
    counts = [
        query_frame(config, "select count(*) from bronze.sales", as_of=row["run_id"]).rows()[0][0]
        for row in found[:3]
    ]
    assert counts == [2, 4, 2]


@pytest.mark.slow
def test_optimizing_puts_files_together_and_changes_nothing_else(
    lake: tuple[LakeConfig, str],
) -> None:
    config, first = lake
    before, then = digest(config), query_frame(config, "from silver.sale", as_of=first).rows()
    done = {table.table: table for table in optimize(config)}
    sales = done["bronze.sales"]
    assert (sales.files_before, sales.files_after) == (2, 1)
    assert sales.digest_before == sales.digest_after is not None
    assert not done["silver.product"].is_changed
    assert done["rejects"].is_changed
    assert done["ops.runs"].is_changed
    assert digest(config) == before
    assert query_frame(config, "from silver.sale", as_of=first).rows() == then
    assert {table.status for table in build(config).tables} == {"unchanged"}
    assert {file.status for file in ingest(config).files} == {FileStatus.UNCHANGED}


@pytest.mark.slow
def test_an_optimized_lake_takes_new_files_key_by_key_as_before(
    lake: tuple[LakeConfig, str],
) -> None:
    config, _ = lake
    optimize(config, ["bronze.sales", "sale"])
    put(config, "sales/day_3.csv", "sale_id,product_id,quantity\ns9,p2,1\n")
    ingest(config)
    build(config)
    incremental = digest(config)
    build(config, full_refresh=True)
    assert digest(config) == incremental
    assert ("s9",) in rows(config, "silver.sale", "sale_id")


def test_a_table_whose_digest_changes_is_restored(
    lake: tuple[LakeConfig, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, _ = lake
    before = digest(config)
    values = iter([digests.Digest(4, "a" * 64), digests.Digest(4, "b" * 64)])
    monkeypatch.setattr("carms_lake.flows.maintenance.digest", lambda _path: next(values))
    with pytest.raises(StoreError, match="the table was restored"):
        optimize(config, ["bronze.sales"])
    assert digest(config) == before
    assert {file.status for file in ingest(config).files} == {FileStatus.UNCHANGED}


def test_a_table_that_is_not_there_is_named(lake: tuple[LakeConfig, str]) -> None:
    with pytest.raises(UsageError, match="no table `sails`") as raised:
        optimize(lake[0], ["sails"])
    assert "`sales`" in raised.value.hint
