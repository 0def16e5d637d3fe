"""What a contract limits besides its columns: quality rules, ages, row counts, totals.

They are read from `quality` and `slaProperties` of ODCS, and from keys of our own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from carms_lake.contract.keys import RULE_KEYS, SLA_KEYS, custom, is_number, listed, text, words
from carms_lake.names import TableRef

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

AGES = {
    "freshness": "freshness",
    "latency": "latency",
    "ly": "latency",
    "frequency": "frequency",
    "fy": "frequency",
}
"""The properties that limit the age of the newest data, with the short names of ODCS."""

_DAYS = {
    unit: days
    for units, days in (
        ("s second", 1 / 86400),
        ("min minute", 1 / 1440),
        ("h hr hour", 1 / 24),
        ("d day", 1),
        ("w week", 7),
        ("mo month", 31),
        ("q quarter", 92),
        ("y yr year", 366),
    )
    for unit in units.split()
}

_SHA256 = re.compile("[0-9a-f]{64}")


class Severity(StrEnum):
    """What a failing rule does."""

    ERROR = "error"
    """A record is rejected; a table is not published."""
    WARNING = "warning"
    """It is counted and shown."""
    INFO = "info"
    """It is counted, and shown only on request."""


class Dimension(StrEnum):
    """The seven dimensions of data quality in ODCS."""

    ACCURACY = "accuracy"
    COMPLETENESS = "completeness"
    CONFORMITY = "conformity"
    CONSISTENCY = "consistency"
    COVERAGE = "coverage"
    TIMELINESS = "timeliness"
    UNIQUENESS = "uniqueness"


@dataclass(frozen=True)
class QualityRule:
    """A quality rule of ODCS, on a column or on the table (`column` is None)."""

    name: str
    kind: str
    """library, sql, text or custom."""
    severity: Severity
    column: str | None = None
    metric: str | None = None
    query: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    operators: Mapping[str, Any] = field(default_factory=dict)
    """mustBe, mustBeLessThan ... -> value."""
    unit: str = "rows"
    dimension: Dimension | None = None
    description: str = ""
    quarantine: bool = False
    """Silver, sql: the rows that the query counts are quarantined."""


@dataclass(frozen=True)
class RowChange:
    """By how many percent the row count may change from one published run to the next."""

    pct: float
    severity: Severity = Severity.WARNING


@dataclass(frozen=True)
class DeclaredTotal:
    """A figure that was counted on certain files; it applies while the lake holds exactly these."""

    name: str
    select: str
    """A scalar SELECT over silver and gold."""
    value: int | float
    files: Mapping[TableRef, tuple[str, ...]]
    """The SHA-256 of the files that it was counted on, by the bronze table that they landed in."""


@dataclass(frozen=True)
class Age:
    """How old the newest data of a table may be."""

    property: str
    """freshness, latency or frequency."""
    limit: timedelta
    column: str | None = None
    """The column whose newest value counts; None: the newest delivery."""
    severity: Severity = Severity.WARNING


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
        query=text(entry, "query"),
        arguments=dict(entry.get("arguments") or {}),
        operators={key: entry[key] for key in OPERATORS if key in entry},
        unit=str(entry.get("unit") or "rows"),
        dimension=Dimension(entry["dimension"]) if entry.get("dimension") else None,
        description=words(entry, "description"),
        quarantine=bool(own.get("quarantine")),
    )
    if fault := _fault(rule):
        raise ValueError(f"rule `{name}`: {fault}")
    return rule


def _fault(rule: QualityRule) -> str:
    """Why a rule cannot be measured; empty if it can."""
    if rule.kind == "sql" and not rule.query:
        return "a rule of type sql needs a `query`"
    if rule.quarantine and rule.kind != "sql":
        return "`carms.quarantine` is for rules of type sql"
    if rule.kind == "library" and (fault := _fault_of_metric(rule)):
        return fault
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
    found: list[str | None] = []
    for element in filter(None, map(str.strip, str(entry.get("element") or "").split(","))):
        owner, _, column = element.rpartition(".")
        if owner not in ("", table):
            raise ValueError(
                f"slaProperties, `{entry['property']}`: `{element}` is not of `{table}`"
            )
        if element != table:
            found.append(column)
    return found or [None]


def _limit(entry: Mapping[str, Any]) -> timedelta:
    name, unit = entry["property"], str(entry.get("unit") or "d").lower()
    days = _DAYS.get(unit, _DAYS.get(unit.removesuffix("s")))
    if days is None:
        raise ValueError(f"slaProperties, `{name}`: `{unit}` is not a unit of time")
    return timedelta(days=float(entry["value"]) * days)


def row_change(own: Mapping[str, Any]) -> RowChange | None:
    """How much the number of rows may change: a number, or `{pct, severity}`.

    Raises:
        ValueError: a negative number, or an unknown severity.
    """
    value = own.get("maxRowChangePct")
    if value is None:
        return None
    entry = value if isinstance(value, dict) else {"pct": value}
    pct: Any = entry.get("pct")
    if not is_number(pct) or pct < 0 or entry.keys() - {"pct", "severity"}:
        raise ValueError(
            f"`carms.maxRowChangePct` is `{value}`: write a number, or {{pct: 20, severity: error}}"
        )
    return RowChange(float(pct), Severity(entry.get("severity") or "warning"))


def declared_totals(own: Mapping[str, Any], domain: str) -> tuple[DeclaredTotal, ...]:
    """The figures that were counted on certain files.

    Raises:
        ValueError: a part of an entry is missing or has the wrong type.
    """
    return tuple(_declared(entry, domain) for entry in listed(own.get("declaredTotals")))


def _declared(entry: Any, domain: str) -> DeclaredTotal:
    for key in ("name", "select", "value", "files"):
        if not isinstance(entry, dict) or entry.get(key) is None:
            raise ValueError(f"an entry of `carms.declaredTotals` has no `{key}`: {entry}")
    where = f"`carms.declaredTotals`, `{entry['name']}`"
    if not is_number(entry["value"]):
        raise ValueError(f"{where}: `{entry['value']}` is not a number")
    named = entry["files"].items() if isinstance(entry["files"], dict) else ()
    files: dict[TableRef, tuple[str, ...]] = {}
    for name, hashes in named:
        ref = TableRef.parse(str(name), domain=domain)
        texts_ = tuple(map(str, listed(hashes)))
        if ref is None or not all(map(_SHA256.fullmatch, texts_)):
            raise ValueError(f"{where}: write `bronze.table: <sha256 of the file>` in `files`")
        files[ref] = texts_
    if not files:
        raise ValueError(f"{where}: `files` must name the files that it was counted on")
    return DeclaredTotal(str(entry["name"]), str(entry["select"]), entry["value"], files)
