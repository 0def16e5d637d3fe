"""Tables of a domain's own layers: which of their versions count.

What a command of the domain appends to several tables at once is a commit in each. All but the last
of them name the table of the last one, and count only once that has a commit of the same run. A
reader takes all tables as of one run, so it sees what was appended together, or nothing of it.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake.config import LakeConfig
from carms_lake.names import TableRef
from carms_lake.store import table_path
from carms_lake.store.delta import Pinned
from carms_lake.store.delta.integrity import newest_version
from carms_lake.store.delta.log import MAINTAINED_BY, RESTORED, Commit, is_table, newest_first
from carms_lake.store.sql import quoted, read_pinned

if TYPE_CHECKING:
    from carms_lake.contract.model import Contract  # 26 ms, which no query needs

COMPLETED_BY = "completed_by"
"""In a commit's metadata: the table whose commit of the same run makes this one count."""


def newest_run(config: LakeConfig) -> str:
    """The newest run whose commit in the domain's own layers counts; empty without any.

    Raises:
        StoreError: a log cannot be read.
    """
    found = [""]
    for path in _folders(config):
        runs = (c.run_id for c in newest_first(path) if c.run_id and _counts(config, c))
        found += [*islice(runs, 1)]
    return max(found)


def version(config: LakeConfig, ref: TableRef, run_id: str | None = None) -> int:
    """The newest version of a table that counts, up to a run; -1 where there was none by then.

    Of bronze and silver every version counts.

    Raises:
        StoreError: a log cannot be read.
    """
    path = table_path(config, ref)
    for commit in newest_first(path) if is_table(path) else ():
        if (run_id is None or commit.mark <= run_id) and _counts(config, commit):
            return commit.version
    return -1


def select(contract: Contract, pinned: Pinned | None) -> str:
    """A SELECT of the contract's columns: null where rows are older than one; no rows for None."""
    there = {name for name, _ in pinned.columns} if pinned else set()
    columns = ", ".join(
        quoted(c.name) if c.name in there else f"null::{c.type.sql} as {quoted(c.name)}"
        for c in contract.columns
    )
    return f"select {columns}" + (f" from ({read_pinned(pinned)})" if pinned else " where false")


def roll_back(config: LakeConfig, run_id: str) -> None:
    """Take back what runs appended that were killed before they had appended all of it.

    Call it while holding the lake, before anything is added to its tables.

    Raises:
        StoreError: a table cannot be read or written.
    """
    for path in _folders(config):
        log = newest_first(path)
        counting = next((c.version for c in log if _counts(config, c)), None)
        if counting is not None and counting < newest_version(path):
            from carms_lake.store.delta.write import restore  # imports Delta

            restore(path, counting, {MAINTAINED_BY: run_id, RESTORED: counting})


def _folders(config: LakeConfig) -> list[Path]:
    """The folders of all existing tables of the domain's own layers."""
    layers = [config.lake / layer for layer in config.domain.own_layers]
    return [path for at in layers if at.is_dir() for path in sorted(at.iterdir()) if is_table(path)]


def _counts(config: LakeConfig, commit: Commit) -> bool:
    """Whether what was appended together with a commit is there, too."""
    last = commit.metadata.get(COMPLETED_BY)
    if last is None:
        return True
    for other in newest_first(config.lake / str(last).replace(".", "/")):
        if other.run_id == commit.run_id:
            return True
        if other.mark < commit.mark:
            return False
    return False
