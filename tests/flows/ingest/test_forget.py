"""A landed file can be taken back: out of bronze and of all that is built, and in again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from lakes import digest
from tiny import PRODUCTS, SALES, built, gold, put, rejects, rows

from carms_lake.errors import DataError, UsageError
from carms_lake.flows.build import build
from carms_lake.flows.check import check
from carms_lake.flows.ingest import ingest
from carms_lake.flows.ingest.forget import forget
from carms_lake.flows.query import query_frame
from carms_lake.flows.rejects.history import reject_history
from carms_lake.flows.status import status
from carms_lake.flows.timetravel import history
from carms_lake.flows.timetravel.diff import table_diff
from carms_lake.names import Layer, TableRef
from carms_lake.store import parquet_path

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

MORE = "s3,p1,1\ns4,p9,1\ns5,p2,many\n"
"""Rows of a second file: one is good, one refers to nothing, one is rejected."""


def answers(config: LakeConfig) -> dict[str, list[Any]]:
    """All that is published but times, and what is rejected or quarantined."""
    tables = {"fact_sale": "sale_id, quantity", "dim_product": "product_id, name, price"}
    found = {t: gold(config, f"select {c} from gold.{t} order by all") for t, c in tables.items()}
    return {**found, "rejects": rejects(config)}


def fresh(folder: Path) -> LakeConfig:
    """A lake that never had the second file."""
    return built(folder)


@pytest.mark.slow
def test_a_file_that_was_taken_back_is_as_if_it_had_never_come(tmp_path: Path) -> None:
    config = built(tmp_path / "lake", sales=MORE)
    before = answers(config)
    (found,) = forget(config, ["sales/day_2.csv"], yes=True)
    assert (found.table.in_domain, found.rows, found.rejected, found.deliveries) == (
        "bronze.sales", 2, 1, 1,
    )  # fmt: skip
    assert found.is_there
    build(config)
    assert answers(config) == answers(fresh(tmp_path / "fresh"))
    assert not [c for c in check(config).checks if not c.passed]
    ingest(config)
    build(config)
    assert answers(config) == before


@pytest.mark.slow
def test_without_yes_nothing_is_written(tmp_path: Path) -> None:
    config = built(tmp_path, sales=MORE)
    before = digest(config.lake)
    (found,) = forget(config, [str(config.data_raw / "sales" / "day_2.csv")], yes=False)
    assert (found.rows, found.done_as) == (2, None)
    assert digest(config.lake) == before


@pytest.mark.slow
def test_versions_are_kept_and_say_what_was_forgotten(tmp_path: Path) -> None:
    config = built(tmp_path, sales=MORE)
    then = str(status(config).gold_run_id)
    forget(config, ["sales/day_2.csv"], yes=True)
    now = build(config).run_id
    count = "select count(*) from bronze.sales"
    assert query_frame(config, count).item() == 2
    assert query_frame(config, count, as_of=then).item() == 4
    assert history(config, "bronze.sales")["command"][0] == "forget"
    sources = {s["source"]: s for s in status(config).sources.to_dicts()}
    assert (sources["sales"]["files"], sources["sales"]["forgotten"]) == (1, ["sales/day_2.csv"])
    why = table_diff(config, then, now, "bronze.sales", limit=9)[0].why
    assert any(text.startswith("forgot `sales/day_2.csv`") for text in why)
    ended = reject_history(config).filter(src_filename="sales/day_2.csv")
    assert "forget" in str(ended.to_dicts())
    ingest(config)
    assert not any(status(config).sources["forgotten"].list.len())


@pytest.mark.slow
def test_all_deliveries_of_a_snapshot_go(tmp_path: Path) -> None:
    config = built(tmp_path)
    put(config, "products.csv", PRODUCTS.replace("2.50", "3.50"))
    ingest(config)
    (found,) = forget(config, ["products.csv"], yes=True)
    assert (found.deliveries, found.rows) == (2, 4)
    assert rows(config, "bronze.products") == []
    with pytest.raises(DataError, match=r"sale\.quarantine"):  # no sale has a product any more
        build(config)
    assert rows(config, "silver.product_history") == []
    ingest(config)
    build(config)
    assert {row[0] for row in rows(config, "silver.product", "product_id")} == {"p1", "p2"}


def test_a_copy_of_a_forgotten_file_is_named_and_lands_in_its_place(tmp_path: Path) -> None:
    config = built(tmp_path)
    original = config.data_raw / "sales" / "day_1.csv"
    put(config, "sales/day_1_again.csv", SALES)
    ingest(config)
    (found,) = forget(config, ["sales/day_1.csv"], yes=True)
    assert found.copies == ("sales/day_1_again.csv",)
    original.unlink()
    ingest(config)
    build(config)
    assert answers(config) == answers(fresh(tmp_path / "fresh"))


def test_several_files_and_a_copy_itself_may_be_named(tmp_path: Path) -> None:
    config = built(tmp_path, sales=MORE)
    put(config, "sales/day_3.csv", SALES)
    ingest(config)
    found = forget(config, ["sales/day_3.csv", "sales/day_2.csv"], yes=True)
    assert [(f.name, f.rows, f.deliveries) for f in found] == [
        ("sales/day_2.csv", 2, 1),
        ("sales/day_3.csv", 0, 0),
    ]
    assert len(rows(config, "bronze.sales")) == 2


def test_the_plain_copy_of_a_table_follows(tmp_path: Path) -> None:
    config = built(tmp_path, sales=MORE)
    ingest(config, also_parquet=True)
    forget(config, ["sales/day_2.csv"], yes=True)
    copy = parquet_path(config, TableRef("tiny", Layer.BRONZE, "sales"))
    assert pl.read_parquet(copy).height == 2


@pytest.mark.parametrize("name", ["day_2.csv", "sales/day_22.csv", "bronze.sales", ""])
def test_a_file_that_never_landed_is_an_error(tmp_path: Path, name: str) -> None:
    config = built(tmp_path, sales=MORE)
    before = digest(config.lake)
    with pytest.raises(UsageError, match="has landed"):
        forget(config, ["sales/day_1.csv", name], yes=True)
    assert len(rows(config, "bronze.sales")) == 4
    assert digest(config.lake / "bronze") == {
        name.removeprefix("bronze/"): d for name, d in before.items() if name.startswith("bronze/")
    }


@pytest.mark.slow
def test_most_rows_may_go_when_their_file_is_taken_back(tmp_path: Path) -> None:
    config = built(tmp_path, sales="".join(f"t{n},p1,1\n" for n in range(5)))
    forget(config, ["sales/day_2.csv"], yes=True)
    assert build(config).published
    assert not [c for c in check(config).checks if not c.passed and c.severity == "error"]
