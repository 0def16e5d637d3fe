"""What every run has in common: an id, a clock, a report that is kept whatever happens."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

from carms_lake import __version__
from carms_lake.errors import LakeError, StoreError
from carms_lake.names import run_timestamp
from carms_lake.records import (
    CheckFailure,
    CheckResult,
    FileReport,
    RunReport,
    Score,
    TableReport,
)
from carms_lake.store import ops
from carms_lake.store.delta.lock import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from carms_lake.config import LakeConfig


@dataclass
class Run:
    """A run under way: what it has done so far."""

    config: LakeConfig
    command: str
    run_id: str
    started_at: datetime
    started_s: float
    files: list[FileReport] = field(default_factory=list)
    tables: list[TableReport] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[CheckFailure] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    message: str = ""
    """What is to be kept of a run that ended well."""
    kept: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Rows for the tables of operations, by table, written when the run ends."""
    published: Path | None = None
    is_over: Event = field(default_factory=Event)
    """Set when nothing more is to be begun: a part of the work failed, or all of it is done."""

    def go_on(self) -> None:
        """Called between two steps of a part that goes on beside others.

        Raises:
            CancelledError: the run is over.
        """
        if self.is_over.is_set():
            raise CancelledError

    def keep(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Have rows of a table of operations written with the report."""
        self.kept.setdefault(table, []).extend(rows)

    def part(self) -> Run:
        """The same run, for files that are read beside those of others."""
        return replace(self, files=[], notes=[])

    def take(self, part: Run) -> None:
        """Add what is said of the files of a part."""
        self.files += part.files
        self.notes += part.notes

    def report(self) -> RunReport:
        """What the run did, frozen."""
        return RunReport(
            run_id=self.run_id,
            command=self.command,
            domain=self.config.domain.name,
            started_at=self.started_at,
            seconds=round(time.perf_counter() - self.started_s, 3),
            files=tuple(self.files),
            tables=tuple(self.tables),
            checks=tuple(self.checks),
            published=self.published,
            notes=tuple(self.notes),
            failures=tuple(self.failures),
            scores=tuple(self.scores),
        )

    def rows(self, status: str, message: str = "") -> dict[str, list[dict[str, Any]]]:
        """What the run did, as rows of the tables of operations, by table."""
        return {**self.kept, **ops.rows_of(self.report(), status, message, __version__)}


@contextmanager
def running(config: LakeConfig, command: str, *, keep: bool = True) -> Iterator[Run]:
    """A run that holds the lake; its report is kept in `ops` also where it fails.

    Run ids sort by time: `20261121T120102.345678Z-1a2b3c`. `keep=False` writes nothing (dry runs).
    A run is recorded as done, failed or interrupted (Ctrl-C).

    Raises:
        StoreLocked: another process is writing.
        StoreError: the lake cannot be written.
    """
    if not keep:
        yield _begun(config, command)
        return
    with writing(config.lake, f"carms {command}"):
        run = _begun(config, command)
        try:
            yield run
        except StoreError:  # a store that cannot be written cannot keep this either
            raise
        except BaseException as error:
            _record_end(run, error)
            raise
        ops.record_run(config, run.rows("done", run.message))


def _begun(config: LakeConfig, command: str) -> Run:
    """A new run; made when the lake is held, so that run ids sort as runs commit."""
    now = datetime.now(UTC)
    run_id = f"{run_timestamp(now)}-{secrets.token_hex(3)}"
    return Run(config, command, run_id, now, time.perf_counter())


def _record_end(run: Run, error: BaseException) -> None:
    """Keep how a run ended that did not end well; the error that ended it stays the one raised."""
    status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
    if isinstance(error, LakeError):
        message = error.message
    else:
        said = str(error).strip().splitlines()
        message = ": ".join([type(error).__name__, *said[:1]])
    try:
        ops.record_run(run.config, run.rows(status, message))
    except BaseException as second:  # noqa: BLE001 - a second Ctrl-C must not hide the first error
        error.add_note(f"the run could not be recorded: {second!r}")
