"""What a comparison found, and from what share of the records on it counts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.contract.model import Contract
    from carms_lake.flows.drift.files import RawFile
    from carms_lake.names import TableRef


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The file would be refused, or many of its records set aside: the contract must change."""
    WARNING = "warning"
    """It would land, and differs from what came before."""
    NOTE = "note"
    """Worth knowing; it is no drift."""


@dataclass(frozen=True)
class Finding:
    """One thing that is otherwise than promised, or than before."""

    table: TableRef
    file: str
    column: str | None
    """The contract's name of it; of a column that is new, its header."""
    change: str
    """added, gone, renamed, retyped, new_values, gone_values, nulls, null_rate, range, pattern,
    distribution, malformed, delimiter, doubled, header."""
    severity: Severity
    expected: str
    found: str
    score: float | None = None
    """Of a rename how alike the columns are, of a distribution its stability index."""


class ChangeKind(StrEnum):
    """What a contract would have to say otherwise."""

    HEADER = "header"
    """A column stands under another header."""
    ABSENT = "absent"
    """A file may lack the column."""
    ADDED = "added"
    """There is a column more; `column` is its header, the value its type."""
    TYPE = "type"
    ENUM = "enum"
    """The value is a tuple of more values."""
    NULLABLE = "nullable"
    PATTERN = "pattern"
    """The pattern holds no more."""
    LOWEST = "lowest"
    HIGHEST = "highest"
    SHORTEST = "shortest"
    LONGEST = "longest"
    DELIMITER = "delimiter"


@dataclass(frozen=True)
class ContractChange:
    """One change of the contract without which the file would not land."""

    kind: ChangeKind
    column: str | None = None
    value: Any = None


@dataclass(frozen=True)
class Compared:
    """All that was found of one file, and what its contract needs to accept it."""

    findings: tuple[Finding, ...] = ()
    changes: tuple[ContractChange, ...] = ()
    kept: frozenset[str] = frozenset()
    """The contract's columns that the file has under their own headers."""


@dataclass
class DriftCollector:
    """What is being found of one file."""

    contract: Contract
    file: str
    raw: RawFile
    old: pl.DataFrame | None
    """Rows of the last landed file, under the contract's names and types."""
    findings: list[Finding] = field(default_factory=list)
    changes: list[ContractChange] = field(default_factory=list)

    def report(
        self,
        column: str | None,
        change: str,
        severity: Severity,
        expected: str,
        found: str,
        *,
        score: float | None = None,
    ) -> None:
        """Add a finding."""
        ref = self.contract.ref
        self.findings.append(
            Finding(ref, self.file, column, change, severity, expected, found, score)
        )

    def require(self, kind: ChangeKind, column: str | None = None, value: Any = None) -> None:
        """Add what the contract must say otherwise."""
        self.changes.append(ContractChange(kind, column, value))

    def previous(self, column: str) -> pl.Series | None:
        """The earlier values of a column, if there are any."""
        if self.old is None or column not in self.old.columns or not self.old.height:
            return None
        return self.old[column]


SYSTEMATIC_SHARE = 0.05
"""Faults in more than this share of the values are drift."""
_AT_LEAST = 2
"""One record alone is a fault of that record, unless it is all there is."""


def is_systematic(count: int, total: int) -> bool:
    """Whether so many of a total are drift and no single faults.

    >>> is_systematic(1, 10), is_systematic(2, 10), is_systematic(40, 1000), is_systematic(1, 1)
    (False, True, False, True)
    """
    return bool(count) and (
        count == total or (count >= _AT_LEAST and count > SYSTEMATIC_SHARE * total)
    )


def rates_differ(one: tuple[int, int], other: tuple[int, int], least: float) -> bool:
    """Whether two shares (count, total) differ by `least` and by more than chance explains."""
    (a, n), (b, m) = one, other
    if not n or not m:
        return False
    pooled = (a + b) / (n + m)
    chance = 3 * math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return abs(a / n - b / m) > max(least, chance)


def pct(share: float) -> str:
    """A share for reading; what is not nothing is never shown as 0 %.

    >>> pct(0.5), pct(0.00001), pct(0.123)
    ('50 %', '<0.1 %', '12.3 %')
    """
    if 0 < share < 0.001:  # noqa: PLR2004 - a tenth of a per cent
        return "<0.1 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
