"""Each promise of a contract finds the rows that break it, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from helpers import contract, property_

from carms_lake.errors import ContractError
from carms_lake.store.audit import audit, holds

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.records import CheckResult

ROWS = "(values ('a', 1, 'red'), ('b', 2, 'blue'), ('b', 20, null)) as t(item_id, size, colour)"


def results(folder: Path, properties: list[dict[str, Any]], **rest: Any) -> dict[str, CheckResult]:
    found = contract(folder, "gold.item", properties, **rest)
    with duckdb.connect() as connection:
        connection.execute(f"create schema gold; create table gold.item as from {ROWS}")
        connection.execute(
            "create schema silver; create table silver.colour as select 'red' as name"
        )
        return {result.rule: result for result in audit(connection, [found])}


ID, SIZE, COLOUR = property_("item_id"), property_("size", "integer"), property_("colour")


@pytest.mark.parametrize(
    ("column", "rule", "failed"),
    [
        (ID | {"primaryKey": True}, "item.primaryKey", 1),
        (ID | {"unique": True}, "item_id.unique", 2),
        (COLOUR | {"required": True}, "colour.required", 1),
        (COLOUR | {"enum": [{"value": "red"}]}, "colour.enum", 1),
        (COLOUR | {"logicalTypeOptions": {"pattern": "^r"}}, "colour.pattern", 1),
        (COLOUR | {"logicalTypeOptions": {"maxLength": 3}}, "colour.maxLength", 1),
        (COLOUR | {"logicalTypeOptions": {"minLength": 4}}, "colour.minLength", 1),
        (SIZE | {"logicalTypeOptions": {"minimum": 2}}, "size.minimum", 1),
        (SIZE | {"logicalTypeOptions": {"maximum": 2}}, "size.maximum", 1),
        (SIZE | {"logicalTypeOptions": {"exclusiveMinimum": 2}}, "size.exclusiveMinimum", 2),
        (SIZE | {"logicalTypeOptions": {"exclusiveMaximum": 2}}, "size.exclusiveMaximum", 2),
        (COLOUR | {"relationships": [{"to": "silver.colour.name"}]}, "colour.relationship", 1),
    ],
)
def test_a_broken_promise_is_counted(
    tmp_path: Path, column: dict[str, Any], rule: str, failed: int
) -> None:
    found = results(tmp_path, [column])[rule]
    assert (found.passed, found.failed_rows, found.checked_rows) == (False, failed, 3)


def test_a_kept_promise_passes(tmp_path: Path) -> None:
    found = results(
        tmp_path, [ID | {"required": True, "logicalTypeOptions": {"pattern": "^[ab]$"}}]
    )
    assert {name: r.passed for name, r in found.items()} == {
        "item_id.required": True,
        "item_id.pattern": True,
    }


@pytest.mark.parametrize(("budget", "passed"), [(30, False), (34, True)])
def test_a_budget_allows_some(tmp_path: Path, budget: float, *, passed: bool) -> None:
    to = {
        "to": "silver.colour.name",
        "customProperties": [{"property": "carms.budgetPct", "value": budget}],
    }
    assert (
        results(tmp_path, [COLOUR | {"relationships": [to]}])["colour.relationship"].passed
        is passed
    )


@pytest.mark.parametrize(
    ("rule", "passed"),
    [
        ({"metric": "rowCount", "mustBe": 3}, True),
        ({"metric": "rowCount", "mustBeLessThan": 3}, False),
        ({"metric": "rowCount", "mustBeBetween": [1, 5]}, True),
        (
            {
                "metric": "duplicateValues",
                "arguments": {"properties": ["item_id", "size"]},
                "mustBe": 0,
            },
            True,
        ),
        (
            {"type": "sql", "query": "select max(size) from {table}", "mustBeLessOrEqualTo": 20},
            True,
        ),
        (
            {"type": "sql", "query": "select count(*) from ${table} where size > 10", "mustBe": 0},
            False,
        ),
    ],
)
def test_quality_rules_of_a_table(tmp_path: Path, rule: dict[str, Any], *, passed: bool) -> None:
    found = results(tmp_path, [ID], quality=[{"name": "rule", "severity": "warning", **rule}])[
        "rule"
    ]
    assert (found.passed, found.severity) == (passed, "warning")


@pytest.mark.parametrize(
    ("rule", "passed"),
    [
        ({"metric": "nullValues", "mustBe": 1}, True),
        ({"metric": "nullValues", "mustBeLessThan": 30, "unit": "percent"}, False),
        ({"metric": "nullValues", "mustBeLessThan": 40, "unit": "percent"}, True),
        (
            {"metric": "missingValues", "arguments": {"missingValues": [None, "red"]}, "mustBe": 2},
            True,
        ),
        ({"metric": "invalidValues", "arguments": {"validValues": ["red"]}, "mustBe": 1}, True),
        ({"metric": "invalidValues", "arguments": {"pattern": "^[rb]"}}, True),
        ({"metric": "duplicateValues"}, True),
    ],
)
def test_quality_rules_of_a_column(tmp_path: Path, rule: dict[str, Any], *, passed: bool) -> None:
    assert (
        results(tmp_path, [COLOUR | {"quality": [{"name": "rule", **rule}]}])["rule"].passed
        is passed
    )


def test_a_rule_that_cannot_run_is_a_fault_of_the_contract(tmp_path: Path) -> None:
    for query in ("select nothing from {table}", "selec"):
        with pytest.raises(ContractError, match="item"):
            results(
                tmp_path, [ID], quality=[{"name": "r", "type": "sql", "query": query, "mustBe": 0}]
            )


@pytest.mark.parametrize(
    ("value", "operators", "expected"),
    [
        (0, {}, True),
        (1, {}, False),
        (3, {"mustBe": 3}, True),
        (3, {"mustNotBe": 3}, False),
        (3, {"mustBeGreaterThan": 3}, False),
        (3, {"mustBeGreaterOrEqualTo": 3}, True),
        (3, {"mustBeLessThan": 4}, True),
        (3, {"mustBeLessOrEqualTo": 2}, False),
        (3, {"mustNotBeBetween": [1, 2]}, True),
        (3, {"mustBeBetween": [1, 2]}, False),
    ],
)
def test_the_operators_of_the_standard(
    value: float, operators: dict[str, Any], *, expected: bool
) -> None:
    assert holds(value, operators) is expected
