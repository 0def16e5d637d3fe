"""Delta tables through delta-rs: created, added to, replaced, each in one commit.

A commit's metadata says what the commit holds; it is the lake's only manifest. Data files are
written and synced before the commit that names them.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from carms_lake.errors import ContractError, StoreError
from carms_lake.files import sync_folder
from carms_lake.store.delta import columns, columns_of, durable, exists, first_line, open_table
from carms_lake.store.delta import version as newest_version
from carms_lake.store.delta.log import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl


_CONFIGURATION = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.dataSkippingNumIndexedCols": "0",
}
"""Commit metadata is the manifest, so the log is never cleaned; long texts get no statistics."""


@dataclass(frozen=True)
class FileChange:
    """Data files that one commit adds to a table and removes from it."""

    added: Sequence[Path]
    removed: Sequence[Path] = ()
    whole: bool = False
    """All files of the table are replaced, and so are its columns."""


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
    return _write(path, frame, metadata)


def overwrite(path: Path, frame: pl.DataFrame, metadata: Mapping[str, Any]) -> int:
    """Replace all rows, columns and types included, in one commit; the new version.

    Raises:
        StoreError: the folder cannot be written.
    """
    return _write(path, frame, metadata, whole=True)


def commit_files(
    path: Path, schema: pl.Schema, change: FileChange, metadata: Mapping[str, Any]
) -> int:
    """Add data files that were written into the table's folder, and remove others; the version.

    Raises:
        ContractError: the columns or types are not the table's.
        StoreError: the folder cannot be written.
    """
    try:
        table = _prepared(path, schema, whole=change.whole)
        return _committed(table, path, schema, change, metadata)
    except (DeltaError, OSError) as error:
        raise unwritable(path, error) from error


def widen(path: Path, added: Mapping[str, pl.DataType], metadata: Mapping[str, Any]) -> None:
    """Add columns to a table, in a commit of their own; its rows are null in them.

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
        raise unwritable(path, error) from error


def restore(path: Path, version: int, metadata: Mapping[str, Any]) -> int:
    """Bring back a table's rows and columns of a version, in a new commit; its version.

    Raises:
        StoreError: the table cannot be written, or files of that version are gone.
    """
    try:
        table = open_table(path)
        table.restore(version, commit_properties=_properties(metadata))
        durable.sync_commit(path, table.version())
    except (DeltaError, OSError) as error:
        raise unwritable(path, error) from error
    return newest_version(path)


def write_data(frame: pl.DataFrame, path: Path) -> None:
    """Write rows as a data file of a table, which counts when a commit names it.

    Level 1 takes two thirds of the time of the default, and 2 % more room.
    """
    frame.write_parquet(path, compression="zstd", compression_level=1, statistics=False)


def unwritable(path: Path, error: Exception) -> StoreError:
    """The error of a table's folder that cannot be written."""
    return StoreError(
        f"`{path}` cannot be written: {first_line(error)}",
        "is the disk full, the folder read-only, or a data file missing?",
    )


def _prepared(path: Path, schema: Mapping[str, pl.DataType], *, whole: bool = False) -> DeltaTable:
    """The table, created where there is none; it has these columns, unless all are replaced."""
    import polars as pl

    if exists(path):
        table = open_table(path)
        if not whole:
            _compare(path, columns_of(table), schema)
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


def _write(
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
        raise unwritable(path, error) from error


def _widened(path: Path, frame: pl.DataFrame, metadata: Mapping[str, Any]) -> pl.DataFrame:
    """The frame in the table's columns, after those that only the frame has were added to it."""
    import polars as pl

    present = columns(path)
    added = {name: kind for name, kind in frame.schema.items() if name not in present}
    if added:
        widen(path, added, metadata)
    missing = [pl.lit(None, kind).alias(n) for n, kind in present.items() if n not in frame.columns]
    return frame.with_columns(missing).select([*present, *added])


def _compare(
    path: Path, present: Mapping[str, pl.DataType], schema: Mapping[str, pl.DataType]
) -> None:
    # delta-rs casts silently: 1.7 becomes 1 in a long column.
    wanted = dict(schema)
    if present != wanted:
        changed = sorted(
            k for k in present.keys() | wanted.keys() if present.get(k) != wanted.get(k)
        )
        raise ContractError(
            f"the table in `{path}` has other columns than its contract: "
            + ", ".join(f"`{name}` {present.get(name)} -> {wanted.get(name)}" for name in changed),
            "the contract changed: `carms ingest --full-refresh` reads the files again",
        )


def _properties(metadata: Mapping[str, Any]) -> CommitProperties:
    return CommitProperties(custom_metadata={METADATA_KEY: json.dumps(metadata, sort_keys=True)})
