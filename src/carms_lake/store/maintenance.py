"""Maintenance of a table: small files into large ones, an earlier version back, old files away."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import polars as pl
from deltalake import CommitProperties
from deltalake.exceptions import DeltaError

from carms_lake.errors import StoreError
from carms_lake.store import delta, durable
from carms_lake.store.layout import METADATA_KEY
from carms_lake.store.versions import KEEPS_ROWS, MAINTAINED_BY, files_at, lost_files, states

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from carms_lake.store.versions import DataFile

TARGET_BYTES = 128 * 2**20
"""Files are put together up to this size; larger ones stay as they are."""

_LOG_LEFTOVER = re.compile(r".*(#\d+|\.tmp|\.torn)")
"""What a killed commit leaves in a log's folder."""


def small_files(path: Path) -> list[DataFile]:
    """The files of a table that are put together with others, in the order in which it is read.

    Raises:
        StoreError: the log cannot be read.
    """
    known = files_at(path, delta.version(path))
    files = [known[file.name] for file in delta.data_files(path)]
    return [file for file in files if file.bytes < TARGET_BYTES]


def compact(path: Path, run_id: str) -> int:
    """Put small files of a table together in one commit, rows in their order; the version.

    Nothing is committed where there are no two of them.

    Raises:
        StoreError: the table cannot be read or written.
    """
    schema = pl.Schema(delta.columns(path))
    staging = path / durable.STAGING
    added: list[Path] = []
    removed: list[Path] = []
    try:
        for number, parts in enumerate(_bins(small_files(path))):
            files = [path / part.name for part in parts]
            name = f"part-{run_id.lower().replace('.', '-')}-{number:05d}.zstd.parquet"
            staging.mkdir(exist_ok=True)
            _scanned(files, schema).sink_parquet(
                staging / name, compression="zstd", statistics=False, maintain_order=True
            )
            added.append((staging / name).replace(path / name))
            removed += files
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unwritable(path, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    if not added:
        return delta.version(path)
    metadata = {MAINTAINED_BY: run_id, KEEPS_ROWS: True}
    return delta.commit_files(path, schema, delta.FileChange(added, removed), metadata)


def restore(path: Path, version: int, metadata: Mapping[str, Any]) -> int:
    """Bring back a table's rows and columns of a version, in a new commit; its version.

    Raises:
        StoreError: the table cannot be written, or files of that version are gone.
    """
    kept = {METADATA_KEY: json.dumps(metadata, sort_keys=True)}
    try:
        table = delta.open_table(path)
        table.restore(version, commit_properties=CommitProperties(custom_metadata=kept))
        durable.sync_commit(path, table.version())
    except (DeltaError, OSError) as error:
        raise _unwritable(path, error) from error
    return delta.version(path)


def unneeded(path: Path, kept: Collection[int]) -> list[Path]:
    """The files in a table's folder that none of the kept versions needs, killed runs' among them.

    Raises:
        StoreError: the log cannot be read.
    """
    needed: set[str] = set()
    for commit, files in states(path):
        if commit.version in kept:
            needed |= files.keys()
    found = [file for file in path.glob("*.parquet") if file.name not in needed]
    found += [file for file in (path / durable.STAGING).rglob("*") if file.is_file()]
    log = (path / "_delta_log").iterdir()
    found += [file for file in log if _LOG_LEFTOVER.fullmatch(file.name)]
    return sorted(found)


def whole_versions(path: Path, without: Collection[str] = ()) -> set[int]:
    """The versions of a table whose files are all there, and would be `without` some.

    Raises:
        StoreError: the log cannot be read.
    """
    named = {name for _, files in states(path) for name in files}
    lost = {*lost_files(path, named), *without}
    return {commit.version for commit, files in states(path) if not lost & files.keys()}


def remove(paths: Iterable[Path]) -> None:
    """Delete files and folders; what is not there any more is no fault.

    Raises:
        StoreError: one cannot be deleted.
    """
    for path in paths:
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"`{path}` cannot be deleted: {error.strerror}",
                "is it open in another program, or the folder read-only?",
            ) from error


def _bins(files: Iterable[DataFile]) -> Iterator[list[DataFile]]:
    """Files that become one together: as many in a row as do not grow beyond the target."""
    waiting: list[DataFile] = []
    for file in files:
        if sum(part.bytes for part in waiting) + file.bytes > TARGET_BYTES:
            if len(waiting) > 1:
                yield waiting
            waiting = []
        waiting.append(file)
    if len(waiting) > 1:
        yield waiting


def _scanned(files: list[Path], schema: pl.Schema) -> pl.LazyFrame:
    found = pl.scan_parquet(
        files, glob=False, hive_partitioning=False, schema=schema, missing_columns="insert"
    )
    return found.select(schema.names())


def _unwritable(path: Path, error: Exception) -> StoreError:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return StoreError(
        f"`{path}` cannot be written: {first}",
        "is the disk full, the folder read-only, or a data file missing?",
    )
