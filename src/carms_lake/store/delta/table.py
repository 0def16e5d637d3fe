"""Delta tables through delta-rs: create, add, take out, read at a pinned version.

A commit's metadata says what the commit holds; it is the lake's only manifest. Frames are compared
with the table's schema before every write, because delta-rs casts silently (1.7 becomes 1 in a
long column).
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote
from uuid import uuid4

from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from carms_lake.errors import ContractError, StoreError
from carms_lake.files import sync_folder
from carms_lake.store.delta import durable
from carms_lake.store.layout import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl


_CONFIGURATION = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.dataSkippingNumIndexedCols": "0",
}
"""Commit metadata is the manifest, so the log is never cleaned; long texts get no statistics."""

_COLUMN_MAPPING_READER = 2
"""The reader version that means column mapping; later versions name their features."""

_UNUSABLE = re.compile(r"[#?\[\]^|]|%[0-9A-Fa-f]{2}")


@dataclass(frozen=True)
class Pinned:
    """A table as it stood at one version: the files that hold its rows, and its columns."""

    version: int
    files: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """Name and Delta type."""


@dataclass(frozen=True)
class FileChange:
    """Data files that come into a table and that go, in one commit."""

    added: Sequence[Path]
    removed: Sequence[Path] = ()
    whole: bool = False
    """All files that were there go, and so do the table's columns."""


@dataclass(frozen=True)
class LogEntry:
    """One commit of a table, with what the tool wrote into it."""

    version: int
    metadata: Mapping[str, Any]


def exists(path: Path) -> bool:
    """Whether there is a Delta table in the folder.

    Raises:
        StoreError: the folder's path has characters that delta-rs takes for another path.
    """
    _see_path(path)
    return (path / "_delta_log").is_dir() and DeltaTable.is_deltatable(str(path))


def open_table(path: Path, version: int | None = None) -> DeltaTable:
    """The table in a folder, at a version or the newest.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    _see_path(path)
    try:
        return DeltaTable(str(path), version=version)
    except TableNotFoundError:
        raise StoreError(
            f"no table in `{path}`", "run `carms ingest`, then `carms build`"
        ) from None
    except (DeltaError, OSError) as error:
        raise StoreError(
            f"the table in `{path}` cannot be read: {_first_line(error)}",
            "delete that folder: `carms build` makes silver and ops anew, `carms ingest "
            "--full-refresh` bronze, from the source files that are there",
        ) from error


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
        files=_files(path, table),
        columns=tuple((field.name, str(field.type)) for field in table.schema().fields),
    )


def scan(path: Path, version: int | None = None) -> pl.LazyFrame:
    """The rows of a table at a version, lazily, in no promised order.

    Raises:
        StoreError: no such table.
    """
    import polars as pl

    table = open_table(path, version)
    schema = pl.Schema(table.schema().to_arrow())
    files = list(_files(path, table))
    if not files:
        return pl.LazyFrame(schema=schema)
    found = pl.scan_parquet(
        files, glob=False, hive_partitioning=False, schema=schema, missing_columns="insert"
    )
    return found.select(schema.names())


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
            metadata=json.loads(entry.get(METADATA_KEY) or "{}"),
        )
        for entry in open_table(path).history()
    ]
    return sorted(entries, key=lambda entry: entry.version)


def append(
    path: Path, frame: pl.DataFrame, metadata: Mapping[str, Any], *, new_columns: bool = False
) -> int:
    """Add rows in one commit, creating the table where there is none; the new version.

    With `new_columns` the frame may have columns that the table has not; older rows are null there.

    Raises:
        ContractError: the frame's columns or types are not the table's.
        StoreError: the folder cannot be written.
    """
    if new_columns and exists(path):
        frame = _widened(path, frame, metadata)
    return _write_ahead(path, frame, metadata)


def overwrite(path: Path, frame: pl.DataFrame, metadata: Mapping[str, Any]) -> int:
    """Put rows in the place of all rows, columns and types included; the new version.

    Raises:
        StoreError: the folder cannot be written.
    """
    return _write_ahead(path, frame, metadata, whole=True)


def commit_files(
    path: Path,
    schema: pl.Schema,
    change: FileChange,
    metadata: Mapping[str, Any],
) -> int:
    """Add data files that were written into the table's folder, and take others out; the version.

    Raises:
        ContractError: the columns or types are not the table's.
        StoreError: the folder cannot be written.
    """
    try:
        return _committed(
            _prepared(path, schema, whole=change.whole), path, schema, change, metadata
        )
    except (DeltaError, OSError) as error:
        raise _unwritable(path, error) from error


def widen(path: Path, added: Mapping[str, pl.DataType], metadata: Mapping[str, Any]) -> None:
    """Add columns to a table, in a commit of their own; the rows that are there are null in them.

    Raises:
        StoreError: the table cannot be written.
    """
    import polars as pl

    table = open_table(path)
    fields = Schema.from_arrow(pl.DataFrame(schema=added).to_arrow().schema).fields
    try:
        table.alter.add_columns(fields, commit_properties=_properties(metadata))
        table.update_incremental()
        durable.sync_commit(path, table.version())
    except (DeltaError, OSError) as error:
        raise _unwritable(path, error) from error


def write_data(frame: pl.DataFrame, path: Path) -> None:
    """Write rows as a data file of a table, which counts when a commit names it.

    Level 1 takes two thirds of the time of the default, and 2 % more room.
    """
    frame.write_parquet(path, compression="zstd", compression_level=1, statistics=False)


def data_files(path: Path) -> list[Path]:
    """The files that hold the rows of a table's newest version.

    Raises:
        StoreError: no such table.
    """
    return [Path(file) for file in _files(path, open_table(path))]


def _prepared(path: Path, schema: Mapping[str, pl.DataType], *, whole: bool = False) -> DeltaTable:
    """The table, made where there is none; it has these columns, unless all are to go."""
    import polars as pl

    if exists(path):
        table = open_table(path)
        if not whole:
            _compare(path, _columns(table), schema)
        return table
    durable.make_folder(path)
    table = DeltaTable.create(
        str(path),
        pl.DataFrame(schema=schema).to_arrow().schema,
        mode="ignore",
        configuration=_CONFIGURATION,
    )
    durable.sync_commit(path, 0)
    sync_folder(path)
    return table


def _committed(
    table: DeltaTable,
    path: Path,
    schema: Mapping[str, pl.DataType],
    change: FileChange,
    metadata: Mapping[str, Any],
) -> int:
    """Sync the data, commit, sync the commit; the new version."""
    import polars as pl

    now_ms = int(time.time() * 1000)
    durable.sync_data(path, change.added)
    actions: list[AddAction | RemoveAction] = [
        AddAction(
            path=quote(file.name),
            size=file.stat().st_size,
            partition_values={},
            modification_time=now_ms,
            data_change=True,
            stats=json.dumps(
                {"numRecords": pl.scan_parquet(file).select(pl.len()).collect().item()}
            ),
        )
        for file in change.added
    ]
    actions += [RemoveAction(quote(file.name), True, now_ms) for file in change.removed]
    table.create_write_transaction(
        actions,
        mode="overwrite" if change.whole else "append",
        schema=pl.DataFrame(schema=schema).to_arrow().schema,
        commit_properties=_properties(metadata),
    )
    table.update_incremental()
    durable.sync_commit(path, table.version())
    return table.version()


def _write_ahead(
    path: Path, frame: pl.DataFrame, metadata: Mapping[str, Any], *, whole: bool = False
) -> int:
    """Write rows to a file of the table, then the commit that makes them count."""
    import polars as pl

    added: list[Path] = []
    try:
        table = _prepared(path, frame.schema, whole=whole)
        if not frame.is_empty():
            added.append(path / f"part-{uuid4()}.zstd.parquet")
            write_data(frame, added[0])
        return _committed(table, path, frame.schema, FileChange(added, whole=whole), metadata)
    except (DeltaError, pl.exceptions.PolarsError, OSError) as error:
        raise _unwritable(path, error) from error


def _widened(path: Path, frame: pl.DataFrame, metadata: Mapping[str, Any]) -> pl.DataFrame:
    """The frame in the table's columns, after those that only the frame has were added to it."""
    import polars as pl

    there = columns(path)
    added = {name: kind for name, kind in frame.schema.items() if name not in there}
    if added:
        widen(path, added, metadata)
    missing = [pl.lit(None, kind).alias(n) for n, kind in there.items() if n not in frame.columns]
    return frame.with_columns(missing).select([*there, *added])


def _unwritable(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"`{path}` cannot be written: {_first_line(error)}",
        "is the disk full, the folder read-only, or a data file missing?",
    )


def columns(path: Path) -> dict[str, pl.DataType]:
    """The columns of a table and their Polars types.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    return _columns(open_table(path))


def _columns(table: DeltaTable) -> dict[str, pl.DataType]:
    import polars as pl

    return dict(pl.Schema(table.schema().to_arrow()))


def _compare(
    path: Path, there: Mapping[str, pl.DataType], schema: Mapping[str, pl.DataType]
) -> None:
    here = dict(schema)
    if there != here:
        changed = sorted(k for k in there.keys() | here.keys() if there.get(k) != here.get(k))
        raise ContractError(
            f"the table in `{path}` has other columns than its contract: "
            + ", ".join(f"`{name}` {there.get(name)} -> {here.get(name)}" for name in changed),
            "the contract changed: `carms ingest --full-refresh` reads the files again",
        )


def _properties(metadata: Mapping[str, Any]) -> CommitProperties:
    return CommitProperties(custom_metadata={METADATA_KEY: json.dumps(metadata, sort_keys=True)})


def _files(path: Path, table: DeltaTable) -> tuple[str, ...]:
    """The files of a table on disk; the log percent-encodes them, and there are no partitions."""
    return tuple(str(path / PurePosixPath(unquote(uri)).name) for uri in table.file_uris())


def _first_line(error: Exception) -> str:
    """What is wrong; the lines below it are where in the library."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _see_path(path: Path) -> None:
    """Refuse what delta-rs reads as a URL's own characters, and would look for elsewhere."""
    found = _UNUSABLE.search(str(path.absolute()))
    if found:
        raise StoreError(
            f"`{path.absolute()}`: no table can be kept in a folder with `{found[0]}` in its path",
            "move the project to a folder without it",
        )
