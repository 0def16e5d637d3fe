"""What every run has in common: an id, a clock, a report that is kept whatever happens."""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from carms_lake import __version__
from carms_lake.errors import LakeError, StoreError, UsageError, did_you_mean
from carms_lake.records import CheckResult, FileReport, RunReport, TableReport
from carms_lake.store import ops
from carms_lake.store.lock import writing

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    published: Path | None = None

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
        )


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
        ops.record_run(config, run.report(), "done", "", __version__)


def _begun(config: LakeConfig, command: str) -> Run:
    """A new run; made when the lake is held, so that run ids sort as runs commit."""
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(3)}"
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
        ops.record_run(run.config, run.report(), status, message, __version__)
    except BaseException as second:  # noqa: BLE001 - a second Ctrl-C must not hide the first error
        error.add_note(f"the run could not be recorded: {second!r}")


def selected(names: list[str], wanted: tuple[str, ...], what: str) -> list[str]:
    """The names asked for, in the order of `names`; all of them where none is asked for.

    Raises:
        UsageError: a name that is not there, with the nearest one.
    """
    for name in wanted:
        if name not in names:
            raise UsageError(f"unknown {what}: `{name}`", did_you_mean(name, names))
    return [name for name in names if not wanted or name in wanted]
