"""The score of a table: bad rows counted once per rule, rejected rows too, never below 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from helpers import contract, property_

from carms_lake.quality.rejected import REASON
from carms_lake.quality.scorecard import RejectCounts, reject_counts, scores
from carms_lake.records import CheckResult

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = {"counts_rows": False}


@pytest.mark.parametrize(
    ("rows", "rejects", "rules", "score"),
    [
        (10, RejectCounts(0, {}), [{}], 100.0),
        (10, RejectCounts(0, {}), [{"failed_rows": 1}, {"failed_rows": 2}, {}], 70.0),
        (8, RejectCounts(2, {"conformity": 2}), [{}], 80.0),
        (8, RejectCounts(2, {"uniqueness": 2}), [{}], 100.0),
        (8, RejectCounts(2, {"conformity": 2}), [{"failed_rows": 1}], 70.0),
        # What a quarantine's budget counts is in quarantine already.
        (8, RejectCounts(2, {"conformity": 2}), [{"failed_rows": 2, "quarantined": True}], 80.0),
        (2, RejectCounts(0, {}), [{"failed_rows": 2}, {"failed_rows": 2}], 0.0),
        (10, RejectCounts(0, {}), [WHOLE, WHOLE | {"passed": False, "failed_rows": 1}], 50.0),
        (10, RejectCounts(0, {}), [{"failed_rows": 5}, WHOLE | {"passed": False}], 0.0),
        (0, RejectCounts(0, {}), [{}], 100.0),
    ],
)
def test_a_score(
    tmp_path: Path, rows: int, rejects: RejectCounts, rules: list[dict[str, Any]], score: float
) -> None:
    item = contract(tmp_path, "silver.item", [property_("id")])
    results = [
        CheckResult(
            item.ref, f"rule {n}", "error", **{"passed": True, "dimension": "conformity", **rule}
        )
        for n, rule in enumerate(rules)
    ]
    found = scores([item], results, {item.ref: rows}, {("silver", "item"): rejects})
    of_conformity = [s for s in found if s.dimension == "conformity"]
    assert [(s.score_pct, s.rows, s.rules) for s in of_conformity] == [
        (score, rows + rejects.rows, len(rules))
    ]


def test_a_row_that_is_rejected_for_two_reasons_counts_once_in_each_dimension() -> None:
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
    assert reject_counts(rejects) == {
        ("bronze", "a"): RejectCounts(2, {"conformity": 2, "completeness": 1}),
        ("silver", "b"): RejectCounts(1, {"uniqueness": 1, "consistency": 1}),
    }
    assert reject_counts(rejects.clear()) == {}
