"""One writer at a time: a lock on a domain's lake that names its holder."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from carms_lake.errors import StoreError, StoreLocked
from carms_lake.store.delta import durable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


WAIT_S = 10.0
"""How long a second writer waits for the first."""


@contextmanager
def writing(lake: Path, command: str, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the lake of a domain for writing; the operating system lets go when the process ends.

    First, what a power cut left of a commit is renamed, and what a killed run left is deleted.

    Raises:
        StoreLocked: another process holds it longer than `wait_s` seconds; the message names it.
        StoreError: the folder cannot be written.
    """
    holder = lake / ".lock.holder"
    lock = _acquired(lake, holder, command, wait_s)
    try:
        yield
    finally:
        with suppress(OSError):  # whoever holds the lake next writes its own name over this one
            holder.unlink(missing_ok=True)
        lock.release()


def _acquired(lake: Path, holder: Path, command: str, wait_s: float) -> FileLock:
    lock = FileLock(lake / ".lock", timeout=wait_s)
    try:
        lake.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        durable.mend_logs(lake)
        durable.clear_leftovers(lake)
        holder.write_text(f"`{command}`, process {os.getpid()}", encoding="utf-8")
    except Timeout:
        raise StoreLocked(
            f"the lake in `{lake}` is being written by {_holder(holder)}",
            "wait for it to end, then run this again",
        ) from None
    except OSError as error:
        lock.release()
        raise StoreError(
            f"`{error.filename or lake}` cannot be written: {error.strerror or error}",
            "is the disk full, or the lake folder read-only?",
        ) from error
    return lock


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") or "another process"
    except OSError:
        return "another process"


SHARED = Lock()
"""Held while a run of this process writes to rejects or ops, which every table writes to."""
