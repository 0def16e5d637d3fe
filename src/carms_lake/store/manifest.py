"""Which source files a bronze table holds: read from the metadata of its own commits.

A manifest in a second place disagrees with the data after a crash; the log of the table cannot.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from carms_lake.store.versions import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carms_lake.store.delta import LogEntry
    from carms_lake.store.versions import Commit


@dataclass(frozen=True)
class FileEntry:
    """One delivery of one source file, as it landed."""

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
    """The file with the same content that landed instead; a copy has no rows."""

    def as_metadata(self) -> dict[str, Any]:
        """The entry as a commit keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Manifest:
    """The files of one table, every kept delivery of each, oldest first."""

    deliveries: dict[str, tuple[FileEntry, ...]]

    @cached_property
    def current(self) -> dict[str, FileEntry]:
        """The newest delivery of each file, by name, copies included."""
        return {name: entries[-1] for name, entries in self.deliveries.items()}

    @property
    def entries(self) -> list[FileEntry]:
        """All kept deliveries of all files."""
        return [entry for entries in self.deliveries.values() for entry in entries]

    def next_delivery(self, name: str) -> int:
        """The id of the next delivery of a file: 1, 2, 3 ..."""
        known = self.deliveries.get(name, ())
        return max((entry.delivery_id or 0 for entry in known), default=0) + 1


def read_manifest(commits: Sequence[LogEntry | Commit]) -> Manifest:
    """The manifest that a table's commits add up to, oldest first.

    A file's entry takes the place of the one with the same delivery id; of a source whose files are
    replaced there is one entry per name. A commit that restored an earlier version lists all files
    of it, and what came between counts no more.
    """
    kept: dict[str, dict[int | None, FileEntry]] = {}
    for commit in commits:
        if MANIFEST in commit.metadata:
            kept.clear()
        listed = commit.metadata.get(MANIFEST, commit.metadata.get("files", ()))
        for entry in _entries(listed):
            kept.setdefault(entry.name, {})[entry.delivery_id] = entry
    ordered = {
        name: tuple(sorted(entries.values(), key=lambda entry: entry.delivery_id or 0))
        for name, entries in sorted(kept.items())
    }
    return Manifest(ordered)


def _entries(raw: Iterable[dict[str, Any]]) -> Iterable[FileEntry]:
    return (FileEntry(**entry) for entry in raw)
