"""What is killed, starved and raced in the tests of faults: one table, a line for each command."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiny import PRODUCTS, SALES, digest, put, stocked

from carms_lake.config import Domain, LakeConfig
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Subject:
    """A command and the project in which it has something to do."""

    name: str
    arrange: Callable[[Path, int], LakeConfig]
    """Makes the project; the number is how many rows its tables have at least."""
    act: Callable[[LakeConfig], Any]


def config_in(folder: Path) -> LakeConfig:
    """The configuration of a project that was arranged, or copied, there."""
    schemas = Path(str(files("tiny_shop"))) / "schemas"
    return LakeConfig(folder, Domain("tiny", "tiny_shop", (schemas,)))


def run(config: LakeConfig) -> None:
    """One normal run: what mends a lake after whatever happened to it."""
    ingest(config)
    build(config)


def delivered(folder: Path, rows: int) -> LakeConfig:
    """A built lake and a second delivery: a price changed, rows to reject and to quarantine."""
    config = stocked(folder)
    head, *_ = SALES.partition("\n")
    many = "".join(f"m{n},p{1 + n % 2},{n % 9 + 1}\n" for n in range(rows))
    put(config, "sales/many_1.csv", f"{head}\n{many}")
    run(config)
    put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    put(config, "sales/day_1.csv", SALES.replace(",1\n", ",x\n"))
    put(config, "sales/day_2.csv", f"{head}\ns3,p9,1\ns4,p2,7\n")
    put(config, "sales/many_1.csv", f"{head}\n{many.replace('m', 'n')}")
    put(config, "sales/many_2.csv", f"{head}\n{many.replace('m', 'o')}")
    return config


def landed(folder: Path, rows: int) -> LakeConfig:
    """The same with the second delivery in bronze."""
    config = delivered(folder, rows)
    ingest(config)
    return config


def built(folder: Path, rows: int) -> LakeConfig:
    """The same built."""
    config = landed(folder, rows)
    build(config)
    return config


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("ingest", delivered, ingest),
        Subject("build", landed, build),
        Subject("full refresh", built, partial(build, full_refresh=True)),
        Subject("ingest again", built, partial(ingest, full_refresh=True)),
    )
}
"""A new command that writes the lake gets a line here, and every test of faults has it."""


class Arranged:
    """A subject's project, made once and copied for each case, and what it comes to undisturbed."""

    def __init__(self, name: str, folder: Path, rows: int) -> None:
        self.subject = SUBJECTS[name]
        self._folder = folder
        self._cases = 0
        self.subject.arrange(folder / "arranged", rows)
        config = self.copy()
        self.subject.act(config)
        run(config)
        self.expected = digest(config)

    def copy(self) -> LakeConfig:
        """The project as it is before the subject acts; times of files are kept."""
        self._cases += 1
        target = self._folder / f"case_{self._cases}"
        shutil.copytree(self._folder / "arranged", target)
        return config_in(target)

    def done_with(self, config: LakeConfig) -> None:
        """Take a case away that ended well."""
        shutil.rmtree(config.project)
