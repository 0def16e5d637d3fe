"""Quality rules of ODCS are read as the standard says; what cannot be measured is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers import contract, property_

from carms_lake.contract.limits import METRICS, OPERATORS, Dimension, Severity, quality_rule
from carms_lake.errors import ContractError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_is_a_library_rule_in_rows_and_stops_a_build(metric: str) -> None:
    arguments = {"validValues": ["a"]} if metric == "invalidValues" else {}
    found = quality_rule({"metric": metric, "mustBe": 0, "arguments": arguments}, "id", "orders")
    assert (found.kind, found.unit, found.severity) == ("library", "rows", Severity.ERROR)
    assert (found.name, found.dimension) == (f"id.{metric}", None)


def test_severity_and_dimension_are_those_of_the_standard() -> None:
    for severity in ("info", "warning", "error"):
        for dimension in Dimension:
            entry = {"metric": "rowCount", "severity": severity, "dimension": str(dimension)}
            found = quality_rule(entry, None, "orders")
            assert (found.severity, found.dimension) == (severity, dimension)


@pytest.mark.parametrize("operator", OPERATORS)
def test_operators_compare_numbers(operator: str) -> None:
    limit: Any = [1, 2.5] if "Between" in operator else 1
    found = quality_rule({"metric": "rowCount", operator: limit}, None, "orders")
    assert found.operators == {operator: limit}


@pytest.mark.parametrize(
    ("entry", "column", "said"),
    [
        ({"metric": "nullCount"}, "id", "unknown metric `nullCount`: write one of rowCount"),
        ({"type": "library"}, "id", "unknown metric `None`"),
        ({"metric": "nullValues"}, None, "`nullValues` is a metric of a column"),
        ({"metric": "duplicateValues"}, None, "`duplicateValues` is a metric of a column"),
        ({"metric": "invalidValues"}, "id", "needs `validValues` or a `pattern`"),
        ({"metric": "nullValues", "unit": "seconds"}, "id", "write rows or percent"),
        ({"metric": "rowCount", "unit": "percent"}, None, "`rowCount` is counted in rows"),
        ({"type": "sql", "mustBe": 0}, None, "needs a `query`"),
        ({"metric": "rowCount", "mustBe": "many"}, None, "`mustBe` is `many`"),
        ({"metric": "rowCount", "mustBeBetween": [1]}, None, "`mustBeBetween` is `[1]`"),
        ({"metric": "rowCount", "severity": "fatal"}, None, "'fatal' is not a valid Severity"),
        ({"metric": "rowCount", "dimension": "beauty"}, None, "'beauty' is not a valid Dimension"),
    ],
)
def test_a_rule_that_cannot_be_measured_is_a_wrong_contract(
    tmp_path: Path, entry: dict[str, Any], column: str | None, said: str
) -> None:
    of_column = {"quality": [{"name": "odd", **entry}]} if column else {}
    of_table = {} if column else {"quality": [{"name": "odd", **entry}]}
    with pytest.raises(ContractError, match=r"item\.odcs\.yaml") as caught:
        contract(tmp_path, "gold.item", [property_("id") | of_column], **of_table)
    assert said in caught.value.message


def test_a_select_may_measure_in_any_unit() -> None:
    entry = {"type": "sql", "query": "select 1", "unit": "seconds", "mustBeLessThan": 5}
    assert quality_rule(entry, None, "orders").unit == "seconds"
