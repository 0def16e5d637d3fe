"""Quality rules of ODCS: library metrics and SELECTs, with their operators."""

from __future__ import annotations

from typing import Any

from carms_lake.contract.limits import Dimension, QualityRule, Severity

METRICS = ("rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues")
UNITS = ("rows", "percent")
_OF_COLUMN = METRICS[1:]
_BETWEEN = ("mustBeBetween", "mustNotBeBetween")
OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    *_BETWEEN,
)


def quality_rule(entry: dict[str, Any], column: str | None, table: str) -> QualityRule:
    """One entry of `quality`, of a column or of the table.

    Raises:
        ValueError: it cannot be measured as it stands; the message says what is missing.
    """
    kind = entry.get("type") or "library"
    metric = entry.get("metric")
    name = str(entry.get("name") or f"{column or table}.{metric or kind}")
    rule = QualityRule(
        name=name,
        kind=kind,
        severity=Severity(entry.get("severity") or "error"),
        column=column,
        metric=metric,
        query=entry.get("query"),
        arguments=dict(entry.get("arguments") or {}),
        operators={key: entry[key] for key in OPERATORS if key in entry},
        unit=str(entry.get("unit") or "rows"),
        dimension=Dimension(entry["dimension"]) if entry.get("dimension") else None,
        description=" ".join(str(entry.get("description") or "").split()),
    )
    fault = _fault(rule)
    if fault:
        raise ValueError(f"rule `{name}`: {fault}")
    return rule


def _fault(rule: QualityRule) -> str:
    """Why a rule cannot be measured; empty where it can."""
    if rule.kind == "sql" and not rule.query:
        return "a rule of type sql needs a `query`"
    if rule.kind == "library":
        found = _fault_of_metric(rule)
        if found:
            return found
    for operator, limit in rule.operators.items():
        is_pair = isinstance(limit, list | tuple) and len(limit) == 2  # noqa: PLR2004 - from and to
        numbers = limit if operator in _BETWEEN and is_pair else [limit]
        if not all(isinstance(number, int | float) for number in numbers):
            return f"`{operator}` is `{limit}`, which no measure can be compared with"
    return ""


def _fault_of_metric(rule: QualityRule) -> str:
    if rule.metric not in METRICS:
        return f"unknown metric `{rule.metric}`: write one of {', '.join(METRICS)}"
    names = rule.arguments.get("properties")
    if rule.metric in _OF_COLUMN and rule.column is None and not names:
        return f"`{rule.metric}` is of a column: put it there"
    if rule.metric == "invalidValues" and not rule.arguments.keys() & {"validValues", "pattern"}:
        return "`arguments` name neither `validValues` nor a `pattern`"
    if rule.unit not in UNITS:
        return f"`unit` is `{rule.unit}`: write rows or percent"
    if rule.metric == "rowCount" and rule.unit != "rows":
        return "`rowCount` is counted in rows"
    return ""
