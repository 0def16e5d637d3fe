"""What `carms status` tells, as records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carms_lake.notebook import Shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True)
class SourceStatus:
    """One source: what landed of it, and when."""

    source: str
    files: int
    newest_at: datetime | None
    """When a file of it landed last, UTC."""
    newest_file: str | None
    age_s: float | None
    max_age_s: float | None
    """What its contract allows (`slaProperties`); None where it says nothing."""
    is_late: bool
    rejected: int
    """Records of its current files that are set aside."""
    gone: tuple[str, ...]
    """Files that landed and are no longer in data_raw; their rows stay."""


@dataclass(frozen=True)
class TableStatus:
    """One table: its rows, the contract that it was made by, and the one there is now."""

    table: str
    rows: int | None
    version: int | None
    run_id: str | None
    waiting: int
    """Rows of silver in quarantine."""
    contract_version: str | None
    contract_now: str


@dataclass(frozen=True)
class RunStatus:
    """One of the last runs."""

    run_id: str
    command: str
    status: str
    started_at: datetime
    seconds: float
    rejected: int
    message: str


@dataclass(frozen=True)
class RejectStatus:
    """How many rows of a table are set aside for a reason."""

    table: str
    code: str
    rows: int


@dataclass(frozen=True)
class RefusedFile:
    """A file that the last ingest did not take."""

    source: str
    file: str
    code: str
    message: str


@dataclass(frozen=True)
class DriftStatus:
    """One thing that the newest file of a source has otherwise."""

    source: str
    file: str
    beside: str | None
    """The file that it was held beside, and its contract; None: its contract alone."""
    change: str
    """As `carms drift` calls it, or unreadable."""
    column: str | None
    severity: str
    """error or warning."""
    expected: str
    found: str


@dataclass(frozen=True)
class CheckStatus:
    """The results of the last run that checked."""

    run_id: str
    passed: int
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Status(Shown):
    """Everything at a glance."""

    domain: str
    at: datetime
    sources: tuple[SourceStatus, ...]
    tables: tuple[TableStatus, ...]
    runs: tuple[RunStatus, ...]
    rejects: tuple[RejectStatus, ...]
    refused: tuple[RefusedFile, ...]
    drift: tuple[DriftStatus, ...]
    """Of the newest file of each source, by its first records."""
    drift_unseen: tuple[str, ...]
    """Sources whose newest file is too large for that; `carms drift` looks at it."""
    checks: CheckStatus | None
    gold_file: str
    gold_run_id: str | None
    gold_failed_checks: int
    """How many checks of severity error failed of what is published (`--publish-anyway`)."""
    disk_bytes: Mapping[str, int]
    """By layer, and `gold` for the published file."""
