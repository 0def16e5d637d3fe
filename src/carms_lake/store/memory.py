"""A bound on what the process may take while a query runs.

DuckDB's own limit holds for its buffers; what one function call allocates, as
`repeat('x', 3000000000)` does, and what the planner takes are outside of it.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

_UNITS = {"BYTES": 1, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_PER_THREAD_BYTES = 192 * 2**20
"""Address space that a thread's stack and arena take without using it."""


@contextmanager
def bounded_memory(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let the process grow by twice the connection's memory limit, where the system can (Linux)."""
    if sys.platform != "linux":
        yield
        return
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = (
        _in_use_bytes() + 2 * _limit_bytes(connection) + (os.cpu_count() or 1) * _PER_THREAD_BYTES
    )
    if before not in (resource.RLIM_INFINITY, -1):
        limit = min(limit, before)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))


def _limit_bytes(connection: duckdb.DuckDBPyConnection) -> int:
    text = connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
    number, unit = str(text).split()
    return int(float(number) * _UNITS[unit.upper()])


def _in_use_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")
