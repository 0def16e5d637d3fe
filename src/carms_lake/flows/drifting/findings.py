"""What a comparison of a file with its contract and with the last landed file says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carms_lake.names import TableRef


class Weight(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The file would be refused, or many of its records set aside: the contract must change."""
    WARNING = "warning"
    """It would land, and is not what came before."""
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
    severity: Weight
    expected: str
    found: str
    score: float | None = None
    """Of a rename how alike the columns are, of a distribution its stability index."""


class Promise(StrEnum):
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
class Need:
    """One change of the contract without which the file would not land."""

    promise: Promise
    column: str | None = None
    value: Any = None


@dataclass(frozen=True)
class Compared:
    """All that was found of one file, and what its contract needs to accept it."""

    findings: tuple[Finding, ...] = ()
    needs: tuple[Need, ...] = ()
    kept: frozenset[str] = frozenset()
    """The contract's columns that the file has under their own headers."""
