"""What comparing files finds, and from which share of the records on it counts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl

from carms_lake.contract.change import Change
from carms_lake.contract.model import Column, Contract
from carms_lake.flows.drift.files import RawFile
from carms_lake.names import TableRef
from carms_lake.notebook import Shown

SYSTEMATIC_SHARE = 0.05
"""Faults in more than this share of the values are drift."""
_AT_LEAST = 2
"""One faulty record alone is not drift, unless it is the only record."""


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The file or many of its records would be rejected: the contract must change."""
    WARNING = "warning"
    """The file would load, but differs from the previous one."""
    NOTE = "note"
    """Worth knowing, but not drift."""


@dataclass(frozen=True)
class Finding:
    """One difference from the contract or from the previous file."""

    table: TableRef
    file: str
    column: str | None
    """The contract's name of the column; of a new column, its header."""
    change: str
    """added, gone, renamed, retyped, new_values, gone_values, nulls, null_rate, range, pattern,
    distribution, malformed, delimiter, doubled, header."""
    severity: Severity
    expected: str
    found: str
    score: float | None = None
    """Of a rename, how similar the columns are; of a distribution, its stability index."""


@dataclass(frozen=True)
class FileDrift:
    """One file that was compared."""

    table: TableRef
    name: str
    records: int = 0
    sampled: int = 0
    """How many of the records were compared."""
    compared_with: str | None = None
    """The previous file; None if none has landed yet."""
    code: str = ""
    """Why it cannot be read; empty if it was read."""
    message: str = ""
    hint: str = ""
    trace: str = field(default="", metadata={"is_shown": False})


class ChangeKind(StrEnum):
    """The part of a contract that has to change; a limit has its ODCS name."""

    HEADER = "header"
    """The column has another header."""
    ABSENT = "absent"
    """A file may lack the column."""
    ADDED = "added"
    """A new column; `column` is its header, the value its type."""
    TYPE = "type"
    ENUM = "enum"
    """The value is a tuple of additional values."""
    NULLABLE = "nullable"
    PATTERN = "pattern"
    """The pattern no longer holds."""
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    MIN_LENGTH = "minLength"
    MAX_LENGTH = "maxLength"
    DELIMITER = "delimiter"


@dataclass(frozen=True)
class ContractChange:
    """One change of the contract without which the file would not load."""

    kind: ChangeKind
    column: str | None = None
    value: Any = None


@dataclass(frozen=True)
class Compared:
    """All findings of one file, and the changes that its contract needs to accept it."""

    findings: tuple[Finding, ...] = ()
    changes: tuple[ContractChange, ...] = ()
    kept: frozenset[str] = frozenset()
    """The contract's columns that the file has under their own headers."""


@dataclass(frozen=True)
class ContractPatch:
    """The changes of one contract under which it accepts its files."""

    table: TableRef
    level: str
    """patch, minor or major."""
    from_version: str
    to_version: str
    changes: tuple[Change, ...]
    yaml: str
    """The changes, in the contract's own YAML shape."""
    text: str
    """The whole new contract."""
    written: Path | None = None
    kept: Path | None = None
    """Where the old version is kept."""
    tried: int = 0
    """On how many files it was tried."""
    left: Mapping[str, str] = field(default_factory=dict)
    """Those that it would not accept, and why."""

    @property
    def accepts(self) -> int:
        """How many of the files it would accept."""
        return self.tried - len(self.left)


@dataclass(frozen=True)
class DriftReport(Shown):
    """What the comparison of arriving files found."""

    files: tuple[FileDrift, ...] = ()
    findings: tuple[Finding, ...] = ()
    patches: tuple[ContractPatch, ...] = ()
    notes: tuple[str, ...] = ()
    """Contracts that cannot be patched, and why."""

    @property
    def unreadable(self) -> tuple[FileDrift, ...]:
        """The files that could not be read at all."""
        return tuple(file for file in self.files if file.code)

    @property
    def has_drift(self) -> bool:
        """Whether anything has drifted; notes do not count."""
        return any(finding.severity is not Severity.NOTE for finding in self.findings)


@dataclass
class DriftCollector:
    """Collects the findings of one file while it is compared."""

    contract: Contract
    file: str
    raw: RawFile
    old: pl.DataFrame | None
    """Rows of the previous file, under the contract's names and types."""
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
        """Add a change that the contract needs."""
        self.changes.append(ContractChange(kind, column, value))

    def previous(self, column: Column) -> pl.Series | None:
        """The previous file's values of a column, if it has any rows."""
        if self.old is None or column.name not in self.old.columns or not self.old.height:
            return None
        return self.old[column.name]


def is_systematic(count: int, total: int) -> bool:
    """Whether so many faults of a total are drift, not single faulty records.

    >>> is_systematic(1, 10), is_systematic(2, 10), is_systematic(40, 1000), is_systematic(1, 1)
    (False, True, False, True)
    """
    many = count >= _AT_LEAST and count > SYSTEMATIC_SHARE * total
    return bool(count) and (count == total or many)


def rates_differ(one: tuple[int, int], other: tuple[int, int], least: float) -> bool:
    """Whether two shares (count, total) differ by `least` and by more than chance explains."""
    (a, n), (b, m) = one, other
    if not n or not m:
        return False
    pooled = (a + b) / (n + m)
    chance = 3 * math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return abs(a / n - b / m) > max(least, chance)


def pct(share: float) -> str:
    """A share as a percentage; a share above zero is never shown as 0 %.

    >>> pct(0.5), pct(0.00001), pct(0.123)
    ('50 %', '<0.1 %', '12.3 %')
    """
    if 0 < share < 0.001:  # noqa: PLR2004 - a tenth of a per cent
        return "<0.1 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
