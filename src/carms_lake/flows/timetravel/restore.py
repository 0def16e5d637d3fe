"""`restore`: an earlier version of a table becomes its newest one."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from carms_lake.config import LakeConfig
from carms_lake.errors import UsageError
from carms_lake.flows.run import running
from carms_lake.flows.timetravel import NamedTable, find
from carms_lake.flows.timetravel.as_of import resolve_as_of
from carms_lake.store.delta.integrity import has_whole_newest, newest_version
from carms_lake.store.delta.log import (
    MAINTAINED_BY,
    MANIFEST,
    RESTORED,
    commits,
    ensure_complete,
    files_at,
    total_rows,
    version_at,
)
from carms_lake.store.delta.manifest import read_manifest
from carms_lake.store.delta.write import restore as restore_table


@dataclass(frozen=True)
class Restored:
    """A table restored to an earlier version, or what that would do."""

    table: str
    version: int
    """The newest one until now."""
    to_version: int
    rows: int | None
    """Of the newest version until now; None where its log does not say."""
    to_rows: int | None
    files_new_again: tuple[str, ...] = ()
    """Source files that landed since; the next ingest takes them for new."""
    done_as: int | None = None
    """The new version; None in a dry run, and where there is nothing to do."""

    @property
    def is_there(self) -> bool:
        """Whether the table is at that version already."""
        return self.version == self.to_version


def restore(config: LakeConfig, name: str, to: str, *, yes: bool) -> Restored:
    """Restore a bronze or silver table to a version, or to what it was as of a run.

    The list of a bronze table's source files is restored with it: what landed since is new to the
    next ingest. Without `yes`, and where the table is at that version already, nothing is written.

    Raises:
        UsageError: the table, version or run is unknown, or the table cannot be restored.
        StoreError: files of that version are gone, or the lake cannot be written.
    """
    table = find(config, name)
    if table.ref is None:
        raise UsageError(
            f"`{table.name}` is a log of operations and cannot be restored",
            "`carms query --as-of RUN` reads it as of a run",
        )
    # A damaged newest entry is given up whatever comes in its place.
    gives_up = not has_whole_newest(table.path)
    yes = yes and (gives_up or newest_version(table.path) != _version(config, table, to))
    with running(config, "restore", keep=yes, giving_up=table.path) as run:
        now, to_version = newest_version(table.path), _version(config, table, to)
        # Of a damaged newest entry, which only this gives up, nothing else is known.
        is_whole = has_whole_newest(table.path)
        ensure_complete(table.path, to_version, table.name, contents=yes)
        plan = Restored(
            table.name,
            now,
            to_version,
            total_rows(files_at(table.path, now).values()) if is_whole else None,
            total_rows(files_at(table.path, to_version).values()),
            _files_since(table, to_version) if is_whole else (),
        )
        if not yes:
            return plan
        if to_version == now:  # what came after it was put aside: there is nothing to bring back
            return replace(plan, done_as=now)
        metadata = metadata_of_restore(table.path, to_version, run.run_id)
        return replace(plan, done_as=restore_table(table.path, to_version, metadata))


def metadata_of_restore(path: Path, to_version: int, run_id: str) -> dict[str, Any]:
    """What the commit says that restores a version: its source files, or its build."""
    log = [entry for entry in commits(path) if entry.version <= to_version]
    newest_first = [entry.metadata for entry in log[::-1]]
    restored = {MAINTAINED_BY: run_id, RESTORED: to_version}
    build = next((m for m in newest_first if "build" in m), None)
    if build is not None:
        # Readers of the table may have read a version in between, so all its rows are new to them.
        rows_since = {**build["build"], "rows_since": -1}
        return {"run_id": build["run_id"], "build": rows_since, **restored}
    ingest = next((m for m in newest_first if "contract" in m), {})
    contract = {key: ingest[key] for key in ("contract", "contract_version") if key in ingest}
    manifest = [asdict(entry) for entry in read_manifest(log).entries]
    return {**contract, MANIFEST: manifest, **restored}


def _version(config: LakeConfig, table: NamedTable, to: str) -> int:
    hint = f"`carms history {table.name}` lists its versions"
    if to.isdecimal():
        newest = newest_version(table.path)
        if int(to) > newest:
            message = f"`{table.name}` has no version {to}: its newest is {newest}"
            raise UsageError(message, hint)
        return int(to)
    run = resolve_as_of(config, to).run_id
    found = version_at(table.path, run)
    if found < 0:
        raise UsageError(f"`{table.name}` did not exist as of `{run}`", hint)
    return found


def _files_since(table: NamedTable, version: int) -> tuple[str, ...]:
    """Source files whose newest delivery landed after a version."""
    log = commits(table.path)
    before = read_manifest([entry for entry in log if entry.version <= version]).current
    return tuple(
        name
        for name, entry in read_manifest(log).current.items()
        if name not in before or before[name].sha256 != entry.sha256
    )
