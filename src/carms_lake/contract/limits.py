"""What a contract limits besides its columns: quality rules, ages, row counts, totals."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from carms_lake.names import TableRef


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
