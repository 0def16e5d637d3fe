"""One query's connection and what belongs to it, its memory limit included."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import TypeVar

import duckdb

from carms_lake.config import LakeConfig
from carms_lake.errors import LakeError, StoreError
from carms_lake.names import QUERY_THREAD
from carms_lake.store.sql.statement import Statement

Result = TypeVar("Result")

LAKE_SCHEMAS = ("silver", "bronze", "ops")
"""The schemas of every lake."""


_POLL_S = 0.05
_GRACE_S = 2.0
"""How long a query may take to stop; a single call of some functions cannot be stopped at all."""


@dataclass(frozen=True)
class AsOf:
    """The lake as a run left it."""

    run_id: str
    gold: Callable[[Statement], Path | None]
    """The gold file as of the run, recomputed if the statement needs it; None where none was
    published."""


@dataclass
class Session:
    """One connection for one statement."""

    config: LakeConfig
    connection: duckdb.DuckDBPyConnection
    as_of: AsOf | None = None
    has_gold: bool = False
    gold_fault: LakeError | None = None
    """Why the gold file could not be attached, where the statement may do without it."""
    used_s: float = 0.0
    """Time that DuckDB worked; what the reader of the rows takes is not counted."""
    timed_out: bool = False
    is_abandoned: bool = False
    """DuckDB does not stop: the connection cannot be closed, and goes with the process."""
    files: list[str] = field(default_factory=list)
    """What the views may read."""
    damaged: list[StoreError] | None = None
    """Gets the errors of tables whose newest entry is damaged, and which answer as of the one
    before it; None where such a table is not to answer."""

    has_lake: bool = True
    """Whether tables of the lake have names; if not, the query sees the gold file alone."""
    own_run: str | None = None
    """The run as of which tables of the domain's own layers are read; None as long as none is."""

    @property
    def schemas(self) -> tuple[str, ...]:
        """Where a bare name is looked for, after gold."""
        return (*LAKE_SCHEMAS, *(self.config.domain.own_layers if self.has_lake else ()))

    @property
    def domain(self) -> str:
        """The catalog of the views."""
        return self.config.domain.name

    def run(self, work: Callable[[], Result]) -> Result:
        """Let DuckDB work in a second thread, where Ctrl-C and the time limit can stop it.

        In the main thread Python learns of Ctrl-C only when DuckDB comes back.

        Raises:
            InterruptException: the time was used up.
        """
        if self.used_s > self.config.query_timeout_s:
            self.timed_out = True
            raise duckdb.InterruptException
        results: list[Result] = []
        faults: list[BaseException] = []

        def worker() -> None:
            try:
                results.append(work())
            except BaseException as fault:  # noqa: BLE001 - raised again below
                faults.append(fault)
            finally:
                done.set()

        done = Event()  # a thread whose `join` was interrupted is not `is_alive`, though it runs
        started = monotonic()
        Thread(target=worker, name=QUERY_THREAD, daemon=True).start()
        try:
            while not done.wait(_POLL_S):
                late_s = self.used_s + monotonic() - started - self.config.query_timeout_s
                if late_s > 0:
                    self.timed_out = True
                    self.connection.interrupt()
                if late_s > _GRACE_S:
                    self.is_abandoned = True
                    raise duckdb.InterruptException
        except KeyboardInterrupt:
            stop_s = monotonic() + _GRACE_S
            while not done.wait(_POLL_S) and not self.is_abandoned:
                self.connection.interrupt()
                self.is_abandoned = monotonic() > stop_s
            raise
        self.used_s += monotonic() - started
        if faults:
            raise faults[0]
        return results[0]


_UNITS = {"BYTES": 1, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_PER_THREAD_BYTES = 192 * 2**20
"""Address space that a thread's stack and arena take without using it."""


_bounding = Lock()
_allowed_bytes: list[int] = []
"""What each query that is open in this process may add; the limit is the process's own."""
_unbounded = (-1, -1)
"""The limit from before the first of them."""


@contextmanager
def bounded_memory(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let the process grow by twice the connection's memory limit, where the system can (Linux)."""
    if sys.platform != "linux":
        yield
        return
    import resource

    global _unbounded  # noqa: PLW0603 - a process has one limit, whichever thread asks

    allowed = 2 * _limit_bytes(connection) + (os.cpu_count() or 1) * _PER_THREAD_BYTES
    with _bounding:
        if not _allowed_bytes:
            _unbounded = resource.getrlimit(resource.RLIMIT_AS)
        _allowed_bytes.append(allowed)
        before, hard = _unbounded
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + sum(_allowed_bytes)
        if before not in (resource.RLIM_INFINITY, -1):
            limit = min(limit, before)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        with _bounding:
            _allowed_bytes.remove(allowed)
            if not _allowed_bytes:
                resource.setrlimit(resource.RLIMIT_AS, _unbounded)


def _limit_bytes(connection: duckdb.DuckDBPyConnection) -> int:
    text = connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
    number, unit = str(text).split()
    return int(float(number) * _UNITS[unit.upper()])
