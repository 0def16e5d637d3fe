"""Killed at any point, the next run repairs it: the same tables as if nothing had happened."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tiny import PRODUCTS, SALES, digest, put, stocked

from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig

TESTS = Path(__file__).parents[1]

RUN = """
import os, sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {packages!r}]
import tiny
from importlib.resources import files
from carms_lake.config import Domain, LakeConfig
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.store import delta

folder, fatal = Path(sys.argv[1]), int(sys.argv[2])
done = 0

def mortal(write):
    def wrapped(*arguments, **options):
        global done
        done += 1
        if done == fatal:
            os._exit(137)
        return write(*arguments, **options)
    return wrapped

for name in ("append", "replace", "overwrite", "commit_files"):
    setattr(delta, name, mortal(getattr(delta, name)))
os.replace = mortal(os.replace)
schemas = Path(str(files("tiny_shop"))) / "schemas"
config = LakeConfig(folder, Domain("tiny", "tiny_shop", (schemas,)))
ingest(config)
build(config)
print(done)
"""


def arrived(folder: Path) -> LakeConfig:
    """A project in its second delivery: a price changed, rows are rejected and quarantined."""
    config = stocked(folder)
    ingest(config)
    build(config)
    put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    put(config, "sales/day_1.csv", SALES.replace(",1\n", ",x\n"))
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p9,1\ns4,p2,7\n")
    return config


def start(folder: Path, fatal: int) -> subprocess.Popen[str]:
    script = RUN.format(tests=str(TESTS), packages=str(TESTS / "packages"))
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder), str(fatal)], stdout=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], int]:
    """The tables of a run that nobody killed, and how many writes it took."""
    config = arrived(tmp_path_factory.mktemp("undisturbed"))
    with start(config.project, 0) as process:
        out, _ = process.communicate()
    assert process.returncode == 0
    return digest(config), int(out)


def test_a_run_killed_before_any_of_its_writes_is_repaired_by_the_next(
    tmp_path: Path, undisturbed: tuple[dict[str, object], int]
) -> None:
    expected, writes = undisturbed
    assert writes > 10
    for fatal in range(1, writes + 1):
        config = arrived(tmp_path / str(fatal))
        with start(config.project, fatal) as process:
            process.communicate()
        assert process.returncode == 137
        ingest(config)
        build(config)
        assert digest(config) == expected, f"killed before write {fatal} of {writes}"


def test_a_run_killed_at_a_random_moment_is_repaired_by_the_next(
    tmp_path: Path, undisturbed: tuple[dict[str, object], int]
) -> None:
    expected, _ = undisturbed
    moments = random.Random(7)
    for number in range(5):
        config = arrived(tmp_path / str(number))
        with start(config.project, 0) as process:
            time.sleep(moments.uniform(0.3, 1.5))
            process.kill()
        ingest(config)
        build(config)
        assert digest(config) == expected
