"""Maintenance of a table, and the logical digest that proves its rows unchanged."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import polars_hash as plh

from carms_lake.errors import StoreError
from carms_lake.names import INGESTION_TS, RUN_ID
from carms_lake.store import delta
from carms_lake.store.delta.integrity import checksum
from carms_lake.store.delta.log import (
    CHECKSUMS,
    KEEPS_ROWS,
    MAINTAINED_BY,
    DataFile,
    files_at,
    states,
)
from carms_lake.store.delta.write import FileChange, commit_files, writing_to

if TYPE_CHECKING:
    from polars._typing import PolarsDataType


TARGET_BYTES = 128 * 2**20
"""Files are compacted up to this size; larger ones stay as they are."""

_LOG_LEFTOVER = re.compile(r".*(#\d+|\.tmp|\.torn)")
"""What a killed commit leaves in a log's folder."""


def small_files(path: Path) -> list[DataFile]:
    """The files of a table that a compaction merges, in the order in which the table is read.

    Raises:
        StoreError: the log cannot be read.
    """
    known = files_at(path, delta.version(path))
    files = [known[file.name] for file in delta.data_files(path)]
    return [file for file in files if file.bytes < TARGET_BYTES]


def compact(path: Path, run_id: str) -> int:
    """Merge small files of a table in one commit, rows in their order; the version.

    Nothing is committed where there are fewer than two.

    Raises:
        StoreError: the table cannot be read or written.
    """
    schema = pl.Schema(delta.columns(path))
    staging = path / delta.STAGING
    added: list[Path] = []
    removed: list[Path] = []
    try:
        with writing_to(path):
            for number, parts in enumerate(_bins(small_files(path))):
                files = [path / part.name for part in parts]
                name = f"part-{run_id.lower().replace('.', '-')}-{number:05d}.zstd.parquet"
                staging.mkdir(exist_ok=True)
                # Written where no reader looks, and moved when it is whole.
                delta.scan_files(files, schema).sink_parquet(
                    staging / name, compression="zstd", statistics=False, maintain_order=True
                )
                added.append((staging / name).replace(path / name))
                removed += files
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    if not added:
        return delta.version(path)
    metadata = {MAINTAINED_BY: run_id, KEEPS_ROWS: True}
    return commit_files(path, schema, FileChange(added, removed), metadata)


def add_checksums(path: Path, run_id: str) -> int:
    """Keep the checksums of files that have none, in a commit of their own; of how many.

    Files of other tools and of earlier versions of this one have none; they are taken as they are.

    Raises:
        StoreError: the table cannot be read or written.
    """
    without = [f.name for f in files_at(path, delta.version(path)).values() if not f.sha256]
    if without:
        with writing_to(path):
            checksums = {name: checksum(path / name) for name in without}
        metadata = {MAINTAINED_BY: run_id, KEEPS_ROWS: True, CHECKSUMS: checksums}
        commit_files(path, pl.Schema(delta.columns(path)), FileChange(), metadata)
    return len(without)


def unneeded(path: Path, kept: Collection[int]) -> list[Path]:
    """The files in a table's folder that none of the kept versions needs, killed runs' among them.

    Raises:
        StoreError: the log cannot be read.
    """
    needed = {name for commit, files in states(path) if commit.version in kept for name in files}
    return sorted(
        [
            *(file for file in path.glob("*.parquet") if file.name not in needed),
            *(file for file in (path / delta.STAGING).rglob("*") if file.is_file()),
            *(file for file in (path / delta.LOG).iterdir() if _LOG_LEFTOVER.fullmatch(file.name)),
        ]
    )


def whole_versions(path: Path, without: Collection[str] = ()) -> set[int]:
    """The versions of a table whose files all exist, and still would `without` these.

    Raises:
        StoreError: the log cannot be read.
    """
    named = {name for _, files in states(path) for name in files}
    lost = {name for name in named if not (path / name).exists()} | {*without}
    return {commit.version for commit, files in states(path) if not lost & files.keys()}


def remove(paths: Iterable[Path]) -> None:
    """Delete files and folders; those that are gone already are skipped.

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


def _bins(files: Iterable[DataFile]) -> list[list[DataFile]]:
    """Files that are merged into one: as many in a row as stay below the target size."""
    bins: list[list[DataFile]] = [[]]
    for file in files:
        if sum(part.bytes for part in bins[-1]) + file.bytes > TARGET_BYTES:
            bins.append([])
        bins[-1].append(file)
    return [parts for parts in bins if len(parts) > 1]


RUN_MARKS = frozenset({INGESTION_TS, RUN_ID})
"""Columns that say when a row was written, not what it holds."""

_NULL = "-"
_LANES = 4
_LANE_BYTES = 4


@dataclass(frozen=True)
class Digest:
    """What a table holds, in one line."""

    rows: int
    value: str
    """64 hexadecimal digits."""

    def __str__(self) -> str:
        return f"{self.value[:16]} ({self.rows} rows)"


def digest(path: Path, version: int | None = None) -> Digest:
    """The digest of a table at a version, or the newest.

    Raises:
        StoreError: the table cannot be read.
    """
    return digest_of(delta.scan(path, version))


def digest_of(frame: pl.LazyFrame, *, leave_out: Collection[str] = RUN_MARKS) -> Digest:
    """The digest of rows; a lane of 32 bits holds the sum of 2**32 rows without overflow."""
    schema = {
        name: kind for name, kind in sorted(frame.collect_schema().items()) if name not in leave_out
    }
    sums = [
        pl.col("hash")
        .bin.slice(lane * _LANE_BYTES, _LANE_BYTES)
        .bin.reinterpret(dtype=pl.UInt32)
        .cast(pl.UInt64)
        .sum()
        .alias(f"lane_{lane}")
        for lane in range(_LANES)
    ]
    fields = pl.concat_str([_text(pl.col(name), kind) for name, kind in schema.items()])
    row_hash = plh.concat_str(fields).chash.blake3().str.slice(0, 2 * _LANES * _LANE_BYTES)
    hashed = frame.select(row_hash.str.decode("hex").alias("hash"))
    rows, *lanes = hashed.select(pl.len(), *sums).collect(engine="streaming").row(0)
    types = [(name, str(kind)) for name, kind in schema.items()]
    value = hashlib.sha256(repr((types, rows, lanes)).encode()).hexdigest()
    return Digest(int(rows), value)


def _text(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """A value as text that no other value has: its length, a colon, itself; a null is `-`."""
    if isinstance(kind, pl.Binary):
        text = value.bin.encode("hex")
    elif isinstance(kind, pl.List):
        parts = value.list.eval(_text(pl.element(), _type(kind.inner))).list.join(
            "", ignore_nulls=False
        )
        text = pl.when(value.is_not_null()).then(parts.fill_null(""))
    elif isinstance(kind, pl.Struct):
        fields = [_text(value.struct.field(f.name), _type(f.dtype)) for f in kind.fields]
        text = pl.when(value.is_not_null()).then(pl.concat_str(fields))
    else:
        text = value.cast(pl.String)
    length = text.str.len_bytes().cast(pl.String)
    return pl.concat_str([length, pl.lit(":"), text]).fill_null(_NULL)


def _type(kind: PolarsDataType) -> pl.DataType:
    return kind if isinstance(kind, pl.DataType) else kind()
