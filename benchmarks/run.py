"""The figures of docs/performance.md: `python benchmarks/run.py [--rounds N] [--data DIR]`.

`--data` is a folder with the four public CaRMS files; without it, generated ones of the same
number of programs are used. Each line is a ratio within one run, or a time and a peak of memory.
"""

from __future__ import annotations

import argparse
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


def main() -> int:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", type=Path, default=_real_files())
    options = parser.parse_args()
    carms = shutil.which("carms", path=str(Path(sys.executable).parent)) or shutil.which("carms")
    if carms is None:
        print("`carms` is not installed beside this Python", file=sys.stderr)
        return 1
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"data: {'the public files' if options.data else f'{PROGRAMS} generated programs'}\n")
    print("| what | measured | limit |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        _measure(carms, Path(folder), options.data, options.rounds)
    return 0


def _real_files() -> Path | None:
    root = os.environ.get("CARMS_REAL_DATA")
    return Path(root) / "carms" if root else None


def _measure(carms: str, folder: Path, data: Path | None, rounds: int) -> None:
    project = folder / "project"
    run([carms, "init", str(project)])
    arrive(carms, project, data)
    firsts = [_first_run(carms, project) for _ in range(max(1, rounds // 2))]
    spent = median(firsts)
    _line(
        "`carms run`, everything new", f"{spent.wall_s:.2f} s, {spent.peak_mb:.0f} MB", "12 s, 1 GB"
    )
    again = median([run([carms, "-p", str(project), "run"]) for _ in range(rounds)])
    _line("`carms run`, nothing new", f"{again.wall_s:.2f} s, {again.peak_mb:.0f} MB", "1.5 s")
    typer = folder / "bare_typer.py"
    typer.write_text(BARE_TYPER, encoding="utf-8")
    duck = folder / "bare_duckdb.py"
    duck.write_text(BARE_DUCKDB, encoding="utf-8")
    gold = project / "lake" / "carms.duckdb"
    _ratio(
        "`carms --help` / a bare Typer program",
        [carms, "--help"],
        [sys.executable, str(typer), "--help"],
        rounds,
        "1.3",
    )
    _ratio(
        '`carms query "select 1"` / bare Python and DuckDB',
        [carms, "-p", str(project), "query", "select 1"],
        [sys.executable, str(duck), str(gold)],
        rounds,
        "1.6",
    )


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


def _ratio(what: str, command: list[str], bare: list[str], rounds: int, limit: str) -> None:
    ours, theirs, ratio = paired(lambda: run(command), lambda: run(bare), rounds)
    both = f"{1000 * median(ours).wall_s:.0f} ms / {1000 * median(theirs).wall_s:.0f} ms"
    _line(what, f"{ratio:.2f} ({both})", limit)


def _line(what: str, measured: str, limit: str) -> None:
    print(f"| {what} | {measured} | {limit} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
