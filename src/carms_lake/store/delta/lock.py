"""One writer at a time: a lock on a domain's lake that names its holder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Lock

from filelock import FileLock, Timeout

from carms_lake.errors import StoreError, StoreLocked, system_refusal
from carms_lake.files import sync_folder
from carms_lake.names import Layer
from carms_lake.store.delta import LOG, STAGING
from carms_lake.store.delta.integrity import (
    broken_log,
    has_sound_checkpoints,
    is_whole,
    layer_of,
    log_files,
    name_of,
    newest_version,
)
from carms_lake.store.delta.log import VERSIONS, newest_first
from carms_lake.store.delta.manifest import last_build

WAIT_S = 10.0
"""How long a second writer waits for the first."""

SHARED = Lock()
"""Held while a run of this process writes to rejects or ops, which every table writes to."""


_AFTER = {
    "bronze": "`carms ingest` reads its files again",
    "ops": "what it said of a run is lost",
    "own": "what its run appended is lost",
}
"""What becomes of the rows of an entry that was put aside, by layer."""


@contextmanager
def writing(
    lake: Path, command: str, *, wait_s: float = WAIT_S, giving_up: Path | None = None
) -> Iterator[list[str]]:
    """Hold the lake of a domain for writing; the operating system lets go when the process ends.

    First, what a power cut left of a commit is renamed, and what a killed run left is deleted; it
    gives what is to be said of that. `giving_up` is a table whose damaged entry is renamed, too.

    Raises:
        StoreLocked: another process holds it longer than `wait_s` seconds; the message names it.
        StoreError: the folder cannot be written, or the log of a table was damaged.
    """
    holder = lake / ".lock.holder"
    lock = FileLock(lake / ".lock", timeout=wait_s)
    try:
        lake.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        notes = mend_logs(lake, giving_up)
        staged = (*lake.glob(f"*/*/{STAGING}"), *lake.glob(f"*/{STAGING}"))  # of rejects, too
        for folder in (*staged, lake.parent / f".{lake.name}.building"):
            shutil.rmtree(folder, ignore_errors=True)
        holder.write_text(f"`{command}`, process {os.getpid()}", encoding="utf-8")
    except Timeout:
        name = ""
        with suppress(OSError):
            name = holder.read_text(encoding="utf-8")
        raise _locked(lake, name) from None
    except StoreError:
        lock.release()
        raise
    except OSError as error:
        lock.release()
        to_do = "is the disk full, or the lake folder read-only?"
        raise StoreError(
            f"`{error.filename or lake}` cannot be written: {error.strerror or error}",
            (system_refusal(error) or ("", to_do))[1],
        ) from error
    try:
        yield notes
    finally:
        with suppress(OSError):  # whoever holds the lake next writes its own name over this one
            holder.unlink(missing_ok=True)
        lock.release()


@dataclass(frozen=True)
class Holder:
    """Who wrote its name next to the lock of a lake, and whether it still holds it."""

    name: str
    """As "`carms build`, process 4711"; empty where nobody did."""
    is_writing: bool


def holder(lake: Path) -> Holder:
    """Who is writing to a lake; without a run under way, whose run was killed.

    Raises:
        OSError: the lock cannot be looked at.
    """
    name, is_held = "", False
    with suppress(FileNotFoundError):
        name = (lake / ".lock.holder").read_text(encoding="utf-8")
    if (lake / ".lock").exists():
        try:
            with FileLock(lake / ".lock", timeout=0):
                pass
        except Timeout:
            is_held = True
    return Holder(name, is_held)


def ensure_unlocked(lake: Path) -> None:
    """Refuse to go on while a process is writing to the lake of a domain.

    Raises:
        StoreLocked: one is; the message names it.
        StoreError: the lock cannot be looked at.
    """
    try:
        found = holder(lake)
    except OSError as error:
        where = error.filename or lake
        raise StoreError(
            f"`{where}` cannot be read: {error.strerror or error}", "check its permissions"
        ) from error
    if found.is_writing:
        raise _locked(lake, found.name)


def _locked(lake: Path, name: str) -> StoreLocked:
    return StoreLocked(
        f"the lake in `{lake}` is being written by {name or 'another process'}",
        "wait for it to end, then run this again",
    )


def mend_logs(lake: Path, giving_up: Path | None = None) -> list[str]:
    """Rename entries of logs that are not whole, and damaged checkpoints; what is said of each.

    A power cut leaves half of the last entry: its run had not ended, so nothing was built upon it.
    An entry of bronze or of an own layer that a run had left whole was damaged later, and is the
    only record of its rows: only `giving_up` renames it. Silver is rebuilt, and ops are but logs.
    Checkpoints only repeat the entries. Call it while holding the lake.

    Raises:
        StoreError: an entry of such a table was damaged, or a log cannot be read.
        OSError: a log cannot be read or renamed.
    """
    notes: list[str] = []
    known = {name_of(giving_up)} if giving_up else set[str]()
    logs = [*lake.glob(f"*/{LOG}"), *lake.glob(f"*/*/{LOG}")]
    for log in sorted(logs, key=_is_record):  # those that may be refused are last
        path = log.parent
        name, aside = name_of(path), [file for file in log_files(path)[-1:] if not is_whole(file)]
        if aside:
            version = int(aside[0].stem)
            known.add(name)
            if _is_record(log) and path != giving_up and _was_whole(lake, name, version):
                raise broken_log(path, aside[0], is_leftover=False)
            after = _AFTER.get(layer_of(path), "`carms run` brings its rows again")
            notes.append(
                f"`{name}`: the newest entry of its log, version {version}, was not whole and was "
                f"put aside as `{aside[0].name}.torn`; {after}"
            )
        if not has_sound_checkpoints(path):
            aside += sorted(log.glob("*.checkpoint*.parquet"))
            (log / "_last_checkpoint").unlink(missing_ok=True)
            notes.append(f"`{name}`: a damaged checkpoint was put aside; no row is lost by that")
        for file in aside:
            file.replace(file.with_name(f"{file.name}.torn"))
        if aside:
            sync_folder(log)
    return notes + [note for name, note in put_back(lake).items() if name not in known]


def _is_record(log: Path) -> bool:
    """Whether a log is of bronze or an own layer: nothing in the lake brings its rows again."""
    return layer_of(log.parent) in (Layer.BRONZE, "own")


def put_back(lake: Path) -> dict[str, str]:
    """What is said of tables that have lost versions since the last run ended, by their names.

    Raises:
        StoreError: a log cannot be read.
    """
    return {
        name: f"`{name}` is at version {now}, and the last run left it at {then}: it was put back "
        "from a backup, or lost the newest entries of its log"
        for name, then in versions_left(lake).items()
        if (now := newest_version(lake / name.replace(".", "/"))) < then
    }


def versions_left(lake: Path) -> dict[str, int]:
    """The version of each table when the last run ended, by name; none where no run kept it.

    Raises:
        StoreError: the log of runs cannot be read.
    """
    commits = newest_first(lake / "ops" / "runs")
    found = (commit.metadata[VERSIONS] for commit in commits if VERSIONS in commit.metadata)
    return dict(next(found, {}))


def versions_now(lake: Path) -> dict[str, int]:
    """The version of each table but those of operations, by name.

    Raises:
        StoreError: a log cannot be listed.
    """
    tables = [log.parent for log in lake.glob(f"*/*/{LOG}")]
    folders = [*(path for path in tables if path.parent.name != "ops"), lake / "rejects"]
    versions = {name_of(path): newest_version(path) for path in sorted(folders)}
    return {name: version for name, version in versions.items() if version >= 0}


def _was_whole(lake: Path, name: str, version: int) -> bool:
    """Whether a run ended, or silver was built, when a table's entry of that version was whole."""
    if versions_left(lake).get(name, -1) >= version:
        return True
    builds = (last_build(path) for path in lake.glob("silver/*"))
    inputs = [build.made_from.get("inputs", {}).items() for build in builds if build]
    read = (at for table, at in chain.from_iterable(inputs) if table.endswith(f".{name}"))
    return max(read, default=-1) >= version
