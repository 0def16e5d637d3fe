"""The versions of the lake's tables, read from their logs: no data file is opened.

A version belongs to the run that committed it. What a table was as of a run is its newest version
that no later run made, so all tables can be read as they were at one time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote

from carms_lake.config import LakeConfig
from carms_lake.errors import StoreError
from carms_lake.names import Layer, run_began, run_timestamp
from carms_lake.store import LOG, rejects_path
from carms_lake.store.delta.integrity import (
    broken_log,
    damaged,
    ensure_sizes,
    log_files,
    unreadable,
    wrong_contents,
)

METADATA_KEY = "carms"
"""Where a commit of a table has what the tool wrote into it."""

MAINTAINED_BY = "maintained_by"
"""In a commit's metadata: the run that optimized or restored the table."""

RESTORED = "restored"
"""In a commit's metadata: the version that it brought back."""

MANIFEST = "manifest"
"""In a commit's metadata: all files that a bronze table has from then on."""

FORGOTTEN = "forgotten"
"""In a commit's metadata: the files that a user took back; they are among those that left."""

CHECKSUMS = "sha256"
"""In a commit's metadata: the SHA-256 of data files, those that it adds among them, by name."""

INTEGRITY = "integrity"
"""In the metadata of a commit of `ops.runs`: the last run that compared all files with these."""

LEFT = "left"
"""In a commit's metadata: names of files that the table no longer has, such as renamed ones."""

SEEN = "seen"
"""In a commit's metadata: files that have their content still, as the disk describes them now."""

REPLAYED = "replayed"
"""In a commit's metadata: how many records were loaded that had been rejected; no new file was."""

KEEPS_ROWS = "keeps_rows"
"""In a commit's metadata: the table has the same rows as before, in other files."""

VERSIONS = "versions"
"""In the metadata of a commit of `ops.runs`: the version of each table when the run ended."""

_KEEPING = frozenset(["OPTIMIZE", "VACUUM START", "VACUUM END"])
"""What other tools call such commits."""


@dataclass(frozen=True)
class DataFile:
    """One file of rows, as the log describes it."""

    name: str
    bytes: int
    rows: int | None
    """None where its writer did not count them."""
    sha256: str | None = None
    """None where its writer kept none: another tool, or an earlier version of this one."""


@dataclass(frozen=True)
class Commit:
    """One version of a table: who made it, and which files it added and removed."""

    version: int
    at: datetime
    operation: str
    metadata: Mapping[str, Any]
    added: tuple[DataFile, ...]
    removed: tuple[str, ...]

    @property
    def run_id(self) -> str | None:
        """The run that made it; None where another tool did."""
        found = self.metadata.get(MAINTAINED_BY) or self.metadata.get("run_id")
        return str(found) if found else None

    @property
    def mark(self) -> str:
        """The run that made it; of another tool's commit its time, as a run's id begins."""
        return self.run_id or run_timestamp(self.at)

    @property
    def keeps_rows(self) -> bool:
        """Whether the table has the same rows as before."""
        return self.operation in _KEEPING or bool(self.metadata.get(KEEPS_ROWS))


class RunEnd(NamedTuple):
    """A run that committed something, and when it did so last."""

    run_id: str
    at: datetime


def newest_first(path: Path, upto: int | None = None) -> Iterator[Commit]:
    """The commits of a table, newest first, each read when it is asked for; none without a table.

    With `upto` those up to a version: later entries are not even read.

    Raises:
        StoreError: the log cannot be read, or another tool cut its beginning off.
    """
    files = log_files(path)[::-1]
    if files and int(files[-1].stem) != 0:
        raise StoreError(
            f"the log of the table in `{path}` begins at version {int(files[-1].stem)}: another "
            "tool cut it off",
            "the table can be queried; its earlier versions cannot",
        )
    if files and len(files) != int(files[0].stem) + 1:
        missing = {*range(len(files))} - {int(file.stem) for file in files}
        raise broken_log(path, path / LOG / f"{min(missing):020}.json")
    for file in files:
        if upto is None or int(file.stem) <= upto:
            yield _commit(path, file)


def commits(path: Path, upto: int | None = None) -> list[Commit]:
    """The commits of a table, up to a version or all, oldest first; none where there is no table.

    Raises:
        StoreError: the log cannot be read, or another tool cut its beginning off.
    """
    return [*newest_first(path, upto)][::-1]


def mark_at(path: Path, version: int) -> str | None:
    """Which commit a version is, by the run that made it; None where the version is unknown.

    A version's number alone does not say that: in a table that was put back from a backup, or
    deleted and loaded again, other commits get the same numbers. Marks sort as commits were made.

    Raises:
        StoreError: the log cannot be read.
    """
    file = path / LOG / f"{version:020}.json"
    return _commit(path, file).mark if file.exists() else None


def states(path: Path, upto: int | None = None) -> Iterator[tuple[Commit, Mapping[str, DataFile]]]:
    """Each commit with the files that the table has after it, by name; a view that changes.

    Raises:
        StoreError: the log cannot be read, or another tool cut its beginning off.
    """
    files: dict[str, DataFile] = {}
    checksums: dict[str, str] = {}
    for commit in commits(path, upto):
        for name in commit.removed:
            files.pop(name, None)
        files.update({file.name: file for file in commit.added})
        checksums |= commit.metadata.get(CHECKSUMS, {})
        new = {*(file.name for file in commit.added), *commit.metadata.get(CHECKSUMS, {})}
        for name in new & files.keys() & checksums.keys():  # a restored file has its first one
            files[name] = replace(files[name], sha256=checksums[name])
        yield commit, files


def files_at(path: Path, version: int) -> dict[str, DataFile]:
    """The files that hold a table's rows at a version, by name.

    Raises:
        StoreError: the log cannot be read, or another tool cut its beginning off.
    """
    return next(
        (dict(files) for commit, files in states(path, version) if commit.version == version), {}
    )


def total_rows(files: Iterable[DataFile]) -> int | None:
    """How many rows some files hold; None where the writer of one did not count them."""
    counts = [file.rows for file in files]
    return None if None in counts else sum(count or 0 for count in counts)


def ensure_complete(path: Path, version: int, name: str, *, contents: bool = False) -> None:
    """Refuse a version of a table some of whose files no longer exist, or are cut off.

    With `contents` also where their bytes are not those that were written.

    Raises:
        StoreError: they were vacuumed, or are damaged.
    """
    files = files_at(path, version)
    lost = [file for file in files if not (path / file).exists()]
    if lost:
        raise StoreError(
            f"version {version} of `{name}` is incomplete: {len(lost)} of its files were vacuumed",
            f"`carms history {name}` shows which versions are whole",
        )
    ensure_sizes(path, [(file.name, file.bytes) for file in files.values()])
    known = [(file.name, file.sha256) for file in files.values() if file.sha256]
    if contents and (wrong := wrong_contents(path, known)):
        raise damaged(path, wrong)


def version_at(path: Path, run_id: str) -> int:
    """The version of a table as of a run; -1 where it did not exist yet.

    Raises:
        StoreError: the log cannot be read, or another tool cut its beginning off.
    """
    return version_among(commits(path), run_id)


def version_among(found: list[Commit], run_id: str) -> int:
    """The same for commits that were read already."""
    return max((commit.version for commit in found if commit.mark <= run_id), default=-1)


def rows_version(path: Path) -> int:
    """The newest version at which a table's rows changed; -1 where there is no table.

    Raises:
        StoreError: the log cannot be read, or another tool cut its beginning off.
    """
    return max((c.version for c in commits(path) if not c.keeps_rows), default=-1)


def table_folders(config: LakeConfig) -> dict[str, Path]:
    """All tables of a lake by name: `bronze.x`, `silver.x`, own layers, `ops.x` and `rejects`."""
    found: dict[str, Path] = {}
    for schema in (Layer.BRONZE, Layer.SILVER, *config.domain.own_layers, "ops"):
        parent = config.lake / schema
        if parent.is_dir():
            found |= {f"{schema}.{p.name}": p for p in sorted(parent.iterdir()) if is_table(p)}
    rejects = rejects_path(config)
    return found | ({"rejects": rejects} if is_table(rejects) else {})


def is_table(path: Path) -> bool:
    """Whether a folder has a table's log."""
    return (path / LOG).is_dir()


def newest_commit_at(config: LakeConfig) -> datetime | None:
    """When the lake was last committed to; None where it has no table.

    A log that cannot be read says nothing here: whoever reads the table reports it.
    """
    found = []
    for path in table_folders(config).values():
        with suppress(StoreError):
            found += [commit.at for commit in islice(newest_first(path), 1)]
    return max(found, default=None)


def run_ends(config: LakeConfig) -> list[RunEnd]:
    """Every run that committed anything, with its last commit, by run id.

    Raises:
        StoreError: a log cannot be read.
    """
    found = (commit for path in table_folders(config).values() for commit in commits(path))
    pairs = sorted((commit.run_id, commit.at) for commit in found if commit.run_id)
    return [RunEnd(run_id, at) for run_id, at in dict(pairs).items()]  # the last of each run


def _commit(path: Path, file: Path) -> Commit:
    info: dict[str, Any] = {}
    added: list[DataFile] = []
    removed: list[str] = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        if not any(lines):
            raise broken_log(path, file)
        for line in lines:
            action = json.loads(line) if line.strip() else {}
            if "add" in action:
                file_of = action["add"]
                rows = json.loads(file_of.get("stats") or "{}").get("numRecords")
                added.append(DataFile(_name(file_of["path"]), int(file_of.get("size") or 0), rows))
            elif "remove" in action:
                removed.append(_name(action["remove"]["path"]))
            elif "commitInfo" in action:
                info = action["commitInfo"]
        at = datetime.fromtimestamp(info.get("timestamp", 0) / 1000, UTC)
        metadata = json.loads(info.get(METADATA_KEY) or "{}")
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise broken_log(path, file) from error
    operation = str(info.get("operation") or "")
    commit = Commit(int(file.stem), at, operation, metadata, tuple(added), tuple(removed))
    with suppress(ValueError):  # the clock may have been set back since its run began
        commit = replace(commit, at=max(at, run_began(commit.run_id or "")))
    return commit


def _name(path: str) -> str:
    return PurePosixPath(unquote(path)).name
