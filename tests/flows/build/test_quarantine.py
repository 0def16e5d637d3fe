"""What silver sets aside can be read back: its keys as they were, its reasons by rule."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest
from helpers import contract, property_
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.config import Domain, LakeConfig
from carms_lake.flows.build.quarantine import as_rejects, keys_of, unknown_references, waits_for
from carms_lake.flows.run import Run
from carms_lake.quality.rejected import REASON
from carms_lake.quality.types import polars_schema

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract

TYPES = {
    "word": ("string", "varchar"),
    "small": ("integer", "smallint"),
    "number": ("integer", "bigint"),
    "price": ("number", "decimal(12,4)"),
    "flag": ("boolean", "boolean"),
    "day": ("date", "date"),
    "moment": ("timestamp", "timestamp"),
}
VALUES = {
    "word": st.text(st.characters(blacklist_categories=["Cs"])),
    "small": st.integers(-(2**15), 2**15 - 1),
    "number": st.integers(-(2**63), 2**63 - 1),
    "price": st.decimals(-(10**7), 10**7, places=4),
    "flag": st.booleans(),
    "day": st.dates(date(1, 1, 1)),
    "moment": st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001 - of hypothesis
        lambda moment: moment.replace(tzinfo=UTC)
    ),
}
ROWS = st.lists(st.tuples(*(st.none() | VALUES[name] for name in TYPES)), max_size=4)


@pytest.fixture(scope="module")
def item(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    properties = [property_(name, *kinds) for name, kinds in TYPES.items()]
    properties[0]["primaryKey"] = True
    return contract(tmp_path_factory.mktemp("contracts"), "silver.item", properties)


def run(folder: Path) -> Run:
    config = LakeConfig(folder, Domain("test", "test", ()))
    return Run(config, "build", "run-1", datetime(2026, 1, 1, tzinfo=UTC))


def aside(
    item: Contract, rows: list[tuple[object, ...]], reasons: list[list[tuple[str, str]]]
) -> pl.DataFrame:
    """Rejects of rows, each with its (code, rule) reasons."""
    frame = pl.DataFrame(rows, schema=polars_schema(item), orient="row")
    listed = [
        [{"code": c, "column": "word", "rule": r, "value": "", "message": ""} for c, r in row]
        for row in reasons
    ]
    return frame.with_columns(pl.Series("reasons", listed, pl.List(REASON)))


@given(rows=ROWS)
def test_values_that_were_set_aside_come_back_typed(
    item: Contract, tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]]
) -> None:
    quarantined = aside(item, rows, [[] for _ in rows])
    rejects = as_rejects(quarantined, item, run(tmp_path_factory.getbasetemp()))
    back = keys_of(rejects, item, item.column_names)
    assert back.equals(quarantined.drop("reasons"))
    assert back.schema == quarantined.drop("reasons").schema


def test_reasons_are_counted_by_the_rule_whose_reference_is_unknown(
    item: Contract, tmp_path: Path
) -> None:
    row = ("a", 1, 1, Decimal(1), True, date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC))
    unknown, null = ("UNKNOWN_REFERENCE", "a.relationship"), ("REQUIRED_NULL", "b.required")
    other = ("UNKNOWN_REFERENCE", "b.relationship")
    reasons = [[unknown], [null], [unknown, null], [other]]
    rejects = as_rejects(aside(item, [row] * 4, reasons), item, run(tmp_path))
    assert unknown_references(rejects) == {"a.relationship": 2, "b.relationship": 1}
    waits = waits_for(rejects, ["a.relationship"])
    assert waits.to_list() == [True, False, True, False]
    assert unknown_references(rejects.clear()) == {}


def test_the_key_of_a_row_that_was_set_aside_stands_beside_it(
    item: Contract, tmp_path: Path
) -> None:
    rejects = as_rejects(aside(item, [("é", *[None] * 6)], [[]]), item, run(tmp_path))
    assert rejects["row_key"].to_list() == ['{"word": "é"}']
    assert rejects["run_id"].to_list() == ["run-1"]
