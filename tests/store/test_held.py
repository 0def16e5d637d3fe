"""A lake held open answers as `Lake.query` does, many times, from one connection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tiny import built, put

from carms_lake import GoldMissing, Lake, Published, QueryRefused
from carms_lake.api.held import HeldLake
from carms_lake.config import LakeConfig
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest

STATEMENTS = [
    "from fact_sale order by all",
    "select count(*) as sales from silver.sale",
    "select count(*) as rejected from rejects",
    "select command, status from ops.runs order by run_id",
    "select table_schema, table_name from information_schema.tables order by all",
    "from tiny.bronze.products order by all",
    "select interval 1 month as month, 170141183460469231731687303715884105727 as large",
]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    return built(tmp_path_factory.mktemp("project"), "s3,p1,5\ns4,p1,x\n")


def test_it_answers_what_the_lake_answers_also_twice_and_from_threads(config: LakeConfig) -> None:
    wanted = [Lake(config).query(sql) for sql in STATEMENTS]
    with HeldLake(config) as held, ThreadPoolExecutor(4) as pool:
        for frame, again in zip(pool.map(held.query, STATEMENTS * 2), wanted * 2, strict=True):
            assert frame.equals(again)
            assert frame.schema == again.schema


@pytest.mark.parametrize("sql", [STATEMENTS[0], STATEMENTS[-1]])
def test_a_published_file_answers_what_the_lake_answers(config: LakeConfig, sql: str) -> None:
    with Published(config) as published:
        frame, wanted = published.query(sql), Lake(config).query(sql)
    assert frame.equals(wanted)
    assert frame.schema == wanted.schema


@pytest.mark.parametrize(
    "wrong",
    ["from fact_sales", "select 1 / 'x'", "select nothing from sale", "drop table fact_sale"],
)
def test_a_refused_statement_says_why_and_the_next_one_is_answered(
    config: LakeConfig, wrong: str
) -> None:
    with HeldLake(config) as held:
        with pytest.raises(QueryRefused) as here:
            held.query(wrong)
        with pytest.raises(QueryRefused) as there:
            Lake(config).query(wrong)
        assert str(here.value) == str(there.value)
        assert held.query("select count(*) from fact_sale").item() == 3


def test_a_lake_without_gold_says_so_and_answers_the_rest(tmp_path: Path) -> None:
    config = built(tmp_path, "s3,p1,5\n")
    config.gold_file.unlink()
    with HeldLake(config) as held:
        with pytest.raises(GoldMissing):
            held.query("from fact_sale")
        assert held.query("select count(*) from silver.sale").item() == 3


def test_what_is_written_later_is_not_seen(tmp_path: Path) -> None:
    config = built(tmp_path, "s3,p1,5\n")
    both = "select (select count(*) from fact_sale), (select count(*) from silver.sale)"
    with HeldLake(config) as held:
        assert held.query(both).row(0) == (3, 3)
        put(config, "sales/day_3.csv", "sale_id,product_id,quantity\ns4,p2,7\n")
        ingest(config)
        build(config)
        assert held.query(both).row(0) == (3, 3)
    assert Lake(config).query(both).row(0) == (4, 4)
