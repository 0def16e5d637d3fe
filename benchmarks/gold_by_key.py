"""One batch of page views: a build of what it touches against a build of everything, in pairs.

`python benchmarks/gold_by_key.py --scale 0.2 --rounds 3`: at scale 1 there are five million page
views. The lake is made once in `--work`, and each build works on a copy of it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from pairs import Spent, median, paired, run

CARMS = [sys.executable, "-m", "carms_lake", "-d", "ticketing"]
COPY = "copy"


def made(work: Path, scale: float) -> Path:
    """A lake that is published but for the last batch of page views, which is ingested."""
    lake = work / f"lake_{scale:g}"
    if lake.exists():
        return lake
    part = work / "lake.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    run([*CARMS, "init", "."], cwd=part)
    run(
        [*CARMS[:3], "generate", "ticketing", "--scale", f"{scale:g}", "--batches", "40"],
        cwd=part,
    )
    batch = part / "data_raw/ticketing/incremental/pages/batch_040.csv"
    held = batch.rename(part / batch.name)
    run([*CARMS, "ingest"], cwd=part)
    run([*CARMS, "build"], cwd=part)
    held.rename(batch)
    run([*CARMS, "ingest"], cwd=part)
    return part.rename(lake)


def built(lake: Path, *options: str) -> Spent:
    """What a build in a fresh copy of the lake takes."""
    copy = lake.with_name(COPY)
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(lake, copy)
    return run([*CARMS, "build", *options], cwd=copy)


def main() -> None:
    """Make the lake, build in pairs, print what both take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / ".gold_by_key")
    options = parser.parse_args()
    lake = made(options.work.resolve(), options.scale)
    some, every, ratio = paired(
        lambda: built(lake), lambda: built(lake, "--full-refresh"), options.rounds
    )
    for name, runs in (("one batch", some), ("everything", every)):
        found = median(runs)
        print(f"{name}: {found.wall_s:.1f} s wall, {found.cpu_s:.1f} s cpu, {found.peak_mb:.0f} MB")
    print(f"ratio of the walls: {ratio:.2f}")
    shutil.rmtree(lake.with_name(COPY), ignore_errors=True)


if __name__ == "__main__":
    main()
