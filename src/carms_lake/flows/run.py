"""What every run has in common: an id, a clock, a report that is kept whatever happens."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import polars as pl

from carms_lake import __version__
from carms_lake.config import LakeConfig
from carms_lake.errors import LakeError, StoreError
from carms_lake.names import RUN_ID, TableRef, run_timestamp
from carms_lake.records import (
    CheckFailure,
    CheckResult,
    FileReport,
    Progress,
    RunReport,
    Score,
    TableReport,
)
from carms_lake.store import ops, own
from carms_lake.store.delta.inspection import damage_behind
from carms_lake.store.delta.lock import writing
from carms_lake.store.delta.log import newest_commit_at

OpsRows = dict[str, list[dict[str, Any]]]
"""Rows of the tables of operations, by table."""


@dataclass(frozen=True)
class SilverChange:
    """The rows of a silver table that a run replaced."""

    since: int
    """The version at which the table had got the rows that it had before."""
    removed: pl.DataFrame
    added: pl.DataFrame


class Run:
    """A run under way. What its steps return is collected here by `add`, and nowhere else."""

    def __init__(self, config: LakeConfig, command: str, run_id: str, started_at: datetime) -> None:
        self.config = config
        self.command = command
        self.run_id = run_id
        self.started_at = started_at
        self._started_s = time.perf_counter()
        self._report = RunReport(run_id, command, config.domain.name, started_at, 0.0)
        self._rows: OpsRows = {}
        self._final: OpsRows | None = None
        self._adding = Lock()
        self.integrity: dict[str, Any] | None = None
        """What is kept of a comparison of all files with their checksums."""
        self.progress: Progress | None = None
        """Who is to know what is finished, before the run is."""
        self.silver_changes: dict[TableRef, SilverChange] = {}
        """The rows that this run replaced, of tables of which it knows them."""
        self.verified: set[Path] = set()
        """The tables all of whose bytes this run has compared with their checksums."""

    def add(
        self,
        *,
        files: Sequence[FileReport] = (),
        tables: Sequence[TableReport] = (),
        checks: Sequence[CheckResult] = (),
        failures: Sequence[CheckFailure] = (),
        scores: Sequence[Score] = (),
        notes: Sequence[str] = (),
        rows: Mapping[str, Sequence[dict[str, Any]]] | None = None,
    ) -> None:
        """Add what a step did to the report, and rows that the tables of operations will get.

        A finished run takes notes only: its rows may be published already.
        """
        if self._final is not None and (files or tables or checks or failures or scores or rows):
            raise RuntimeError("a finished run takes notes only")
        with self._adding:  # tables are built side by side
            before = self._report
            self._report = replace(
                before,
                files=(*before.files, *files),
                tables=(*before.tables, *tables),
                checks=(*before.checks, *checks),
                failures=(*before.failures, *failures),
                scores=(*before.scores, *scores),
                notes=(*before.notes, *notes),
            )
            for table, those in (rows or {}).items():
                self._rows.setdefault(table, []).extend(those)

    def count_rows(self, rows: Mapping[TableRef, int]) -> None:
        """Say how many rows tables have of which that was not known when they were built."""
        tables = [
            replace(table, rows=rows.get(table.table)) if table.rows is None else table
            for table in self._report.tables
        ]
        self._report = replace(self._report, tables=tuple(tables))

    def finished(self, *reports: FileReport | TableReport) -> None:
        """Tell a progress that wants to know (it has a method `finished`) of files and tables."""
        show = getattr(self.progress, "finished", None)
        if show is not None:
            for report in reports:
                show(report)

    def report(self) -> RunReport:
        """What the run did so far; all that it did once it is finished."""
        if self._final is not None:
            return self._report
        return replace(self._report, seconds=round(time.perf_counter() - self._started_s, 3))

    def finish(self, message: str = "", *, published: OpsRows | None = None) -> OpsRows:
        """The rows that the tables of operations get, final from here on: counts, seconds, status.

        A build calls it before it publishes, so that the gold file has the rows that the lake gets;
        `published` are those that count only then.
        """
        if self._final is None:
            self._report = self.report()
            self._final = self._rows_of("done", message, is_published=published is not None)
            for table, rows in (published or {}).items():
                self._final[table] = [*self._final.get(table, []), *rows]
        return self._final

    def publish(self, path: Path) -> None:
        """Say that the gold file with the final rows is in its place, which is `path`."""
        self._report = replace(self._report, published=path)

    def fail(self, status: str, message: str) -> OpsRows:
        """The rows of a run that did not end well; once published, those of the gold file."""
        if self._final is not None and self._report.published:
            return self._final
        self._final = None
        self._report = self.report()
        return self._rows_of(status, message, is_published=False)

    def _rows_of(self, status: str, message: str, *, is_published: bool) -> OpsRows:
        published = self.config.gold_file if is_published else None
        report = replace(self._report, published=published)
        return {**self._rows, **ops.rows_of(report, status, message, __version__)}


@contextmanager
def running(
    config: LakeConfig, command: str, *, keep: bool = True, giving_up: Path | None = None
) -> Iterator[Run]:
    """A run that holds the lake; its report is kept in `ops` also where it fails.

    Run ids sort by time: `20261121T120102.345678Z-1a2b3c`. `keep=False` writes nothing (dry runs).
    A run is recorded as done, failed or interrupted (Ctrl-C). `giving_up` is a table the damaged
    newest entry of whose log may be put aside.

    Raises:
        StoreLocked: another process is writing.
        StoreError: the lake cannot be written.
    """
    if not keep:
        yield _begun(config, command)
        return
    with writing(config.lake, f"carms {command}", giving_up=giving_up) as notes:
        run = _begun(config, command)
        run.add(notes=notes)
        own.roll_back(config, run.run_id)
        try:
            yield run
        except StoreError:  # a store that cannot be written cannot keep this either
            raise
        except BaseException as error:
            if fault := damage_behind(config, error):
                raise fault from error
            _record_end(run, error)
            raise
        ops.record_run(config, run.finish(), run.integrity)


def _begun(config: LakeConfig, command: str) -> Run:
    """A new run; made when the lake is held, so that run ids sort as runs commit.

    Its moment is after the newest commit, also where the clock was set back since.
    """
    now, newest = datetime.now(UTC), newest_commit_at(config)
    moment = now if newest is None else max(now, newest + timedelta(microseconds=1))
    run = Run(config, command, f"{run_timestamp(moment)}-{secrets.token_hex(3)}", moment)
    if moment != now:
        note = (
            f"the clock says {now:%Y-%m-%d %H:%M:%S} UTC, but the lake was written at "
            f"{moment:%Y-%m-%d %H:%M:%S} UTC: this run is recorded as just after that; is the "
            "clock right?"
        )
        run.add(notes=[note])
    return run


def _record_end(run: Run, error: BaseException) -> None:
    """Keep how a run ended that did not end well; the error that ended it stays the one raised."""
    status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
    first_line = str(error).strip().splitlines()[:1]
    message = ": ".join([type(error).__name__, *first_line])
    if isinstance(error, LakeError):
        message = error.message
    try:
        ops.record_run(run.config, run.fail(status, message))
    except BaseException as second:  # noqa: BLE001 - a second Ctrl-C must not hide the first error
        error.add_note(f"the run could not be recorded: {second!r}")


def last_seconds(config: LakeConfig, command: str) -> float | None:
    """How long the last run of a command took that ended well and had work; None if none had."""
    with suppress(LakeError):
        runs = ops.recent(config, "runs").sort(RUN_ID)
        for run in reversed(runs.to_dicts()):
            had_work = run["records"] or run["tables_built"]
            if run["command"] == command and run["status"] == "done" and had_work:
                return float(run["seconds"])
    return None
