"""What the rules of a row let pass, and how they read in messages."""

from __future__ import annotations

import polars as pl
import pytest

from carms_lake.contract.model import Column, Contract
from carms_lake.contract.types import ColumnType
from carms_lake.names import Layer, TableRef
from carms_lake.quality.constraints import value_constraints

LONG = "^(" + "|".join(f"[a-z]{{{n}}}" for n in range(1, 30)) + ")$"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("^[a-z]+$", "must match ^[a-z]+$"),
        ("a" * 60, f"must match {'a' * 60}"),
        (LONG, f"must match {LONG[:60]}... ({len(LONG)} characters, see the contract)"),
    ],
)
def test_a_long_pattern_is_cut_in_messages_and_keeps_its_rule(pattern: str, message: str) -> None:
    column = Column("code", ColumnType("varchar"), "code", pattern=pattern)
    ref = TableRef("tiny", Layer.BRONZE, "sales")
    contract = Contract(ref, "1.0.0", (column,), "One row per sale")
    (rule,) = value_constraints(contract)
    assert (rule.name, rule.message) == ("code.pattern", message)


@pytest.mark.parametrize("kind", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])
def test_what_is_no_number_is_in_no_range(kind: str) -> None:
    column = Column("share", ColumnType("double"), "share", bounds={kind: 0.5})
    ref = TableRef("tiny", Layer.BRONZE, "sales")
    (rule,) = value_constraints(Contract(ref, "1.0.0", (column,), "One row per sale"))
    values = pl.DataFrame({"share": [float("nan"), None]})
    assert values.select(rule.passes.alias("passes"))["passes"].to_list() == [False, None]
