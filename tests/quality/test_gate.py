"""The gate sees values, not names and types only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from helpers import contract, property_

from carms_lake.errors import ContractError
from carms_lake.quality.validate import validate_table

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract


@pytest.fixture
def table(tmp_path: Path) -> Contract:
    return contract(
        tmp_path,
        "silver.item",
        [
            property_(
                "item_id", primaryKey=True, required=True, logicalTypeOptions={"pattern": "^i"}
            ),
            property_(
                "size", "integer", "integer", logicalTypeOptions={"minimum": 1, "maximum": 9}
            ),
            property_("colour", enum=[{"value": "red"}, {"value": "blue"}]),
        ],
    )


def frame(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"item_id": pl.String, "size": pl.Int32, "colour": pl.String}, orient="row"
    )


def test_a_table_that_keeps_its_promises_passes(table: Contract) -> None:
    validate_table(frame([("i1", 1, "red"), ("i2", None, None)]), table)
    validate_table(frame([]), table)


@pytest.mark.parametrize(
    "row",
    [
        ("x1", 1, "red"),
        (None, 1, "red"),
        ("i2", 0, "red"),
        ("i2", 10, "red"),
        ("i2", 1, "green"),
        ("i1", 1, "red"),
    ],
)
def test_a_broken_promise_stops_the_table(table: Contract, row: tuple[Any, ...]) -> None:
    with pytest.raises(ContractError, match=r"test\.silver\.item"):
        validate_table(frame([("i1", 1, "red"), row]), table)


def test_a_key_that_was_proved_is_not_proved_again(table: Contract) -> None:
    validate_table(frame([("i1", 1, "red"), ("i1", 2, "blue")]), table, key_is_proved=True)


def test_a_failure_says_which_rule_and_how_often(table: Contract) -> None:
    bad = frame([("i1", 0, "red"), ("i1", 0, "red"), ("i3", 1, "red")])
    with pytest.raises(ContractError, match=r"size\..*: 2 rows, item_id\.primaryKey: 2 rows"):
        validate_table(bad, table)


def test_a_missing_column_stops_the_table(table: Contract) -> None:
    with pytest.raises(ContractError):
        validate_table(frame([("i1", 1, "red")]).drop("colour"), table)
