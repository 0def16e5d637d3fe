"""One writer at a time: a lock on a domain's lake that names its holder."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from carms_lake.errors import StoreError, StoreLocked
from carms_lake.files import sync_folder
from carms_lake.store.delta import LOG, STAGING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


WAIT_S = 10.0
"""How long a second writer waits for the first."""

SHARED = Lock()
"""Held while a run of this process writes to rejects or ops, which every table writes to."""


@contextmanager
def writing(lake: Path, command: str, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the lake of a domain for writing; the operating system lets go when the process ends.

    First, what a power cut left of a commit is renamed, and what a killed run left is deleted.

    Raises:
        StoreLocked: another process holds it longer than `wait_s` seconds; the message names it.
        StoreError: the folder cannot be written.
    """
    holder = lake / ".lock.holder"
    lock = FileLock(lake / ".lock", timeout=wait_s)
    try:
        lake.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        rename_torn_commits(lake)
        staged = (*lake.glob(f"*/*/{STAGING}"), *lake.glob(f"*/{STAGING}"))  # of rejects, too
        for folder in (*staged, lake.parent / f".{lake.name}.building"):
            shutil.rmtree(folder, ignore_errors=True)
        holder.write_text(f"`{command}`, process {os.getpid()}", encoding="utf-8")
    except Timeout:
        name = ""
        with suppress(OSError):
            name = holder.read_text(encoding="utf-8")
        raise StoreLocked(
            f"the lake in `{lake}` is being written by {name or 'another process'}",
            "wait for it to end, then run this again",
        ) from None
    except OSError as error:
        lock.release()
        raise StoreError(
            f"`{error.filename or lake}` cannot be written: {error.strerror or error}",
            "is the disk full, or the lake folder read-only?",
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # whoever holds the lake next writes its own name over this one
            holder.unlink(missing_ok=True)
        lock.release()


def rename_torn_commits(lake: Path) -> list[Path]:
    """Rename the last commit of a log where a power cut left half of it; what was renamed.

    A run that had gone further would have synced it, so nothing was built upon it. A checkpoint
    only repeats the commits, which are all kept. Call it while holding the lake.

    Raises:
        OSError: a log cannot be read or renamed.
    """
    renamed: list[Path] = []
    for log in (*lake.glob(f"*/{LOG}"), *lake.glob(f"*/*/{LOG}")):
        newest = [max(log.glob(f"*.{kind}"), default=None) for kind in ("json", "parquet")]
        torn = [file for file in newest if file and not _is_complete(file)]
        renamed += [file.replace(file.with_name(f"{file.name}.torn")) for file in torn]
        if torn:
            (log / "_last_checkpoint").unlink(missing_ok=True)  # a hint to what may be gone
            sync_folder(log)
    return renamed


def _is_complete(file: Path) -> bool:
    """Whether a commit or a checkpoint was written to its end."""
    content = file.read_bytes()
    if file.suffix == ".parquet":
        return content.endswith(b"PAR1")
    try:
        actions = [json.loads(line) for line in content.splitlines()]
    except ValueError:
        return False
    return bool(actions) and all(isinstance(action, dict) for action in actions)
