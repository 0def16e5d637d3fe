"""What a power cut leaves: data, then the log that names it, then the folder that names the log.

A commit counts on its data files only when the disk has them, so they are synced before it; when a
run says that it is done, the disk has its commits too. delta-rs syncs nothing by itself.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from carms_lake.files import sync_files, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


STAGING = ".staging"
"""Where rows of a table wait for their commit."""

_LOG = "_delta_log"


def sync_data(table: Path, files: Iterable[Path]) -> None:
    """Have the disk write data files of a table before a commit names them.

    Raises:
        OSError: the disk is full or broken.
    """
    new = list(files)
    sync_files(new)
    if new:
        sync_folder(table)


def sync_commit(table: Path, version: int) -> None:
    """Have the disk write a commit, and its checkpoint: files, then the folder.

    Raises:
        OSError: the disk is full or broken.
    """
    log = table / _LOG
    sync_files(log.glob(f"{version:020d}.*"))
    sync_folder(log)


def make_folder(folder: Path) -> None:
    """Create a folder and those above it, and have the disk write the names of the new ones.

    Raises:
        OSError: it cannot be created.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in reversed(missing):
        sync_folder(one.parent)


def mend_logs(lake: Path) -> list[Path]:
    """Rename the last commit of a log where a power cut left half of it; what was renamed.

    A run that had gone further would have synced it, so nothing was built upon it. A checkpoint
    only repeats the commits, which are all kept. Call it while holding the lake.

    Raises:
        OSError: a log cannot be read or renamed.
    """
    renamed: list[Path] = []
    for log in (*lake.glob(f"*/{_LOG}"), *lake.glob(f"*/*/{_LOG}")):
        newest = [max(log.glob(f"*.{kind}"), default=None) for kind in ("json", "parquet")]
        torn = [file for file in newest if file and not _is_whole(file)]
        renamed += [file.replace(file.with_name(f"{file.name}.torn")) for file in torn]
        if torn:
            (log / "_last_checkpoint").unlink(missing_ok=True)  # a hint to what may be gone
            sync_folder(log)
    return renamed


def clear_leftovers(lake: Path) -> None:
    """Delete what a killed run was still writing: staged rows, a half-built gold file.

    Call it while holding the lake.
    """
    staged = (*lake.glob(f"*/*/{STAGING}"), *lake.glob(f"*/{STAGING}"))  # of rejects, too
    for folder in (*staged, lake.parent / f".{lake.name}.building"):
        shutil.rmtree(folder, ignore_errors=True)


def _is_whole(file: Path) -> bool:
    """Whether a commit or a checkpoint was written to its end."""
    content = file.read_bytes()
    if file.suffix == ".parquet":
        return content.endswith(b"PAR1")
    try:
        actions = [json.loads(line) for line in content.splitlines()]
    except ValueError:
        return False
    return bool(actions) and all(isinstance(action, dict) for action in actions)
