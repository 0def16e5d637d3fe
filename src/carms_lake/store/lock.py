"""One writer at a time: a lock on a domain's lake that names its holder."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from carms_lake.errors import StoreError, StoreLocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = 10.0
"""How long a second writer waits for the first."""


@contextmanager
def writing(lake: Path, command: str, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the lake of a domain for writing; the operating system lets go when the process ends.

    Raises:
        StoreLocked: another process holds it longer than `wait_s` seconds; the message names it.
        StoreError: the folder cannot be written.
    """
    holder = lake / ".lock.holder"
    try:
        lake.mkdir(parents=True, exist_ok=True)
        lock = FileLock(lake / ".lock", timeout=wait_s)
        with lock:
            holder.write_text(f"`{command}`, process {os.getpid()}", encoding="utf-8")
            try:
                yield
            finally:
                holder.unlink(missing_ok=True)
    except Timeout:
        raise StoreLocked(
            f"the lake in `{lake}` is being written by {_holder(holder)}",
            "wait until it is done, then run this again",
        ) from None
    except PermissionError as error:
        raise StoreError(
            f"`{error.filename or lake}` cannot be written: {error.strerror}",
            "check the permissions of the lake folder",
        ) from error


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") or "another process"
    except OSError:
        return "another process"
