"""What is killed, starved and raced in the tests of faults: one table, a line for each command."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from tiny import PRODUCTS, SALES, digest, put, stocked

from carms_lake.config import Domain, LakeConfig
from carms_lake.flows.append import append
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.maintenance import optimize
from carms_lake.flows.query import table_frame
from carms_lake.flows.rejects.replay import replay

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Subject:
    """A command and the project in which it has something to do."""

    name: str
    arrange: Callable[[Path, int], LakeConfig]
    """Makes the project; the number is how many rows its tables have at least."""
    act: Callable[[LakeConfig], Any]
    mends_by_itself: bool = True
    """Whether one normal run does what was not done; else the command itself is run again, too."""


def config_in(folder: Path) -> LakeConfig:
    """The configuration of a project that was arranged, or copied, there."""
    shipped = Path(str(files("tiny_shop"))) / "schemas"
    own = folder / "schemas"
    return LakeConfig(folder, Domain("tiny", "tiny_shop", (own if own.is_dir() else shipped,)))


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


def loosened(folder: Path, rows: int) -> LakeConfig:
    """A built lake whose contract of sales then lets land what it had set aside."""
    shutil.copytree(Path(str(files("tiny_shop"))) / "schemas", folder / "schemas")
    stocked(folder)
    config = config_in(folder)
    head, *_ = SALES.partition("\n")
    for name, first in (("many_1", "m"), ("many_2", "n")):
        many = "".join(f"{first}{n},p{1 + n % 2},{n % 3}\n" for n in range(max(rows, 6)))
        put(config, f"sales/{name}.csv", f"{head}\n{many}x1,p1,x\nx2,p1,1,1\n")
    run(config)
    contract = folder / "schemas" / "bronze" / "sales.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    assert "minimum: 1" in text
    contract.write_text(text.replace("minimum: 1", "minimum: 0"), encoding="utf-8")
    return config


def replayed(config: LakeConfig) -> None:
    """What `carms rejects replay` does: bronze, then silver and gold."""
    replay(config)
    build(config)


def counted(config: LakeConfig) -> None:
    """What a domain's command does that keeps what it found, if it is not kept yet."""
    shelf = pl.DataFrame({"product_id": ["p1", "p2"], "quantity": [3, 4]})
    counting = pl.DataFrame({"counted_by": ["Ann"]})
    if table_frame(config, "stock.counting").collect().is_empty():
        append(config, {"stock.shelf": shelf, "stock.counting": counting}, "count")


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("ingest", delivered, ingest),
        Subject("build", landed, build),
        Subject("full refresh", built, partial(build, full_refresh=True)),
        Subject("ingest again", built, partial(ingest, full_refresh=True)),
        Subject("replay", loosened, replayed, mends_by_itself=False),
        Subject("optimize", built, optimize),
        Subject("append", built, counted, mends_by_itself=False),
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
        left_alone = self.copy()
        run(left_alone)
        self.before = digest(left_alone)

    def copy(self) -> LakeConfig:
        """The project as it is before the subject acts; times of files are kept."""
        self._cases += 1
        target = self._folder / f"case_{self._cases}"
        shutil.copytree(self._folder / "arranged", target)
        return config_in(target)

    def mend(self, config: LakeConfig) -> bool:
        """One normal run; where that does not do the subject's work, the subject once more.

        False where the normal run leaves neither the tables of before nor those of after.
        """
        run(config)
        if self.subject.mends_by_itself:
            return True
        is_whole = digest(config) in (self.before, self.expected)
        self.subject.act(config)
        return is_whole

    def done_with(self, config: LakeConfig) -> None:
        """Take a case away that ended well."""
        shutil.rmtree(config.project)
