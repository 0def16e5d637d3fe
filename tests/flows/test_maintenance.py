"""Vacuum: what no kept run needs goes; what the lake says, now and as of kept runs, stays."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tiny import digest, project, put, rows, stocked

from carms_lake.errors import StoreError, UsageError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.maintenance import LEFTOVERS, optimize, vacuum
from carms_lake.flows.query import query_frame
from carms_lake.flows.timetravel import history
from carms_lake.flows.timetravel.as_of import CACHE, gold_as_of
from carms_lake.flows.timetravel.restore import restore
from carms_lake.store.delta.manifest import source_changes

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A shop whose one file of sales came three times, and the runs that built it."""
    config = stocked(tmp_path_factory.mktemp("shop"))
    runs = []
    for number in (1, 2, 3):
        put(config, "sales/day_1.csv", f"sale_id,product_id,quantity\ns{number},p1,{number}\n")
        ingest(config)
        runs.append(build(config).run_id)
    return config.project, runs


@pytest.fixture
def lake(shop: tuple[Path, list[str]], tmp_path: Path) -> tuple[LakeConfig, list[str]]:
    """A copy of it, to change."""
    folder, runs = shop
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return project(tmp_path), runs


def sold(config: LakeConfig, run_id: str, table: str = "silver.sale") -> list[str]:
    return [
        row[0] for row in query_frame(config, f"select sale_id from {table}", as_of=run_id).rows()
    ]


def test_the_default_keeps_every_version_of_a_young_lake(
    lake: tuple[LakeConfig, list[str]],
) -> None:
    config, runs = lake
    done = vacuum(config, yes=True)
    assert [(t.table, t.files) for t in done.tables if t.files] == []
    assert [sold(config, run) for run in runs] == [["s1"], ["s2"], ["s3"]]


def test_only_what_the_kept_runs_left_can_be_read_afterwards(
    lake: tuple[LakeConfig, list[str]],
) -> None:
    config, runs = lake
    before = digest(config)
    # The last three runs are the build of s2, the ingest of s3 and its build.
    done = vacuum(config, keep_runs=3, keep_days=0, yes=True)
    assert done.oldest_run == runs[1]
    assert digest(config) == before
    assert [sold(config, run) for run in runs[1:]] == [["s2"], ["s3"]]
    assert sold(config, runs[1], "gold.fact_sale") == ["s2"]
    for table in ("silver.sale", "bronze.sales"):
        with pytest.raises(StoreError, match="were vacuumed"):
            sold(config, runs[0], table)
    with pytest.raises(StoreError, match="were vacuumed"):
        restore(config, "bronze.sales", runs[0], yes=True)
    whole = {row["version"]: row["is_whole"] for row in history(config, "silver.sale").to_dicts()}
    assert whole == {0: True, 1: False, 2: True, 3: True}
    proven = {t.table: t for t in done.tables}["silver.sale"]
    assert proven.digest is not None
    assert (proven.versions, proven.versions_kept, proven.files) == (4, 3, 1)
    assert {table.status for table in build(config).tables} == {"unchanged"}


def test_gold_of_a_kept_ingest_is_kept_with_the_silver_of_its_build(
    lake: tuple[LakeConfig, list[str]],
) -> None:
    config, runs = lake
    put(config, "sales/day_1.csv", "sale_id,product_id,quantity\ns4,p1,4\n")
    last = ingest(config).run_id
    vacuum(config, keep_runs=1, keep_days=0, yes=True)
    assert sold(config, last, "bronze.sales") == ["s4"]
    assert sold(config, last, "gold.fact_sale") == ["s3"]
    build(config)
    assert sold(config, last, "gold.fact_sale") == ["s3"]
    assert sold(config, runs[2], "silver.sale") == ["s3"]


def test_the_next_build_can_still_tell_what_changed(lake: tuple[LakeConfig, list[str]]) -> None:
    config, _ = lake
    path = config.lake / "bronze" / "sales"
    put(config, "sales/day_1.csv", "sale_id,product_id,quantity\ns5,p1,4\n")
    ingest(config)
    vacuum(config, keep_runs=0, keep_days=0, yes=True)
    changes = source_changes(path, 3)
    assert changes is not None
    assert changes.deleted.select("sale_id").collect().rows() == [("s3",)]
    build(config)
    assert rows(config, "silver.sale", "sale_id") == [("s5",)]


def test_without_yes_nothing_is_deleted(lake: tuple[LakeConfig, list[str]]) -> None:
    config, _ = lake
    optimize(config)
    before = sorted(config.lake.rglob("*"))
    planned = vacuum(config, keep_runs=1, keep_days=0, yes=False)
    assert not planned.is_done
    assert sum(table.files for table in planned.tables) > 0
    assert sorted(config.lake.rglob("*")) == before
    done = vacuum(config, keep_runs=1, keep_days=0, yes=True)
    assert [t.files for t in done.tables] == [t.files for t in planned.tables]


def test_what_killed_runs_left_behind_goes(lake: tuple[LakeConfig, list[str]]) -> None:
    config, runs = lake
    gold_as_of(config, runs[0])
    table = config.lake / "silver" / "sale"
    left = [
        table / "part-lost.zstd.parquet",
        table / ".staging" / "part-x.zstd.parquet",
        config.gold_file.parent / ".tiny.building" / "tiny.duckdb",
    ]
    for file in left:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"half")
    before = digest(config)
    planned = {t.table: t for t in vacuum(config, yes=False).tables}
    assert planned["silver.sale"].files == 2
    assert planned[LEFTOVERS].files == 2
    vacuum(config, yes=True)
    assert not any(file.exists() for file in left)
    assert not (config.lake / CACHE).exists()
    assert digest(config) == before
    assert sold(config, runs[0], "gold.fact_sale") == ["s1"], (
        "computed again from the silver of that build"
    )


def test_a_negative_number_is_wrong_usage(lake: tuple[LakeConfig, list[str]]) -> None:
    with pytest.raises(UsageError, match="cannot be negative"):
        vacuum(lake[0], keep_runs=-1, yes=True)
