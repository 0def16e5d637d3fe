"""One writer at a time: a lock on a domain's lake that names its holder."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from carms_lake.errors import StoreError, StoreLocked, system_refusal
from carms_lake.files import sync_folder
from carms_lake.store.delta import LOG, STAGING
from carms_lake.store.delta.integrity import has_sound_checkpoints, is_whole, log_files

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
        to_do = "is the disk full, or the lake folder read-only?"
        raise StoreError(
            f"`{error.filename or lake}` cannot be written: {error.strerror or error}",
            (system_refusal(error) or ("", to_do))[1],
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # whoever holds the lake next writes its own name over this one
            holder.unlink(missing_ok=True)
        lock.release()


def rename_torn_commits(lake: Path) -> list[Path]:
    """Rename the last commit of a log where a power cut left half of it; what was renamed.

    A run that had gone further would have synced it, so nothing was built upon it. Damaged
    checkpoints are renamed, too: they only repeat the commits. Call it while holding the lake.

    Raises:
        OSError: a log cannot be read or renamed.
    """
    renamed: list[Path] = []
    for log in (*lake.glob(f"*/{LOG}"), *lake.glob(f"*/*/{LOG}")):
        entries = log_files(log.parent)
        aside = [file for file in entries[-1:] if not is_whole(file)]
        if not has_sound_checkpoints(log.parent):
            aside += sorted(log.glob("*.checkpoint*.parquet"))
            (log / "_last_checkpoint").unlink(missing_ok=True)
        renamed += [file.replace(file.with_name(f"{file.name}.torn")) for file in aside]
        if aside:
            sync_folder(log)
    return renamed
