"""The score of a table: bad rows counted once per rule, set-aside rows too, never below 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from helpers import contract, property_

from carms_lake.quality.rejected import REASON
from carms_lake.quality.scorecard import Aside, scores, set_aside
from carms_lake.records import CheckResult

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = {"counts_rows": False}


@pytest.mark.parametrize(
    ("rows", "aside", "rules", "score"),
    [
        (10, Aside(0, {}), [{}], 100.0),
        (10, Aside(0, {}), [{"failed_rows": 1}, {"failed_rows": 2}, {}], 70.0),
        (8, Aside(2, {"conformity": 2}), [{}], 80.0),
        (8, Aside(2, {"uniqueness": 2}), [{}], 100.0),
        (8, Aside(2, {"conformity": 2}), [{"failed_rows": 1}], 70.0),
        # What a quarantine's budget counts is set aside already.
        (8, Aside(2, {"conformity": 2}), [{"failed_rows": 2, "set_aside": True}], 80.0),
        (2, Aside(0, {}), [{"failed_rows": 2}, {"failed_rows": 2}], 0.0),
        (10, Aside(0, {}), [WHOLE, WHOLE | {"passed": False, "failed_rows": 1}], 50.0),
        (10, Aside(0, {}), [{"failed_rows": 5}, WHOLE | {"passed": False}], 0.0),
        (0, Aside(0, {}), [{}], 100.0),
    ],
)
def test_a_score(
    tmp_path: Path, rows: int, aside: Aside, rules: list[dict[str, Any]], score: float
) -> None:
    item = contract(tmp_path, "silver.item", [property_("id")])
    results = [
        CheckResult(
            item.ref, f"rule {n}", "error", **{"passed": True, "dimension": "conformity", **rule}
        )
        for n, rule in enumerate(rules)
    ]
    found = scores([item], results, {item.ref: rows}, {("silver", "item"): aside})
    of_conformity = [s for s in found if s.dimension == "conformity"]
    assert [(s.score_pct, s.rows, s.rules) for s in of_conformity] == [
        (score, rows + aside.rows, len(rules))
    ]


def test_a_row_that_is_set_aside_for_two_reasons_counts_once_in_each_dimension() -> None:
    def reasons(*codes: str) -> list[dict[str, str | None]]:
        return [{"code": c, "column": None, "rule": c, "value": None, "message": c} for c in codes]

    rejects = pl.DataFrame(
        {
            "layer": ["bronze", "bronze", "silver"],
            "table_name": ["a", "a", "b"],
            "reasons": [
                reasons("TYPE_MISMATCH", "NOT_IN_ENUM", "REQUIRED_NULL"),
                reasons("MALFORMED_ROW"),
                reasons("DUPLICATE_KEY", "UNKNOWN_REFERENCE"),
            ],
        },
        schema_overrides={"reasons": pl.List(REASON)},
    )
    assert set_aside(rejects) == {
        ("bronze", "a"): Aside(2, {"conformity": 2, "completeness": 1}),
        ("silver", "b"): Aside(1, {"uniqueness": 1, "consistency": 1}),
    }
    assert set_aside(rejects.clear()) == {}
