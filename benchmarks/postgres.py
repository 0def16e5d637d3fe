"""`carms publish postgres`, next to a bare ADBC ingest of the same rows and types.

    python benchmarks/postgres.py PROJECT DOMAIN URL [ROUNDS]

PROJECT has a built lake, URL names a database of its own for the test, on this machine: the time of
its processor is read from /proc, so it runs on Linux. Both drop what they loaded. The bare ingest
creates the tables and copies them, in one transaction, and does nothing else: no keys, no indexes,
no comments, and it does not look at what arrived.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.adapters.postgres import publish
from carms_lake.adapters.postgres.session import Session, connected, quoted
from carms_lake.adapters.postgres.tables import tables_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = {"create index": "indexes", "analyze": "statistics", "alter table": "keys"}
Parts = dict[str, list[float]]


def main(project: str, domain: str, url: str, rounds: int = 3) -> None:
    """Both in turn; medians of wall and processor time (client + server), by part."""
    found: dict[str, list[Parts]] = {"bare": [], "publish": []}
    for _ in range(rounds):
        for kind, runs in found.items():
            child = [sys.executable, __file__, f"--{kind}", project, domain, url]
            runs.append(json.loads(subprocess.run(child, check=True, capture_output=True).stdout))
    base = _medians(found["bare"])["load"]
    for kind, runs in found.items():
        for part, (wall, cpu) in _medians(runs).items():
            ratios = f"{wall / base[0]:.2f}x wall, {cpu / base[1]:.2f}x processor"
            print(f"{kind:8} {part:12} {wall:7.2f} s, processor {cpu:6.2f} s: {ratios}")
    both = [
        [sum(run[part][at] for part in ("load", "comparison")) / bare["load"][at] for at in (0, 1)]
        for bare, run in zip(found["bare"], found["publish"], strict=True)
    ]
    wall, cpu = (statistics.median(pair[at] for pair in both) for at in (0, 1))
    print(f"load and comparison, pair by pair: {wall:.2f}x wall, {cpu:.2f}x processor")


def _medians(runs: list[Parts]) -> Parts:
    return {
        part: [statistics.median(run[part][at] for run in runs) for at in (0, 1)]
        for part in runs[0]
    }


class _Meter:
    """Wall and processor time of this process and of one of the server, by part."""

    def __init__(self) -> None:
        self.server: int | None = None
        self._of_server = 0.0
        self.parts: Parts = defaultdict(lambda: [0.0, 0.0])

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        before = self._now()
        try:
            yield
        finally:
            for at, (now, then) in enumerate(zip(self._now(), before, strict=True)):
                self.parts[part][at] += now - then

    def _now(self) -> tuple[float, float]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu = used.ru_utime + used.ru_stime
        if self.server is not None:
            with suppress(OSError):  # it ends with the connection
                fields = Path(f"/proc/{self.server}/stat").read_text().rpartition(")")[2].split()
                self._of_server = (int(fields[11]) + int(fields[12])) / 100
        return time.perf_counter(), cpu + self._of_server


def bare(project: str, domain: str, url: str) -> Parts:
    """Create the tables and copy them."""
    lake, meter = carms_lake.open(project, domain), _Meter()
    with connected(url) as session, carms_lake.Published(lake.config) as file:
        ((meter.server,),) = session.run("select pg_backend_pid()")
        tables = tables_of(lake, file)
        with meter.of("load"):
            for layer in ("gold", "ops"):
                session.run(f"create schema bare_{layer}")
            for table in tables:
                session.run(table.create(f"bare_{table.layer}"))
                with file.batches(table.select()) as rows:
                    session.load(f"bare_{table.layer}", table.name, rows)
            session.commit()
        session.run("drop schema bare_gold, bare_ops cascade")
        session.commit()
    return meter.parts


def published(project: str, domain: str, url: str) -> Parts:
    """Publish, with what each part took; `other` are the views, functions and comments."""
    meter = _Meter()
    run, load, batches = Session.run, Session.load, Session.batches

    def measured_run(self: Session, sql: str) -> list[tuple[Any, ...]]:
        if meter.server is None:
            ((meter.server,),) = run(self, "select pg_backend_pid()")
        part = next((p for start, p in PARTS.items() if sql.startswith(start)), "other")
        with meter.of(part):
            return run(self, sql)

    def measured_load(self: Session, *what: Any) -> None:
        with meter.of("load"):
            load(self, *what)

    @contextmanager
    def measured_batches(self: Session, sql: str) -> Iterator[Any]:
        with meter.of("comparison"), batches(self, sql) as found:
            yield found

    for name, measured in (
        ("run", measured_run), ("load", measured_load), ("batches", measured_batches),
    ):  # fmt: skip
        setattr(Session, name, measured)
    lake = carms_lake.open(project, domain)
    with meter.of("all"):
        publish(lake, url)
    with connected(url) as session:
        for (schema,) in run(
            session, f"select nspname::text from pg_namespace where nspname like '{domain}\\_%'"
        ):
            run(session, f"drop schema {quoted(schema)} cascade")
        session.commit()
    return meter.parts


if __name__ == "__main__":
    if sys.argv[1] in ("--bare", "--publish"):
        of = {"--bare": bare, "--publish": published}[sys.argv[1]]
        print(json.dumps(of(*sys.argv[2:])))
    else:
        main(*sys.argv[1:4], *map(int, sys.argv[4:]))
