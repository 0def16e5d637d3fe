"""Random histories of a lake, judged by a fresh one that is made from what the lake should hold.

`History` plays a domain's user: files are added, changed, renamed, copied, dropped, repeated, split
and emptied; the lake is optimized, vacuumed, restored, killed. Beside it, it keeps by rules of its
own (`Held`) what the lake should hold. After a build, gold must equal the gold of a fresh lake into
which that was delivered, by a digest that DuckDB computes without the product.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from unittest import mock

import duckdb
from faults.crash import environment
from faults.files import taken_apart

import carms_lake
from carms_lake.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from carms_lake import Lake

FIRST_DAY = datetime(2099, 1, 1, tzinfo=UTC)
"""Ahead of any real clock, so that no moment has to wait for the newest commit."""

OF_ONE_RUN = {"created_at", "updated_at"}
"""Columns that say when a row was made, not what it is."""

ABOUT_RUNS = {"audit_ingestion", "data_quality", "quality_flag"}
"""Gold tables that tell of files, rejects and checks; a fresh lake had fewer runs."""


@dataclass
class Content:
    """What a file has, and what it comes to once rows that it repeats are left out."""

    sent: bytes
    means: bytes | None
    """None: nothing, all of its rows are in other files."""


@dataclass
class Held:
    """What the lake should hold of one source: the file's name -> its content."""

    reads_path: bool = False
    """A column is a part of the path: the same content under a second name is other data."""
    files: dict[str, Content] = field(default_factory=dict)

    def take(self, folder: dict[str, Content]) -> None:
        """One ingest. A name keeps its identity; a content whose name is gone moves with it."""
        for name in self.files.keys() & folder.keys():
            if not is_empty(name, folder[name].sent):
                self.files[name] = folder[name]
        for name in sorted(folder.keys() - self.files.keys(), key=_natural):
            same = [n for n, c in self.files.items() if c.sent == folder[name].sent]
            gone = [n for n in same if n not in folder]
            if gone:
                self.files[name] = self.files.pop(gone[0])
            elif not same or self.reads_path:
                self.files[name] = folder[name]


def _natural(name: str) -> list[Any]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def is_empty(name: str, content: bytes) -> bool:
    return not taken_apart(name, content).records


def digest(gold_file: Path) -> dict[str, str]:
    """Each gold table's rows as one text, sorted; fractions with 6 digits, times to the second."""
    found = {}
    with duckdb.connect(str(gold_file), read_only=True) as connection:
        tables = connection.execute(
            "select table_name, list((column_name, data_type) order by column_index)"
            " from duckdb_columns() where schema_name = 'gold' and not internal"
            " and table_name in (select table_name from duckdb_tables() where schema_name = 'gold')"
            " group by all order by 1"
        ).fetchall()
        for table, columns in tables:
            if table in ABOUT_RUNS:
                continue
            shown = ", ".join(
                f"round({name}, 6)"
                if kind == "DOUBLE"
                else f"date_trunc('second', {name})"
                if kind.startswith("TIMESTAMP")
                else f'"{name}"'
                for name, kind in columns
                if name not in OF_ONE_RUN
            )
            rows = connection.execute(
                f"select row({shown})::varchar as r from gold.{table} order by r"
            ).fetchall()
            found[table] = "\n".join(row for (row,) in rows)
    return found


def differences(got: dict[str, str], wanted: dict[str, str]) -> str:
    """Nothing where both are equal; else the first rows by which tables differ."""
    said = []
    for table in sorted(got.keys() | wanted.keys()):
        ours, theirs = (set(d.get(table, "").splitlines()) for d in (got, wanted))
        if got.get(table) != wanted.get(table):
            surplus, missing = sorted(ours - theirs)[:3], sorted(theirs - ours)[:3]
            said.append(f"{table}: not expected {surplus}, missing {missing}")
    return "\n".join(said)


class History:
    """One random history in a folder of its own."""

    def __init__(self, domain: str, pool: Path, folder: Path, seed: int) -> None:
        self.domain = domain
        self.random = random.Random(seed)
        self.lake = _new_lake(folder / "lake", domain)
        self._fresh = folder / "fresh"
        files = [p for p in sorted(pool.rglob("*")) if p.is_file()]
        self._whole = {p.relative_to(pool).parts[0] for p in files if "_delta_log" in p.parts}
        for name in self._whole:
            shutil.copytree(pool / name, self.lake.config.data_raw / name)
            shutil.copytree(pool / name, self._fresh / "always" / name)
        names = {p.relative_to(pool).as_posix(): p for p in files}
        self.pool = {
            n: p.read_bytes()
            for n, p in names.items()
            if n.split("/")[0] not in self._whole and self.source(n)
        }
        self.folder: dict[str, Content] = {}
        self.held: dict[str, Held] = {}
        self.deliveries: list[dict[str, Content]] = []
        """What was held after each ingest."""
        self.runs: list[str] = []
        self.dropped: dict[str, Content] = {}
        self.log: list[str] = []
        self._minutes = 0
        self.step = 0
        for name in sorted(self.pool):
            if self.random.random() < 0.75:
                self.write(name, Content(self.pool[name], self.pool[name]))

    def source(self, name: str) -> str | None:
        """The bronze table whose patterns match a file's name."""
        for table, contract in self.lake.contracts.items():
            patterns = contract.source.files if contract.source else ()
            if any(_matches(name, pattern) for pattern in patterns):
                return table
        return None

    # -- what happens to files

    def write(self, name: str, content: Content) -> None:
        path = self.lake.config.data_raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.sent)
        self.folder[name] = content

    def remove(self, name: str) -> Content:
        (self.lake.config.data_raw / name).unlink()
        return self.folder.pop(name)

    def sibling(self, name: str) -> str | None:
        """A free name that the same source takes."""
        path = PurePosixPath(name)
        if self.domain == "ticketing":
            source = self.source(name).split(".")[1]  # type: ignore[union-attr]
            names = [f"incremental/{source}/batch_{n:03}.csv" for n in range(1, 13)]
        elif self.domain == "carms":
            return None
        else:
            names = [str(path.with_stem(f"{path.stem}_{n}")) for n in (2, 9, 10, 11)]
        free = [n for n in names if n not in self.folder and n not in self.pool]
        known = {n for held in self.held.values() for n in held.files}
        free = [n for n in free if n not in known and self.source(n) == self.source(name)]
        return self.random.choice(free) if free else None

    def some_file(self) -> str:
        return self.random.choice(sorted(self.folder))

    def add(self) -> str:
        missing = sorted(self.pool.keys() - self.folder.keys())
        if not missing:
            return ""
        name = self.random.choice(missing)
        self.write(name, Content(self.pool[name], self.pool[name]))
        return name

    def change(self) -> str:
        """A record is gone, or another stands first."""
        name = self.some_file()
        taken = taken_apart(name, self.folder[name].means or self.folder[name].sent)
        if len(taken.records) < 3:
            return ""
        records = list(taken.records)
        records.pop(self.random.randrange(len(records)))
        new = taken.with_records(records)
        self.write(name, Content(new, new))
        return name

    def repeat(self) -> str:
        """Records stand twice in a file, one behind the other: it means what it meant."""
        name = self.some_file()
        content = self.folder[name]
        taken = taken_apart(name, content.sent)
        twice = {n for n in range(len(taken.records)) if self.random.random() < 0.25}
        records = [r for n, r in enumerate(taken.records) for _ in range(1 + (n in twice))]
        self.write(name, Content(taken.with_records(records), content.means))
        return name

    def repeat_elsewhere(self) -> str:
        """Records of a file come once more in a file of their own, which means nothing."""
        name = self.some_file()
        other = self.sibling(name)
        if other is None or self.domain != "retail" or self.is_whole(name):
            return ""
        taken = taken_apart(name, self.folder[name].sent)
        if len(taken.records) < 2:
            return ""
        some = taken.records[: self.random.randint(1, len(taken.records) - 1)]
        self.write(other, Content(taken.with_records(some), None))
        return f"{name} -> {other}"

    def shuffle(self) -> str:
        name = self.some_file()
        if self.folder[name].means != self.folder[name].sent:
            return ""
        taken = taken_apart(name, self.folder[name].sent)
        records = list(taken.records)
        self.random.shuffle(records)
        new = taken.with_records(records)
        self.write(name, Content(new, new))
        return name

    def split(self) -> str:
        name = self.some_file()
        other = self.sibling(name)
        taken = taken_apart(name, self.folder[name].sent)
        is_clean = self.folder[name].means == self.folder[name].sent
        if other is None or self.is_whole(name) or len(taken.records) < 2 or not is_clean:
            return ""
        at = self.random.randint(1, len(taken.records) - 1)
        for target, records in ((name, taken.records[:at]), (other, taken.records[at:])):
            new = taken.with_records(records)
            self.write(target, Content(new, new))
        return f"{name} + {other}"

    def empty(self) -> str:
        """Nothing but the header: refused where the file held rows."""
        name = self.some_file()
        new = taken_apart(name, self.folder[name].sent).with_records([])
        self.write(name, Content(new, new))
        return name

    def rename(self) -> str:
        name = self.some_file()
        other = self.sibling(name)
        if other is None:
            return ""
        self.write(other, self.remove(name))
        return f"{name} -> {other}"

    def copy(self) -> str:
        name = self.some_file()
        other = self.sibling(name)
        if other is None:
            return ""
        self.write(other, self.folder[name])
        return f"{name} -> {other}"

    def drop(self) -> str:
        if len(self.folder) < 3:
            return ""
        name = self.some_file()
        self.dropped[name] = self.remove(name)
        return name

    def add_again(self) -> str:
        back = sorted(self.dropped.keys() - self.folder.keys())
        if not back:
            return ""
        name = self.random.choice(back)
        self.write(name, self.dropped.pop(name))
        return name

    def is_snapshot(self, name: str) -> bool:
        """Whether every delivery of a file is kept."""
        spec = self.lake.contracts[self.source(name) or ""].source
        return spec is not None and spec.delivery == "snapshot"

    def is_whole(self, name: str) -> bool:
        """Whether a file says all that there is, so that a part of it in another says otherwise."""
        spec = self.lake.contracts[self.source(name) or ""].source
        return self.is_snapshot(name) or (spec is not None and spec.series is not None)

    # -- what happens to the lake

    def before(self) -> AbstractContextManager[None]:
        """A moment before the sources of this step are read."""
        self._minutes += 1
        return clock(self.step, self._minutes - 600)

    def forget(self) -> str:
        """A file that is gone is taken out of the lake, too."""
        gone = [
            (held, name)
            for held in self.held.values()
            for name in sorted(held.files.keys() - self.folder.keys())
            if not self.is_snapshot(name)
        ]
        if not gone:
            return ""
        held, name = self.random.choice(gone)
        with self.before():
            self.lake.forget(name, yes=True)
        del held.files[name]
        return name

    def replay(self) -> str:
        with self.before():
            self.lake.replay()
        return "."

    def optimize(self) -> str:
        from carms_lake.flows.maintenance import optimize

        with self.before():
            optimize(self.lake.config)
        return "."

    def vacuum(self) -> str:
        from carms_lake.flows.maintenance import vacuum

        with self.before():
            vacuum(self.lake.config, keep_runs=0, keep_days=0, yes=True)
        return "."

    def restore(self) -> str:
        """A silver table of before is made anew by the next build; in bronze, files are as then."""
        from carms_lake.flows.timetravel.restore import restore

        step = self.random.randrange(len(self.runs))
        table = self.random.choice([t for t in self.lake.contracts if not t.startswith("gold.")])
        with self.before():
            try:
                restore(self.lake.config, table, self.runs[step], yes=True)
            except LakeError as error:  # it was not there yet, or was vacuumed
                return f"{table}: {error.message}"
        if table in self.held:
            then = {n: c for n, c in self.deliveries[step].items() if self.source(n) == table}
            self.held[table].files = then
            for later in self.deliveries[step:]:
                for name in [n for n in later if self.source(n) == table]:
                    del later[name]
                later.update(then)
        return f"{table} as of step {step}"

    def kill(self) -> str:
        """A run that dies at some moment."""
        seconds = self.random.uniform(0, 2)
        code = (
            "import os, signal, sys, threading; sys.path.insert(0, sys.argv[5])\n"
            "import carms_lake; from faults.sequences import clock\n"
            "lake = carms_lake.open(sys.argv[1], domain=sys.argv[2])\n"
            "import carms_lake.flows.ingest, carms_lake.flows.build\n"
            "threading.Timer(float(sys.argv[3]), os.kill, (os.getpid(), signal.SIGKILL)).start()\n"
            "with clock(int(sys.argv[4]), -60):\n"
            "    if sys.argv[6] == 'run': lake.ingest()\n"
            "    lake.build(publish_anyway=True)\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        # What a killed run delivers of a snapshot is delivered then, not when the next one runs.
        command = "build" if self.has_new_snapshot() else "run"
        arguments = [str(self.lake.config.project), self.domain, str(seconds), str(self.step)]
        tests = str(Path(__file__).parents[1])
        line = [sys.executable, "-c", code, *arguments, tests, command]
        done = subprocess.run(line, env=environment(), capture_output=True, check=False)
        assert done.returncode in {-9, 137}, done.stderr.decode()
        return f"{command} after {seconds:.2f} s"

    def has_new_snapshot(self) -> bool:
        held = {n: c.sent for held in self.held.values() for n, c in held.files.items()}
        return any(self.is_snapshot(n) and held.get(n) != c.sent for n, c in self.folder.items())

    # -- one step

    def play(self) -> None:
        """A few accidents to files, perhaps one to the lake, then what a user runs every day."""
        for _ in range(self.random.randint(2, 4) if self.step else 0):
            self.do(self.random.choice(ON_FILES))
        if self.step and self.random.random() < 0.5:
            self.do(self.random.choice(ON_LAKES))
        if self.random.random() < 0.15:
            self.do(History.kill)
        with clock(self.step):
            self.runs.append(self.lake.ingest().run_id)
        for source in {self.source(name) or "" for name in self.folder} - self.held.keys():
            columns = self.lake.contracts[source].columns
            self.held[source] = Held(any(column.from_path for column in columns))
        for source, held in self.held.items():
            held.take({n: c for n, c in self.folder.items() if self.source(n) == source})
        self.deliveries.append({n: c for held in self.held.values() for n, c in held.files.items()})
        self.step += 1

    def do(self, what: Callable[[History], str]) -> None:
        self.log.append(f"{self.step}: {what.__name__} {what(self)}")

    def compare(self) -> str:
        """Build, and say by what gold differs from a fresh lake's; nothing where it does not."""
        with clock(self.step, -1300):
            self.lake.build(publish_anyway=True)
        got = digest(self.lake.config.gold_file)
        shutil.rmtree(self._fresh / "lake", ignore_errors=True)
        fresh = _new_lake(self._fresh / "lake", self.domain)
        key = self.lake.config.project / ".carms"
        if key.is_dir():  # masks are those of the key
            shutil.copytree(key, fresh.config.project / ".carms")
        for name in self._whole:
            shutil.copytree(self._fresh / "always" / name, fresh.config.data_raw / name)
        last: dict[str, bytes] = {}
        newest = self.deliveries[-1]
        for step, delivery in enumerate(self.deliveries):
            is_last = step == len(self.deliveries) - 1
            wanted = {
                n: c.means
                for n, c in (newest if is_last else delivery).items()
                if c.means is not None and (is_last or self.is_snapshot(n))
            }
            if wanted == last and not is_last:
                continue
            for name in last.keys() - wanted.keys():
                (fresh.config.data_raw / name).unlink()
            for name, content in wanted.items():
                if last.get(name) != content:
                    path = fresh.config.data_raw / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
            last = wanted
            with clock(step):
                fresh.ingest()
        with clock(self.step, -1300):
            fresh.build(publish_anyway=True)
        return differences(got, digest(fresh.config.gold_file))


ON_FILES: list[Callable[[History], str]] = [
    History.add, History.change, History.repeat, History.repeat_elsewhere, History.shuffle,
    History.split, History.empty, History.rename, History.copy, History.drop, History.add_again,
]  # fmt: skip
ON_LAKES: list[Callable[[History], str]] = [
    History.forget, History.replay, History.optimize, History.vacuum, History.restore,
]  # fmt: skip


@contextmanager
def clock(step: int, minutes: int = 0) -> Iterator[None]:
    """Sources are read at the same moment of a step in whichever lake; the rest before or after."""

    class Fixed(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # noqa: ARG003
            return FIRST_DAY + timedelta(days=step, minutes=minutes)

    with mock.patch("carms_lake.flows.run.datetime", Fixed):
        yield


def _matches(name: str, pattern: str) -> bool:
    text = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    text = text.replace(r"\[0\-9\]", "[0-9]")
    return re.fullmatch(text, name) is not None


def _new_lake(project: Path, domain: str) -> Lake:
    project.mkdir(parents=True)
    (project / "carms.toml").write_text(f'domain = "{domain}"\n', encoding="utf-8")
    lake = carms_lake.open(project, domain=domain)
    lake.config.data_raw.mkdir(parents=True, exist_ok=True)
    return lake
