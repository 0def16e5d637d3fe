"""Each promise of a contract finds the rows that break it, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from helpers import contract, property_

from carms_lake.errors import ContractError
from carms_lake.quality.audit import audit, holds
from carms_lake.store.delta.manifest import Build

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
    ("budget", "unknown", "passed", "failed"),
    [(10, 9, True, 9), (10, 10, True, 10), (10, 11, False, 11), (0, 1, False, 1), (0, 0, True, 0)],
)
def test_the_quarantine_is_compared_with_its_budget(
    tmp_path: Path, budget: float, unknown: int, *, passed: bool, failed: int
) -> None:
    to = {"to": "colour.name", "customProperties": quarantine(budget)}
    item = contract(tmp_path, "silver.item", [ID, COLOUR | {"relationships": [to]}])
    counts = {"colour.relationship": unknown}
    build = Build("r", {}, 99 - unknown, unknown, 1, unknown=counts)
    with duckdb.connect() as connection:
        connection.execute("create schema silver; create table silver.colour(name varchar)")
        connection.execute("create table silver.item as select 'a' as item_id, null as colour")
        found = audit(connection, [item], {item.ref: build})[-1]
    assert (found.rule, found.passed) == ("colour.relationship", passed)
    assert (found.failed_rows, found.checked_rows, found.budget_pct) == (failed, 100, budget)
    assert f"{failed} of 100 rows ({failed:.2f} %)" in found.message


def test_a_row_that_should_be_in_quarantine_fails_whatever_the_budget(tmp_path: Path) -> None:
    to = {"to": "silver.colour.name", "customProperties": quarantine(100)}
    found = results(tmp_path, [COLOUR | {"relationships": [to]}])["colour.relationship"]
    assert (found.passed, found.failed_rows, found.checked_rows) == (False, 1, 3)


def quarantine(budget: float) -> list[dict[str, Any]]:
    return [
        {"property": "carms.quarantine", "value": True},
        {"property": "carms.budgetPct", "value": budget},
    ]


@pytest.mark.parametrize(
    ("key", "failed"),
    [(["item_id"], 1), (["size"], 0), (["colour"], 1), (["item_id", "colour"], 0)],
)
def test_a_key_counts_the_rows_that_repeat_one_and_a_null_that_is_alone(
    tmp_path: Path, key: list[str], failed: int
) -> None:
    properties = [
        property_(name, primaryKey=True, primaryKeyPosition=place)
        for place, name in enumerate(key, 1)
    ]
    assert results(tmp_path, properties)["item.primaryKey"].failed_rows == failed


def test_values_that_share_a_hash_are_no_repeats(tmp_path: Path) -> None:
    found = contract(tmp_path, "gold.item", [ID | {"primaryKey": True}])
    with duckdb.connect() as connection:
        connection.execute("create schema gold; create table gold.item as select 'a' as item_id")
        connection.execute("insert into gold.item values ('b')")
        connection.execute("create macro hash(x) as 1")
        assert audit(connection, [found])[0].failed_rows == 0


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


@pytest.mark.parametrize(
    ("rule", "passed", "failed", "budget"),
    [
        # What may fail is counted where it may, too.
        ({"metric": "nullValues", "mustBeLessOrEqualTo": 34, "unit": "percent"}, True, 1, 34.0),
        ({"metric": "nullValues", "mustBeLessThan": 33, "unit": "percent"}, False, 1, 33.0),
        ({"metric": "nullValues", "mustBeLessOrEqualTo": 1}, True, 1, 0.0),
        ({"metric": "duplicateValues", "mustBe": 0, "unit": "percent"}, True, 0, 0.0),
        (
            {
                "type": "sql",
                "query": "select count(*) from {object} where {property} = 'red'",
                "unit": "percent",
                "mustBeLessOrEqualTo": 33.4,
            },
            True,
            1,
            33.4,
        ),
    ],
)
def test_a_rule_with_a_budget_counts_what_fails_within_it(
    tmp_path: Path, rule: dict[str, Any], failed: int, budget: float, *, passed: bool
) -> None:
    found = results(tmp_path, [COLOUR | {"quality": [{"name": "rule", **rule}]}])["rule"]
    assert (found.passed, found.failed_rows, found.budget_pct) == (passed, failed, budget)


@pytest.mark.parametrize(
    ("query", "passed"),
    [("select true", False), ("select false", True), ("select null", True), ("select 0.0", True)],
)
def test_a_select_may_answer_true_or_false(tmp_path: Path, query: str, *, passed: bool) -> None:
    rule = {"name": "rule", "type": "sql", "query": query, "mustBe": 0}
    assert results(tmp_path, [ID], quality=[rule])["rule"].passed is passed


def test_a_select_that_answers_no_number_is_a_fault_of_the_contract(tmp_path: Path) -> None:
    rule = {"name": "rule", "type": "sql", "query": "select 'many'", "mustBe": 0}
    with pytest.raises(ContractError, match="its SELECT gives `many`") as caught:
        results(tmp_path, [ID], quality=[rule])
    assert "true or false" in caught.value.hint


def test_each_promise_is_of_a_dimension(tmp_path: Path) -> None:
    colour = COLOUR | {
        "required": True,
        "enum": [{"value": "red"}],
        "relationships": [{"to": "silver.colour.name"}],
        "quality": [{"name": "own", "metric": "nullValues", "dimension": "accuracy"}],
    }
    quality = [{"name": "rows", "metric": "rowCount", "mustBe": 3}]
    found = results(tmp_path, [ID | {"primaryKey": True}, colour], quality=quality)
    assert {name: str(result.dimension) for name, result in found.items()} == {
        "item.primaryKey": "uniqueness",
        "item_id.required": "completeness",
        "colour.required": "completeness",
        "colour.enum": "conformity",
        "colour.relationship": "consistency",
        "own": "accuracy",
        "rows": "coverage",
    }


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
