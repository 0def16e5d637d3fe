"""A gold file to be corrupted: what is done to it is undone, and types and constraints count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from helpers import contract, property_
from lakes import config_of

from carms_lake.errors import ContractError
from carms_lake.store.gold.scratch import Scratch, scratch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from carms_lake.contract.model import Contract

ROWS = pl.DataFrame({"key": [1, 2], "note": ['{"a": 1}', None], "size": [1, 2]})


@pytest.fixture
def fact(tmp_path: Path) -> Contract:
    return contract(
        tmp_path / "contracts",
        "gold.fact",
        [
            property_("key", "integer", "bigint", primaryKey=True, required=True),
            property_("note", "string", "json"),
            property_("size", "integer", "integer", required=True),
        ],
    )


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Scratch]:
    config = config_of(tmp_path / "project")
    with scratch(config, tmp_path / "gold") as made:
        yield made
    assert not (tmp_path / "gold").exists()


def test_a_corrupted_table_is_as_it_was_afterwards(file: Scratch, fact: Contract) -> None:
    file.put(fact, ROWS)
    with file.corrupted(fact, ROWS.head(1)):
        assert file.value("select count(*) from gold.fact") == 1
    assert file.frame(fact.ref).select("key", "size").rows() == [(1, 1), (2, 2)]


@pytest.mark.parametrize("figure", ["sum(size)", "sum(size)::decimal(9, 2)", "sum(null::int)"])
def test_a_frozen_figure_stays_what_it_was(file: Scratch, fact: Contract, figure: str) -> None:
    file.put(fact, ROWS)
    before = file.value(f"select {figure} from gold.fact")
    frozen = file.frozen(f"select {figure} from gold.fact")
    with file.corrupted(fact, ROWS.clear()):
        assert file.value(frozen) == before


def test_a_view_may_be_corrupted_and_stays_a_view(file: Scratch, tmp_path: Path) -> None:
    seen = contract(
        tmp_path / "other", "gold.seen", [property_("n", "integer", "integer")], kind="view"
    )
    file.build(seen, "select 1::integer as n")
    with file.corrupted(seen, pl.DataFrame({"n": [7, 8]})):
        assert file.value("select sum(n) from gold.seen") == 15
    assert file.value("select view_name from duckdb_views() where schema_name = 'gold'") == "seen"


def test_an_error_while_a_table_is_corrupted_is_undone_too(file: Scratch, fact: Contract) -> None:
    file.put(fact, ROWS)
    with pytest.raises(ZeroDivisionError), file.corrupted(fact, ROWS.clear()):
        1 / 0  # noqa: B018 - the error is the point
    assert file.value("select count(*) from gold.fact") == 2


@pytest.mark.parametrize(
    ("rows", "as_it_is", "refused"),
    [
        (ROWS, "", False),
        (ROWS.with_columns(pl.col("size").cast(pl.Float64)), "size", True),
        (ROWS.with_columns(pl.col("size").cast(pl.Float64)), "", False),
        (pl.concat([ROWS, ROWS]), "", True),
        (ROWS.with_columns(pl.lit(None, pl.Int64).alias("size")), "", True),
        (ROWS.with_columns(pl.lit("{").alias("note")), "", True),
    ],
)
def test_a_build_refuses_other_types_and_broken_constraints(
    file: Scratch, fact: Contract, rows: pl.DataFrame, as_it_is: str, *, refused: bool
) -> None:
    file.put(fact, ROWS)
    assert file.refuses(fact, rows, as_it_is) is refused
    assert file.value("select count(*) from gold.fact") == 2


def test_a_value_that_the_type_has_not_is_an_error_and_undone(
    file: Scratch, fact: Contract
) -> None:
    file.put(fact, ROWS)
    rows = ROWS.with_columns(pl.lit("{").alias("note"))
    with pytest.raises(ContractError, match="cannot hold its rows"), file.corrupted(fact, rows):
        pass
    assert file.value("select count(*) from gold.fact") == 2
    with pytest.raises(ContractError, match="cannot be run"):
        file.value("select nothing from gold.fact")
