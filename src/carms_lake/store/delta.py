"""Delta tables through delta-rs: create, append, replace, read at a pinned version.

A commit's metadata says what the commit holds; it is the lake's only manifest. Frames are compared
with the table's schema before every write, because delta-rs casts silently (1.7 becomes 1 in a
long column).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from deltalake import CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from carms_lake.errors import ContractError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_CONFIGURATION = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.dataSkippingNumIndexedCols": "0",
}
"""Commit metadata is the manifest, so the log is never cleaned; long texts get no statistics."""

_COLUMN_MAPPING_READER = 2
"""The reader version that means column mapping; later versions name their features."""

_METADATA_KEY = "carms"
_ZSTD = WriterProperties(compression="ZSTD")
_ATTEMPTS = 5


@dataclass(frozen=True)
class Pinned:
    """A table as it stood at one version: the files that hold its rows, and its columns."""

    version: int
    files: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """Name and Delta type."""


@dataclass(frozen=True)
class LogEntry:
    """One commit of a table, with what the tool wrote into it."""

    version: int
    committed_ms: int
    operation: str
    metadata: Mapping[str, Any]


def exists(path: Path) -> bool:
    """Whether there is a Delta table in the folder."""
    return (path / "_delta_log").is_dir() and DeltaTable.is_deltatable(str(path))


def open_table(path: Path, version: int | None = None) -> DeltaTable:
    """The table in a folder, at a version or the newest.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    try:
        return DeltaTable(str(path), version=version)
    except TableNotFoundError:
        raise StoreError(
            f"no table in `{path}`", "run `carms ingest`, then `carms build`"
        ) from None
    except (DeltaError, OSError) as error:
        raise StoreError(f"the table in `{path}` cannot be read: {error}") from error


def pinned(path: Path, version: int | None = None) -> Pinned:
    """The files and columns of a table at a version.

    Raises:
        StoreError: no such table, or its protocol needs more than reading its files: deletion
            vectors or column mapping, which other writers may have turned on.
    """
    table = open_table(path, version)
    protocol = table.protocol()
    needed = set(protocol.reader_features or ())
    if needed - {"timestampNtz"} or protocol.min_reader_version == _COLUMN_MAPPING_READER:
        raise StoreError(
            f"the table in `{path}` needs reader features: "
            + (", ".join(sorted(needed)) or "column mapping"),
            "it was written by another tool; write it again without them",
        )
    return Pinned(
        version=table.version(),
        files=tuple(_local(uri) for uri in table.file_uris()),
        columns=tuple((field.name, str(field.type)) for field in table.schema().fields),
    )


def scan(path: Path, version: int | None = None) -> pl.LazyFrame:
    """The rows of a table at a version, lazily, in no promised order.

    Raises:
        StoreError: no such table.
    """
    import polars as pl

    return pl.scan_delta(open_table(path, version))


def version(path: Path) -> int:
    """The newest version of a table, -1 where there is none."""
    return open_table(path).version() if exists(path) else -1


def log(path: Path) -> list[LogEntry]:
    """The commits of a table, oldest first; none where there is no table."""
    if not exists(path):
        return []
    entries = [
        LogEntry(
            version=entry["version"],
            committed_ms=entry.get("timestamp", 0),
            operation=entry.get("operation", ""),
            metadata=json.loads(entry.get(_METADATA_KEY) or "{}"),
        )
        for entry in open_table(path).history()
    ]
    return sorted(entries, key=lambda entry: entry.version)


def append(path: Path, frame: pl.DataFrame, metadata: Mapping[str, Any]) -> int:
    """Add rows in one commit, creating the table where there is none; the new version.

    Raises:
        ContractError: the frame's columns or types are not the table's.
        StoreError: the folder cannot be written.
    """
    return _write(path, frame, metadata, mode="append")


def replace(path: Path, frame: pl.DataFrame, predicate: str, metadata: Mapping[str, Any]) -> int:
    """Put rows in the place of those that `predicate` selects, in one commit; the new version.

    Raises:
        ContractError: the frame's columns or types are not the table's.
        StoreError: the folder cannot be written.
    """
    return _write(path, frame, metadata, mode="overwrite", predicate=predicate)


def overwrite(path: Path, frame: pl.DataFrame, metadata: Mapping[str, Any]) -> int:
    """Put rows in the place of all rows, columns and types included; the new version.

    Raises:
        StoreError: the folder cannot be written.
    """
    return _write(path, frame, metadata, mode="overwrite", schema_mode="overwrite")


def delete(path: Path, predicate: str, metadata: Mapping[str, Any]) -> None:
    """Take out the rows that `predicate` selects, in one commit.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        open_table(path).delete(predicate, commit_properties=_properties(metadata))
    except (DeltaError, OSError) as error:
        raise StoreError(f"`{path}` cannot be written: {error}") from error


def _write(
    path: Path,
    frame: pl.DataFrame,
    metadata: Mapping[str, Any],
    **how: Any,
) -> int:
    try:
        if not exists(path):
            path.mkdir(parents=True, exist_ok=True)
            DeltaTable.create(
                str(path),
                frame.clear().to_arrow().schema,
                mode="ignore",
                configuration=_CONFIGURATION,
            )
        elif how.get("schema_mode") != "overwrite":
            _compare(path, frame)
        for attempt in range(_ATTEMPTS):
            try:
                write_deltalake(
                    str(path),
                    frame,
                    writer_properties=_ZSTD,
                    commit_properties=_properties(metadata),
                    **how,
                )
                break
            except CommitFailedError:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.05 * 2**attempt)
    except (DeltaError, OSError) as error:
        raise StoreError(
            f"`{path}` cannot be written: {error}", "is the disk full, or the folder read-only?"
        ) from error
    return open_table(path).version()


def _compare(path: Path, frame: pl.DataFrame) -> None:
    import polars as pl

    there = dict(pl.Schema(open_table(path).schema().to_arrow()))
    here = dict(frame.schema)
    if there != here:
        changed = sorted(k for k in there.keys() | here.keys() if there.get(k) != here.get(k))
        raise ContractError(
            f"the table in `{path}` has other columns than its contract: "
            + ", ".join(f"`{name}` {there.get(name)} -> {here.get(name)}" for name in changed),
            "the contract changed: `carms ingest --full-refresh` reads the files again",
        )


def _properties(metadata: Mapping[str, Any]) -> CommitProperties:
    return CommitProperties(custom_metadata={_METADATA_KEY: json.dumps(metadata, sort_keys=True)})


def _local(uri: str) -> str:
    """A file's path on disk from what the log calls it."""
    if uri.startswith("file:"):
        return url2pathname(unquote(urlsplit(uri).path))
    return str(Path(uri))
