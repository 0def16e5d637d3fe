"""The figures of docs/performance.md: `python benchmarks/run.py`.

`--data` is a folder with the four public CaRMS files; without it, generated ones of the same
number of programs are used. Each line is a ratio within one run, or times and a peak of memory.

The last column is what was measured over what `last.json` has, which is committed: 1.00 is as
before, less is faster. It compares ratios, and processor seconds where there is no ratio; these say
something on the machine of `last.json` only. `--keep` writes the file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from pairs import Spent, median, paired, run

BARE_TYPER = """
import typer
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
@app.command()
def one(name: str = "") -> None: ...
@app.command()
def two(name: str = "") -> None: ...
app()
"""
BARE_DUCKDB = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print(connection.execute("select 1").fetchall())
"""
PROGRAMS = 815
FIRST, AGAIN = "`carms run`, everything new", "`carms run`, nothing new"
HELP = "`carms --help` / a bare Typer program"
QUERY = '`carms query "select 1"` / bare Python and DuckDB'
LIMITS = {FIRST: "6 s, 600 MB", AGAIN: "0.6 s", HELP: "1.2", QUERY: "1.3"}
LAST = Path(__file__).with_name("last.json")


def main() -> int:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", type=Path, default=_real_files())
    parser.add_argument("--keep", action="store_true", help="write last.json")
    options = parser.parse_args()
    carms = shutil.which("carms", path=str(Path(sys.executable).parent)) or shutil.which("carms")
    if carms is None:
        print("`carms` is not installed next to this Python", file=sys.stderr)
        return 1
    machine = f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    data = "the public files" if options.data else f"{PROGRAMS} generated programs"
    table = Table({"machine": machine, "data": data})
    with tempfile.TemporaryDirectory() as folder:
        _measure(table, carms, Path(folder), options.data, options.rounds)
    if options.keep:
        LAST.write_text(json.dumps(table.found, indent=2) + "\n", encoding="utf-8")
    return 0


class Table:
    """The lines of the table, printed as they come."""

    def __init__(self, head: dict[str, str]) -> None:
        self.found: dict[str, str | float] = dict(head)
        self._last = json.loads(LAST.read_text(encoding="utf-8")) if LAST.exists() else {}
        print("\n".join(f"{name}: {said}" for name, said in head.items()))
        for name, said in head.items():
            if self._last and self._last[name] != said:
                print(f"last.json is of another {name}: {self._last[name]}")
        print("\n| what | measured | limit | over the last |\n|---|---|---|---|")

    def line(self, what: str, measured: str, figure: float) -> None:
        """One line; the figure is what is compared with that of the last time."""
        last = self._last.get(what)
        over = f"{figure / last:.2f}" if last else ""
        print(f"| {what} | {measured} | {LIMITS[what]} | {over} |", flush=True)
        self.found[what] = round(figure, 3)


def _real_files() -> Path | None:
    root = os.environ.get("CARMS_REAL_DATA")
    return Path(root) / "carms" if root else None


def _measure(table: Table, carms: str, folder: Path, data: Path | None, rounds: int) -> None:
    project = folder / "project"
    run([carms, "init", str(project)])
    arrive(carms, project, data)
    firsts = [_first_run(carms, project) for _ in range(max(1, rounds // 2))]
    _spent(table, FIRST, median(firsts))
    again = median([run([carms, "-p", str(project), "run"]) for _ in range(rounds)])
    _spent(table, AGAIN, again)
    typer = folder / "bare_typer.py"
    typer.write_text(BARE_TYPER, encoding="utf-8")
    duck = folder / "bare_duckdb.py"
    duck.write_text(BARE_DUCKDB, encoding="utf-8")
    gold = project / "lake" / "carms.duckdb"
    _ratio(table, HELP, [carms, "--help"], [sys.executable, str(typer), "--help"], rounds)
    ours = [carms, "-p", str(project), "query", "select 1"]
    _ratio(table, QUERY, ours, [sys.executable, str(duck), str(gold)], rounds)


def arrive(carms: str, project: Path, data: Path | None) -> None:
    """Put the source files into a project: the public ones, or as many generated programs."""
    if data is None:
        run([carms, "-p", str(project), "generate", "carms", "--programs", str(PROGRAMS)])
        return
    target = project / "data_raw" / "carms"
    target.mkdir(parents=True, exist_ok=True)
    for path in data.iterdir():
        shutil.copy(path, target)


def _first_run(carms: str, project: Path) -> Spent:
    shutil.rmtree(project / "lake")
    return run([carms, "-p", str(project), "run"])


def _spent(table: Table, what: str, spent: Spent) -> None:
    said = f"{spent.wall_s:.2f} s, {spent.cpu_s:.2f} s of processor, {spent.peak_mb:.0f} MB"
    table.line(what, said, spent.cpu_s or spent.wall_s)


def _ratio(table: Table, what: str, ours: list[str], bare: list[str], rounds: int) -> None:
    both = paired(lambda: run(ours), lambda: run(bare), rounds)
    carms_ms, bare_ms = (round(1000 * median(runs).wall_s) for runs in both[:2])
    table.line(what, f"{both[2]:.2f} ({carms_ms} ms / {bare_ms} ms)", both[2])


if __name__ == "__main__":
    sys.exit(main())
