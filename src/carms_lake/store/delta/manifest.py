"""What commits say: source files, how silver was built, which rows changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.names import SRC_FILENAME, Layer, TableRef, run_began
from carms_lake.records import SourceFile
from carms_lake.store import delta, table_path
from carms_lake.store.delta.log import FORGOTTEN, LEFT, MANIFEST, SEEN, Commit, newest_first

_GRAIN_NS = 2_000_000_000
"""How coarse the times of files can be: two seconds on FAT and some network disks."""


@dataclass(frozen=True)
class FileEntry:
    """One delivery of one source file, as it was loaded."""

    name: str
    size: int
    """Of the file on disk, in bytes; of the container where it is compressed."""
    mtime_ns: int
    sha256: str
    """Of the uncompressed content."""
    run_id: str
    records: int = 0
    accepted: int = 0
    rejected: int = 0
    delivery_id: int | None = None
    delivered_at: str | None = None
    """ISO 8601, UTC."""
    copy_of: str | None = None
    """The file with the same content that was loaded instead; a copy has no rows."""
    is_outdated: bool = False
    """A copy of what `copy_of` held before it was corrected."""
    inode: int | None = None
    ctime_ns: int | None = None
    contract_version: str | None = None
    """Of the contract that judged the file's records."""
    record_rules: str | None = None
    """`Contract.record_rules` of that contract; None in lakes that did not keep it."""
    seen_ns: int | None = None
    """When the run began to look at the file; None in lakes that did not keep it."""

    @property
    def label(self) -> tuple[str, int | None]:
        """Its file and delivery, which the rows that a table has of it bear."""
        return self.name, self.delivery_id

    def is_surely(self, source: SourceFile) -> bool:
        """Whether a file has this content, as far as it can be known without reading it.

        Size and time alone do not prove it: `rsync -t`, `cp -p` and archives keep the time of a
        file. A file that changed while it was looked at, or just after, may have the same time.
        """
        if (self.size, self.mtime_ns) != (source.size, source.mtime_ns):
            return False
        then, now = (self.inode, self.ctime_ns), (source.inode, source.ctime_ns)
        if any(None not in pair and pair[0] != pair[1] for pair in zip(then, now, strict=True)):
            return False
        seen_ns = self.seen_ns or int(run_began(self.run_id).timestamp() * 1e9)
        return max(source.mtime_ns, source.ctime_ns or 0) < seen_ns - _GRAIN_NS

    def is_judged_by(self, contract: Contract) -> bool:
        """Whether the contract would judge the file's records as the one did that read them."""
        if self.record_rules is None:
            return self.contract_version in (None, contract.version)
        return self.record_rules == contract.record_rules

    def found_in(self, source: SourceFile, seen_ns: int) -> FileEntry:
        """The entry with what the disk says of the file that has the content now."""
        return replace(
            self,
            size=source.size,
            mtime_ns=source.mtime_ns,
            inode=source.inode,
            ctime_ns=source.ctime_ns,
            seen_ns=seen_ns,
        )

    def as_metadata(self) -> dict[str, Any]:
        """The entry as a commit keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Manifest:
    """The files of one table, every kept delivery of each, oldest first."""

    deliveries: dict[str, tuple[FileEntry, ...]]
    forgotten: tuple[str, ...] = ()
    """Files that were taken back, and that have not landed again since."""

    @cached_property
    def current(self) -> dict[str, FileEntry]:
        """The newest delivery of each file, by name, copies included."""
        return {name: entries[-1] for name, entries in self.deliveries.items()}

    @property
    def entries(self) -> list[FileEntry]:
        """All kept deliveries of all files."""
        return [entry for entries in self.deliveries.values() for entry in entries]

    def judged_before(self, contract: Contract) -> list[FileEntry]:
        """The files whose records were read under other rules than those of the contract."""
        loaded = [entry for entry in self.current.values() if entry.records]
        return [entry for entry in loaded if not entry.is_judged_by(contract)]

    def next_delivery(self, name: str) -> int:
        """The id of the next delivery of a file: 1, 2, 3 ..."""
        known = self.deliveries.get(name, ())
        return max((entry.delivery_id or 0 for entry in known), default=0) + 1


def read_manifest(commits: Sequence[Commit]) -> Manifest:
    """The manifest that a table's commits add up to, oldest first.

    A file's entry replaces the one with the same delivery id; a source whose files are replaced has
    one entry per name. Names that left are forgotten before the files of the commit count. A commit
    that restored an earlier version lists all files of it, and what came between no longer counts.
    """
    kept: dict[str, dict[int | None, FileEntry]] = {}
    forgotten: set[str] = set()
    for commit in commits:
        if MANIFEST in commit.metadata:
            kept.clear()
            forgotten.clear()
        for name in commit.metadata.get(LEFT, ()):
            kept.pop(name, None)
        forgotten |= {*commit.metadata.get(FORGOTTEN, ())}
        # These were only found unchanged: an earlier commit has their rows.
        for entry in (FileEntry(**fields) for fields in commit.metadata.get(SEEN, ())):
            kept[entry.name][entry.delivery_id] = entry
        listed = commit.metadata.get(MANIFEST, commit.metadata.get("files", ()))
        # Entries that early versions of the tool wrote do not say it themselves.
        of_commit = {"contract_version": commit.metadata.get("contract_version")}
        for entry in (FileEntry(**{**of_commit, **fields}) for fields in listed):
            kept.setdefault(entry.name, {})[entry.delivery_id] = entry
    ordered = {
        name: tuple(sorted(entries.values(), key=lambda entry: entry.delivery_id or 0))
        for name, entries in sorted(kept.items())
    }
    return Manifest(ordered, tuple(sorted(forgotten - ordered.keys())))


_KEY = "build"


@dataclass(frozen=True)
class Build:
    """One build of a silver table, as its commit keeps it."""

    run_id: str
    made_from: Mapping[str, Any]
    """The code, the tool, the contract, and the versions of the inputs."""
    rows: int
    quarantined: int = 0
    superseded: int = 0
    driver_keys: int | None = None
    keys: int | None = None
    """What was counted in the driver and here: rows, or distinct keys where one gives several."""
    unknown: Mapping[str, int] = field(default_factory=dict)
    """Rows quarantined for an unknown reference, by the name of its rule."""
    has_driver_keys: bool = False
    """Every key that the function returned is the driver's own, value by value."""
    rows_since: int = -1
    """The version at which the table got these rows; -1 where it is this very version."""
    version: int = -1
    """The table's version that this build made; not part of the metadata."""

    @property
    def input_rows(self) -> int:
        """The rows that the function returned: the driver's, where the table reconciles by row."""
        return self.rows + self.quarantined + self.superseded

    def as_metadata(self) -> dict[str, Any]:
        """The build as a commit keeps it."""
        kept = asdict(self)
        del kept["version"]
        version = self.made_from.get("contract_version")
        return {"run_id": self.run_id, "contract_version": version, _KEY: kept}


def last_build(path: Path) -> Build | None:
    """The build that made the table as it is now.

    None where there is no table, and where something else has changed its rows since.

    Raises:
        StoreError: the table cannot be read.
    """
    commit = next((commit for commit in newest_first(path) if not commit.keeps_rows), None)
    if commit is None or _KEY not in commit.metadata:
        return None
    build = Build(**commit.metadata[_KEY])
    since = commit.version if build.rows_since < 0 else build.rows_since
    return replace(build, version=commit.version, rows_since=since)


def last_builds(config: LakeConfig, contracts: Iterable[Contract]) -> dict[TableRef, Build]:
    """The builds that made the silver tables among these, by table.

    Raises:
        StoreError: a table cannot be read.
    """
    silver = [contract.ref for contract in contracts if contract.ref.layer is Layer.SILVER]
    return {ref: build for ref in silver if (build := last_build(table_path(config, ref)))}


def changed_sources(config: LakeConfig, contracts: Iterable[Contract]) -> set[TableRef]:
    """The bronze tables that were last loaded by another contract than today's, or never.

    Raises:
        StoreError: a table cannot be read.
    """
    return {c.ref for c in contracts if _loaded_by(table_path(config, c.ref)) != c.fingerprint}


def _loaded_by(path: Path) -> str | None:
    """The fingerprint of the contract by which files were last loaded into a table."""
    log = newest_first(path)
    return next((c.metadata["contract"] for c in log if "contract" in c.metadata), None)


@dataclass(frozen=True)
class SourceChanges:
    """The rows of a bronze table that were inserted and deleted since a version of it."""

    names: frozenset[str]
    """The source files that were loaded since, or replaced."""
    inserted: pl.LazyFrame
    """Their rows now."""
    deleted: pl.LazyFrame
    """The rows that they had at that version."""


def source_changes(path: Path, then: int) -> SourceChanges | None:
    """What source files changed in a bronze table since the version `then`.

    None where the log does not say: the contract changed, something other than an ingest changed
    the table, or the data files of that version are gone.

    Raises:
        StoreError: the table cannot be read.
    """
    names: set[str] = set()
    contracts: set[str | None] = set()
    for commit in newest_first(path):
        files = commit.metadata.get("files")
        if files is not None:
            contracts.add(commit.metadata.get("contract"))
        if commit.version > then and not commit.keeps_rows:
            if files is None:
                return None
            names |= {entry["name"] for entry in files} | {*commit.metadata.get(LEFT, ())}
        elif commit.version <= then and files is not None:
            break  # the contract by which the rows of that version were loaded
    before, now = set(delta.pinned(path, then).files), set(delta.pinned(path).files)
    gone = before - now
    # Under another contract the same record gives another row: old and new say nothing then.
    if len(contracts) > 1 or not all(Path(file).exists() for file in gone):
        return None
    of_names, columns = pl.col(SRC_FILENAME).is_in(sorted(names)), delta.columns(path)
    return SourceChanges(
        frozenset(names),
        delta.scan_files(sorted(now - before), columns).filter(of_names),
        delta.scan_files(sorted(gone), columns).filter(of_names),
    )


def rows_at(path: Path, version: int) -> pl.LazyFrame | None:
    """The rows of a table at a version; None where its data files are gone.

    Raises:
        StoreError: the table cannot be read.
    """
    files = delta.pinned(path, version).files
    return delta.scan(path, version) if all(Path(file).exists() for file in files) else None
