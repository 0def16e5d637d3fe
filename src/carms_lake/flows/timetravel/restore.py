"""`restore`: an earlier version of a table becomes its newest one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UsageError
from carms_lake.flows.run import running
from carms_lake.flows.timetravel.as_of import resolve_as_of
from carms_lake.flows.timetravel.history import find
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.log import (
    MAINTAINED_BY,
    MANIFEST,
    RESTORED,
    files_at,
    see_whole,
    version_at,
)
from carms_lake.store.delta.maintain import restore as restore_table
from carms_lake.store.delta.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.flows.timetravel.history import Named


@dataclass(frozen=True)
class Restored:
    """A table brought back to an earlier version, or what that would do."""

    table: str
    version: int
    """The one that stood before."""
    to_version: int
    rows: int | None
    """Of the version that stood before; None where its log does not say."""
    to_rows: int | None
    files_new_again: tuple[str, ...] = ()
    """Source files that landed since; the next ingest takes them for new."""
    done_as: int | None = None
    """The new version; None in a dry run."""


def restore(config: LakeConfig, name: str, to: str, *, yes: bool) -> Restored:
    """Bring a table of bronze or silver back to a version, or to what it was as of a run.

    Of bronze the list of its source files comes back with it: what landed since is new to the next
    ingest. Without `yes` nothing is written.

    Raises:
        UsageError: no such table, version or run, or a table that is not restored.
        StoreError: files of that version are gone, or the lake cannot be written.
    """
    table = find(config, name)
    if table.ref is None:
        raise UsageError(
            f"`{table.name}` keeps what happened, and is not restored",
            "`carms query --as-of RUN` shows what it said then",
        )
    with running(config, "restore", keep=yes) as run:
        now, then = delta.version(table.path), _version(config, table, to)
        see_whole(table.path, then, table.name)
        plan = Restored(
            table.name,
            now,
            then,
            _rows(table.path, now),
            _rows(table.path, then),
            _files_since(table, then),
        )
        if not yes:
            return plan
        metadata = _metadata(table, then, run.run_id)
        return replace(plan, done_as=restore_table(table.path, then, metadata))


def _version(config: LakeConfig, table: Named, to: str) -> int:
    if not to.isdecimal():
        run = resolve_as_of(config, to).run_id
        found = version_at(table.path, run)
        if found < 0:
            raise UsageError(
                f"`{table.name}` was not there as of `{run}`",
                f"`carms history {table.name}` lists its versions",
            )
        return found
    newest = delta.version(table.path)
    if int(to) > newest:
        raise UsageError(
            f"`{table.name}` has no version {to}: its newest is {newest}",
            f"`carms history {table.name}` lists them",
        )
    return int(to)


def _rows(path: Path, version: int) -> int | None:
    counts = [file.rows for file in files_at(path, version).values()]
    return None if None in counts else sum(count or 0 for count in counts)


def _files_since(table: Named, then: int) -> tuple[str, ...]:
    """Source files whose newest delivery the table has now, and had not at a version."""
    log = delta.log(table.path)
    now = read_manifest(log).current
    before = read_manifest([entry for entry in log if entry.version <= then]).current
    return tuple(
        name
        for name, entry in now.items()
        if name not in before or before[name].sha256 != entry.sha256
    )


def _metadata(table: Named, then: int, run_id: str) -> dict[str, Any]:
    return {**metadata_at(table.path, then), MAINTAINED_BY: run_id, RESTORED: then}


def metadata_at(path: Path, then: int) -> dict[str, Any]:
    """What the commits up to a version say of the table: its source files, or its build."""
    log = [entry for entry in delta.log(path) if entry.version <= then]
    newest = [entry.metadata for entry in log[::-1]]
    build = next((m for m in newest if "build" in m), None)
    if build is not None:
        # The rows are new to those who read the table: they may have read what stood between.
        return {"run_id": build["run_id"], "build": {**build["build"], "rows_since": -1}}
    made = next((m for m in newest if "contract" in m), {})
    kept = {key: made[key] for key in ("contract", "contract_version") if key in made}
    return {**kept, MANIFEST: [asdict(entry) for entry in read_manifest(log).entries]}
