"""Quality rules and `slaProperties` of ODCS -> what a contract limits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from carms_lake.contract.keys import RULE_KEYS, SLA_KEYS, custom
from carms_lake.contract.limits import Age, Dimension, QualityRule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
        ValueError: it cannot be measured; the message says what is missing.
        ContractError: an unknown custom property.
    """
    kind = entry.get("type") or "library"
    metric = entry.get("metric")
    name = str(entry.get("name") or f"{column or table}.{metric or kind}")
    own = custom(entry, RULE_KEYS, f"`{table}`, rule `{name}`")
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
        quarantine=bool(own.get("quarantine")),
    )
    fault = _fault(rule)
    if fault:
        raise ValueError(f"rule `{name}`: {fault}")
    return rule


def _fault(rule: QualityRule) -> str:
    """Why a rule cannot be measured; empty if it can."""
    if rule.kind == "sql" and not rule.query:
        return "a rule of type sql needs a `query`"
    if rule.quarantine and rule.kind != "sql":
        return "`carms.quarantine` is for rules of type sql"
    if rule.kind == "library":
        found = _fault_of_metric(rule)
        if found:
            return found
    for operator, limit in rule.operators.items():
        is_pair = isinstance(limit, list | tuple) and len(limit) == 2  # noqa: PLR2004 - from and to
        numbers = limit if operator in _BETWEEN and is_pair else [limit]
        if not all(isinstance(number, int | float) for number in numbers):
            return f"`{operator}` is `{limit}`, which is not a number"
    return ""


def _fault_of_metric(rule: QualityRule) -> str:
    if rule.metric not in METRICS:
        return f"unknown metric `{rule.metric}`: write one of {', '.join(METRICS)}"
    names = rule.arguments.get("properties")
    if rule.metric in _OF_COLUMN and rule.column is None and not names:
        return f"`{rule.metric}` is a metric of a column: write it there"
    if rule.metric == "invalidValues" and not rule.arguments.keys() & {"validValues", "pattern"}:
        return "`arguments` needs `validValues` or a `pattern`"
    if rule.unit not in UNITS:
        return f"`unit` is `{rule.unit}`: write rows or percent"
    if rule.metric == "rowCount" and rule.unit != "rows":
        return "`rowCount` is counted in rows"
    return ""


AGES = {
    "freshness": "freshness",
    "latency": "latency",
    "ly": "latency",
    "frequency": "frequency",
    "fy": "frequency",
}
"""The properties that limit the age of the newest data, with the short names of ODCS."""

_DAYS = {
    "s": 1 / 86400,
    "second": 1 / 86400,
    "min": 1 / 1440,
    "minute": 1 / 1440,
    "h": 1 / 24,
    "hr": 1 / 24,
    "hour": 1 / 24,
    "d": 1,
    "day": 1,
    "w": 7,
    "week": 7,
    "mo": 31,
    "month": 31,
    "q": 92,
    "quarter": 92,
    "y": 366,
    "yr": 366,
    "year": 366,
}


def ages(properties: Iterable[Mapping[str, Any]], table: str, where: str) -> tuple[Age, ...]:
    """The limits of age among `slaProperties`, in their order, one per element.

    Raises:
        ValueError: a value is not a number, a unit not of time, an element not of the table.
        ContractError: an unknown custom property.
    """
    found: list[Age] = []
    for entry in properties:
        name = AGES.get(str(entry.get("property")).lower())
        if name is None:
            continue
        own = custom(dict(entry), SLA_KEYS, f"{where}, slaProperties, `{entry['property']}`")
        severity = Severity(own.get("severity") or "warning")
        found += [Age(name, _limit(entry), c, severity) for c in _columns(entry, table)]
    return tuple(found)


def _columns(entry: Mapping[str, Any], table: str) -> list[str | None]:
    """The columns that `element` names, separated by commas; [None] for the table."""
    texts = [text.strip() for text in str(entry.get("element") or "").split(",") if text.strip()]
    for text in texts:
        owner, _, _ = text.rpartition(".")
        if owner not in ("", table):
            raise ValueError(f"slaProperties, `{entry['property']}`: `{text}` is not of `{table}`")
    return [text.rpartition(".")[2] for text in texts if text != table] or [None]


def _limit(entry: Mapping[str, Any]) -> timedelta:
    name, unit = entry["property"], str(entry.get("unit") or "d").lower()
    days = _DAYS.get(unit, _DAYS.get(unit.removesuffix("s")))
    if days is None:
        raise ValueError(f"slaProperties, `{name}`: `{unit}` is not a unit of time")
    return timedelta(days=float(entry["value"]) * days)
