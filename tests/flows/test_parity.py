"""What an adapter needs to compute gold on another engine, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest
from tiny import built, put, stocked

from carms_lake import DataError, GoldMissing, Lake, Parity, ParityStatus, StoreError
from carms_lake.store.gold.macros import add_keyed_hash

if TYPE_CHECKING:
    from pathlib import Path


def found(table: str, status: ParityStatus, engine: str = "sail") -> Parity:
    return Parity(table, status, engine, "0.7.2", "a run", 0.5, 2, rules=("week",), examples=("x",))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(built(tmp_path / "project"))


def test_what_a_certificate_says_is_kept_and_the_newest_counts(lake: Lake) -> None:
    lake.certify(lambda: [found("fact_sale", ParityStatus.EXACT)])
    lake.certify(
        lambda: [
            found("fact_sale", ParityStatus.DIFFERS),
            found("fact_sale", ParityStatus.CLOSE, "spark"),
        ]
    )
    newest = lake.parity().select("table_name", "engine", "status", "rules").rows()
    assert newest == [
        ("fact_sale", "sail", "differs", ["week"]),
        ("fact_sale", "spark", "close", ["week"]),
    ]
    kept = lake.query("select status from ops.parity order by run_id, engine")
    assert kept["status"].to_list() == ["exact", "differs", "close"]
    commands = lake.query("select command, status from ops.runs order by run_id desc limit 2")
    assert commands.rows() == [("certify", "done")] * 2


def test_a_comparison_that_fails_keeps_nothing_but_the_run(lake: Lake) -> None:
    def fails() -> list[Parity]:
        raise DataError("too large")

    with pytest.raises(DataError):
        lake.certify(fails)
    assert lake.parity().is_empty()
    assert lake.query("select status from ops.runs where command = 'certify'").rows() == [
        ("failed",)
    ]


def test_files_of_silver_are_those_that_a_run_read(lake: Lake) -> None:
    (first,) = lake.query("select run_id from ops.runs where command = 'build'")["run_id"]
    before = lake.silver_files("sale", first)
    put(lake.config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,9\n")
    _, build = lake.run()
    after = lake.silver_files("silver.sale", build.run_id)
    assert after.version > before.version
    assert lake.silver_files("sale", first) == before
    assert pl.read_parquet(list(before.files))["sale_id"].sort().to_list() == ["s1", "s2"]


def test_gold_is_compared_with_files(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "it's.parquet"
    lake.query("from gold.fact_sale limit 1").write_parquet(file)
    with lake.beside_files() as ask:
        name = str(file).replace("'", "''")
        assert ask(f"from gold.fact_sale except all from '{name}'").height == 1
        with pytest.raises(StoreError, match="cannot be compared"):
            ask("from gold.fact_sale except all from 'none.parquet'")


def test_without_gold_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    lake = Lake(stocked(tmp_path / "project"))
    with pytest.raises(GoldMissing), lake.beside_files():
        pass


def test_masks_are_those_of_a_build(lake: Lake) -> None:
    words = ["ann", "", "Zoë", None]
    with duckdb.connect() as connection:
        add_keyed_hash(connection, lake.config)
        sql = "select keyed_hash(word) from (select unnest($words::varchar[]) as word)"
        wanted = [mask for (mask,) in connection.execute(sql, {"words": words}).fetchall()]
    assert lake.masked(words) == wanted
