"""Rows that come twice, in whatever file, are one row: silver and gold are as without them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_lake import SILVER, accounts, build_of, digest, entries, path_of, project
from tiny import digest as tiny_digest
from tiny import put, stocked

from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.store import delta

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from carms_lake.config import LakeConfig

ENTRIES: list[tuple[Any, ...]] = [
    *((number, "A" if number % 2 else "B", number) for number in range(1, 31)),
    (31, "A", -1),
    (32, "Z", 1),
    (None, "A", 5),
]
"""Each number once; two of these are quarantined, and one has no key."""


def silver_rows(config: LakeConfig, table: str) -> list[tuple[Any, ...]]:
    return sorted(delta.scan(path_of(config, table)).collect().rows())


def silver(config: LakeConfig) -> dict[str, list[str]]:
    return {
        table: sorted(map(repr, delta.scan(path_of(config, table)).collect().rows()))
        for table in SILVER
    }


REPEATS = st.lists(
    st.tuples(st.integers(0, len(ENTRIES) - 2), st.sampled_from(["day_1", "day_2", "day_9"])),
    max_size=6,
)


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(repeats=REPEATS)
def test_repeated_rows_change_nothing_however_they_are_built(
    tmp_path_factory: pytest.TempPathFactory, repeats: list[tuple[int, str]]
) -> None:
    config = project(tmp_path_factory.mktemp("ledger"))
    accounts(config, "AB")
    files = {"day_1": ENTRIES[:16], "day_2": ENTRIES[16:], "day_9": [(40, "B", 7)]}
    for name, rows in files.items():
        entries(config, name, rows)
    ingest(config)
    build(config, SILVER)
    before = silver(config)
    for row, name in repeats:
        files[name] = [*files[name], ENTRIES[row]]
    for name, rows in files.items():
        entries(config, name, rows)
    ingest(config)
    build(config, SILVER)
    assert silver(config) == before
    assert build_of(config, "entry").superseded == len(repeats)
    assert build_of(config, "label").superseded == len(repeats)
    by_key = digest(config)
    build(config, SILVER, full_refresh=True)
    assert digest(config) == by_key


def test_a_table_that_sums_up_keeps_the_lines_that_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two equal lines of a source without keys may well be two payments."""

    def account(bronze_entries: pl.LazyFrame) -> pl.LazyFrame:
        total = pl.col("amount").sum().cast(pl.String).alias("owner")
        return bronze_entries.group_by("account_id").agg(total)

    account.__module__ = "ledger.silver"
    monkeypatch.setattr("ledger.silver.account", account)
    config = project(tmp_path)
    contract = tmp_path / "schemas" / "silver" / "account.odcs.yaml"
    shutil.copytree(config.domain.schemas[0], tmp_path / "schemas")
    text = contract.read_text(encoding="utf-8").replace("bronze.accounts", "bronze.entries")
    contract.write_text(text.replace("one_to_one", "aggregate"), encoding="utf-8")
    config = replace(config, domain=replace(config.domain, schemas=(tmp_path / "schemas",)))
    entries(config, "day_1", [(None, "A", 5), (None, "A", 5), (1, "A", 7)])
    ingest(config)
    build(config, ["account"])
    assert silver_rows(config, "account") == [("A", "17")]


def test_a_new_row_without_a_key_that_repeats_an_earlier_one_is_no_other_row(
    tmp_path: Path,
) -> None:
    config = project(tmp_path)
    accounts(config, "AB")
    entries(config, "day_1", ENTRIES)
    ingest(config)
    build(config, SILVER)
    entries(config, "day_2", [(None, "A", 5)])
    ingest(config)
    build(config, SILVER)
    assert (build_of(config, "label").quarantined, build_of(config, "label").superseded) == (1, 1)
    by_key = digest(config)
    build(config, SILVER, full_refresh=True)
    assert digest(config) == by_key


def test_repeated_lines_of_a_snapshot_change_neither_its_rows_nor_its_history(
    tmp_path: Path,
) -> None:
    config, twice = stocked(tmp_path / "once"), stocked(tmp_path / "twice")
    head, *lines = "product_id,name,price\np1,Tea,2.50\np2,Jam,4.00\n".splitlines(keepends=True)
    for price in ("2.50", "2.75", "2.75"):
        dearer = [line.replace("2.50", price) for line in lines]
        also = [f"p3,Salt,{price[-1]}.10\n"]
        put(config, "products.csv", "".join([head, *dearer, *also]))
        put(twice, "products.csv", "".join([head, *dearer, *also, *dearer[::-1], *dearer]))
        for each in (config, twice):
            ingest(each)
            build(each)
    found, wanted = tiny_digest(twice), tiny_digest(config)
    assert found.pop("bronze.products") != wanted.pop("bronze.products")
    assert found == wanted
