"""The whole retail domain by carms, and by dlt and dbt-duckdb, in turn, on the same files.

`python benchmarks/peers/run.py --scale 0.25 --rounds 3` makes the files and the peers' environments
(once), then in each round: carms ingests and builds into an empty lake; dlt loads the files into an
empty place on its fastest path (Arrow; `--bronze` says into what) and dbt builds the same silver,
gold and tests; then both do it again with nothing new. dlt's ordinary path (Python rows) is
measured on some of the order lines and reckoned up. At the end the gold tables of both are held
against each other.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from agree import differences  # noqa: E402  # the folders above are not packages
from dbt_from_carms import NOT_IN_DBT, make  # noqa: E402
from environments import environment, versions  # noqa: E402
from markdown import markdown  # noqa: E402
from pairs import Spent, median, run  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping

ORDINARY = {
    "insert_values": ("dlt (Python rows)", (10_000, 30_000)),
    "parquet": ("dlt (Python rows, Parquet asked for)", (50_000, 150_000)),
}
"""dlt's ordinary path: its name, and two sizes, which tell its start and its cost per row."""
COUNTS_REJECTS = ("data_quality",)
"""Gold tables that count the records of bronze's rejects, which dlt has none of."""
QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "PYTHONWARNINGS": "ignore",
}


@dataclass
class Bench:
    """Where everything is, and how long each step took, round by round."""

    carms: str
    dlt: Path
    dbt: Path
    work: Path
    data: Path
    kind: str
    """What dlt makes of bronze: parquet, delta or duckdb."""
    spent: dict[str, list[Spent]] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        """The project of carms."""
        return self.work / "project"

    @property
    def database(self) -> Path:
        """The DuckDB file of dbt."""
        return self.work / "peer" / "retail.duckdb"

    @property
    def bronze(self) -> Path:
        """Where dlt loads to: that file, or a folder."""
        return self.database if self.kind == "duckdb" else self.work / "peer" / "lake"

    def step(self, name: str, command: list[str], **environment: str) -> None:
        """Run a command and keep what it took."""
        took = run(command, cwd=self.work, env={**QUIET, **environment})
        self.spent.setdefault(name, []).append(took)
        print(f"  {name}: {took.wall_s:.1f} s, {took.peak_mb:.0f} MB", file=sys.stderr, flush=True)

    def of_carms(self, *words: str) -> list[str]:
        """A command of carms on the project."""
        return [self.carms, "-q", "-d", "retail", "-p", str(self.project), *words]

    def of_dlt(self, script: str, *words: str) -> list[str]:
        """A script in dlt's environment."""
        return [str(self.dlt / "python"), str(HERE / script), str(self.data), *words]

    def of_dbt(self, *words: str) -> list[str]:
        """A command of dbt on the project made of carms's SELECTs."""
        folder = str(self.work / "dbt")
        where = ["--project-dir", folder, "--profiles-dir", folder]
        threads = ["--threads", str(os.cpu_count() or 1)]
        return [str(self.dbt / "dbt"), "--quiet", *words, *where, *threads]


def main() -> int:
    """Measure, print a table, write JSON; 1 where the results differ."""
    options = _options()
    carms = shutil.which("carms", path=str(Path(sys.executable).parent)) or shutil.which("carms")
    if carms is None:
        print("`carms` is not installed beside this Python", file=sys.stderr)
        return 1
    work = options.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    data = (options.data or work / f"data-{options.scale:g}-{options.seed}").absolute()
    bench = Bench(carms, environment("dlt"), environment("dbt"), work, data, options.bronze)
    _prepare(bench, options.scale, options.seed)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        _carms_round(bench)
        _peer_round(bench)
    if not options.no_rows:
        _ordinary(bench)
    compared, differing = differences(
        bench.project / "lake" / "retail.duckdb", bench.database, (*NOT_IN_DBT, *COUNTS_REJECTS)
    )
    said = str(options.data) if options.data else f"scale {options.scale:g}"
    figures = _figures(bench, said, options.rounds)
    figures["agreement"] = {"compared": compared, "differing": differing}
    print(markdown(figures))
    target = options.json or work / "figures.json"
    target.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"\nas JSON: {target}", file=sys.stderr)
    return 1 if differing else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.25)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data", type=Path, help="files of retail that are there already")
    parser.add_argument("--work", type=Path, default=HERE / ".work", help="everything made is here")
    parser.add_argument("--bronze", choices=("parquet", "delta", "duckdb"), default="parquet")
    parser.add_argument("--no-rows", action="store_true", help="leave out dlt's ordinary path")
    parser.add_argument("--json", type=Path, help="where the figures go (default: in --work)")
    return parser.parse_args()


def _prepare(bench: Bench, scale: float, seed: int) -> None:
    shutil.rmtree(bench.project, ignore_errors=True)
    run([bench.carms, "init", str(bench.project)])
    if not bench.data.exists():
        print(f"generating scale {scale:g} ...", file=sys.stderr, flush=True)
        partial = bench.data.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        wanted = ["--scale", f"{scale:g}", "--seed", str(seed), "--out", str(partial)]
        run(bench.of_carms("generate", "retail", *wanted))
        partial.rename(bench.data)
    folder = "" if bench.kind == "duckdb" else (bench.bronze / "bronze").as_posix()
    counted = make(bench.work / "dbt", folder)
    print(f"dbt: {counted['models']} models, {counted['tests']} tests", file=sys.stderr)
    # dbt keeps what it parsed from one run to the next; its first run is not what is measured.
    run(bench.of_dbt("parse"), env={**QUIET, "RETAIL_DATABASE": str(bench.work / "parse.duckdb")})


def _carms_round(bench: Bench) -> None:
    shutil.rmtree(bench.project / "lake", ignore_errors=True)
    ingest = bench.of_carms("ingest", "--from", str(bench.data))
    bench.step("carms ingest", ingest)
    bench.step("carms build", bench.of_carms("build"))
    bench.step("carms ingest, nothing new", ingest)
    bench.step("carms build, nothing new", bench.of_carms("build"))


def _peer_round(bench: Bench) -> None:
    shutil.rmtree(bench.database.parent, ignore_errors=True)
    bench.database.parent.mkdir(parents=True)
    database, pipelines = str(bench.database), str(bench.database.parent / "pipelines")
    load = bench.of_dlt("load_arrow.py", str(bench.bronze), pipelines, bench.kind)
    bench.step("dlt load (Arrow)", load)
    bench.step("dbt build", bench.of_dbt("build"), RETAIL_DATABASE=database)
    state = bench.work / "state"
    state.mkdir(exist_ok=True)
    shutil.copy(bench.work / "dbt" / "target" / "manifest.json", state)
    bench.step("dlt load, nothing new", load)
    nothing = bench.of_dbt("build", "--select", "state:modified", "--state", str(state))
    bench.step("dbt build, nothing selected", nothing, RETAIL_DATABASE=database)
    bench.step("dbt build, again", bench.of_dbt("build"), RETAIL_DATABASE=database)


def _ordinary(bench: Bench) -> None:
    _, lines = _rows(bench)
    for layout, (name, sizes) in ORDINARY.items():
        if lines < max(sizes):
            print(f"{name} is left out: {lines} order lines are too few", file=sys.stderr)
            continue
        for rows in sizes:
            folder = bench.work / "rows"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            words = [str(folder / "rows.duckdb"), str(folder / "pipelines"), str(rows), layout]
            bench.step(f"{name}, {rows:,} order lines", bench.of_dlt("load_rows.py", *words))


def _figures(bench: Bench, said: str, rounds: int) -> dict[str, object]:
    steps = {name: median(runs) for name, runs in bench.spent.items()}
    files, size = _size(bench.data)
    rows, _ = _rows(bench)
    figures: dict[str, object] = {
        "machine": f"{platform.platform()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "versions": {
            **versions(Path(sys.executable).parent, ("carms-lake", "polars", "duckdb")),
            **versions(bench.dlt, ("dlt", "pyarrow")),
            **versions(bench.dbt, ("dbt-core", "dbt-duckdb")),
        },
        "data": {"said": said, "bronze": bench.kind, "files": files, "bytes": size, "rows": rows},
        "rounds": rounds,
        "steps": {name: asdict(took) for name, took in steps.items()},
        "ratios": _ratios(bench),
    }
    figures["ordinary"] = {
        name: reckoned
        for name, sizes in ORDINARY.values()
        if (reckoned := _reckoned(steps, name, sizes, rows))
    }
    return figures


def _reckoned(
    steps: Mapping[str, Spent], name: str, sizes: tuple[int, int], rows: int
) -> dict[str, float]:
    """What the whole domain would take, from two sizes; nothing where they were not run."""
    few, many = (steps.get(f"{name}, {size:,} order lines") for size in sizes)
    if few is None or many is None:
        return {}
    per_row = (many.wall_s - few.wall_s) / (sizes[1] - sizes[0])
    whole = few.wall_s + per_row * (rows - sizes[0])
    ours = steps["carms ingest"] + steps["carms build"]
    return {
        "seconds_per_million_rows": per_row * 1e6,
        "whole_domain_s": whole,
        "load_over_carms_ingest": whole / steps["carms ingest"].wall_s,
        "load_and_dbt_over_carms": (whole + steps["dbt build"].wall_s) / ours.wall_s,
    }


def _size(data: Path) -> tuple[int, int]:
    """Files and their bytes."""
    there = [path for path in data.rglob("*") if path.is_file()]
    return len(there), sum(path.stat().st_size for path in there)


def _rows(bench: Bench) -> tuple[int, int]:
    """How many rows dlt loaded, and how many of them are order lines."""
    import duckdb

    sql = (
        "select table_name, estimated_size::bigint from duckdb_tables() "
        "where schema_name = 'bronze' and not starts_with(table_name, '_dlt')"
    )
    if bench.kind != "duckdb":
        files = (bench.bronze / "bronze" / "*" / "*.parquet").as_posix()
        sql = (
            "select split_part(file_name, '/', -2), sum(num_rows)::bigint "
            f"from parquet_file_metadata('{files}') group by all"
        )
    with duckdb.connect(str(bench.database), read_only=True) as connection:
        found = dict(connection.execute(sql).fetchall())
    return sum(found.values()), found["orders_lines"]


def _ratios(bench: Bench) -> dict[str, dict[str, float]]:
    """Peer / carms, of wall and processor times, round by round, the median."""
    load, ingest = "dlt load (Arrow)", "carms ingest"
    whole = [("dbt build", "carms build"), (load, ingest)]
    pairs = {
        "ingest: dlt (Arrow) / carms": [(load, ingest)],
        "build and checks: dbt / carms": whole[:1],
        "all: dlt (Arrow) + dbt / carms": whole,
        "ingest, nothing new: dlt / carms": [("dlt load, nothing new", f"{ingest}, nothing new")],
        "build, nothing new: dbt with nothing selected / carms": [
            ("dbt build, nothing selected", "carms build, nothing new")
        ],
        "build, nothing new: dbt build / carms": [("dbt build, again", "carms build, nothing new")],
    }
    return {name: _ratio(bench, steps) for name, steps in pairs.items()}


def _ratio(bench: Bench, steps: list[tuple[str, str]]) -> dict[str, float]:
    rounds = range(len(bench.spent["carms ingest"]))
    nothing = Spent(0, 0)
    theirs = [sum((bench.spent[peer][at] for peer, _ in steps), nothing) for at in rounds]
    ours = [sum((bench.spent[own][at] for _, own in steps), nothing) for at in rounds]
    pairs = list(zip(theirs, ours, strict=True))
    return {
        "wall": statistics.median(t.wall_s / o.wall_s for t, o in pairs),
        "cpu": statistics.median(t.cpu_s / o.cpu_s for t, o in pairs if o.cpu_s)
        if any(o.cpu_s for o in ours)
        else 0.0,
    }


if __name__ == "__main__":
    sys.exit(main())
