"""Delta tables through delta-rs, read at a pinned version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from carms_lake.errors import StoreError
from carms_lake.store import LOG as LOG
from carms_lake.store.delta.integrity import ensure_newest, ensure_sizes, log_files, unreadable

if TYPE_CHECKING:
    import polars as pl
    from deltalake import DeltaTable


STAGING = ".staging"
"""The folder in which rows of a table wait for their commit."""

_COLUMN_MAPPING_READER = 2
"""The reader version that means column mapping; later versions name their features."""

_UNUSABLE = re.compile(r"[#?\[\]^|]|%[0-9A-Fa-f]{2}")


@dataclass(frozen=True)
class Pinned:
    """A table at one version: the files that hold its rows, and its columns."""

    version: int
    files: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """Name and Delta type."""


def exists(path: Path) -> bool:
    """Whether there is a Delta table in the folder.

    Raises:
        StoreError: the folder cannot be listed, or its path has characters that delta-rs takes for
            another path.
    """
    _refuse_unusable(path)
    return bool(log_files(path))


def open_table(path: Path, version: int | None = None) -> DeltaTable:
    """The table in a folder, at a version or the newest.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError, TableNotFoundError

    _refuse_unusable(path)
    if version is None:
        ensure_newest(path)
    try:
        return DeltaTable(str(path), version=version)
    except TableNotFoundError:
        raise StoreError(
            f"no table in `{path}`", "run `carms ingest`, then `carms build`"
        ) from None
    except (DeltaError, OSError) as error:
        raise unreadable(path, error) from error


def pinned(path: Path, version: int | None = None) -> Pinned:
    """The files and columns of a table at a version; of the newest one they are all there.

    Raises:
        StoreError: the table is missing, a data file is lost or cut off, or its protocol needs more
            than reading its files: deletion vectors or column mapping, which other writers turn on.
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
        files=_files(path, table, is_newest=version is None),
        columns=tuple((field.name, str(field.type)) for field in table.schema().fields),
    )


def scan(path: Path, version: int | None = None) -> pl.LazyFrame:
    """The rows of a table at a version, lazily, in no particular order.

    Raises:
        StoreError: the table is missing, or a data file of its newest version is lost or cut off.
    """
    table = open_table(path, version)
    return scan_files(_files(path, table, is_newest=version is None), columns_of(table))


def scan_files(files: Iterable[str | Path], columns: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """The rows of some data files of a table, in the table's columns."""
    import polars as pl

    schema, paths = pl.Schema(columns), [str(file) for file in files]
    if not paths:
        return pl.LazyFrame(schema=schema)
    # Files that are older than a column do not have it; their columns may be in another order.
    found = pl.scan_parquet(
        paths, glob=False, hive_partitioning=False, schema=schema, missing_columns="insert"
    )
    return found.select(schema.names())


def version(path: Path) -> int:
    """The newest version of a table, -1 where there is none."""
    return open_table(path).version() if exists(path) else -1


def data_files(path: Path) -> list[Path]:
    """The files that hold the rows of a table's newest version.

    Raises:
        StoreError: the table is missing, or one of them is lost or cut off.
    """
    return [Path(file) for file in _files(path, open_table(path), is_newest=True)]


def columns(path: Path) -> dict[str, pl.DataType]:
    """The columns of a table and their Polars types.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    return columns_of(open_table(path))


def columns_of(table: DeltaTable) -> dict[str, pl.DataType]:
    """The columns of an open table and their Polars types."""
    import polars as pl

    return dict(pl.Schema(table.schema().to_arrow()))


def first_line(error: Exception) -> str:
    """What is wrong; the lines below it are where in the library."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _files(path: Path, table: DeltaTable, *, is_newest: bool) -> tuple[str, ...]:
    """The files of a table on disk; the log percent-encodes them, and there are no partitions.

    Of the newest version they are compared with the sizes that the log has: a cut file ends here.
    """
    added = table.get_add_actions(flatten=True)
    # Once by the log, and once more by this method.
    names = [PurePosixPath(unquote(unquote(p))).name for p in added.column("path").to_pylist()]
    if is_newest:
        ensure_sizes(path, zip(names, added.column("size_bytes").to_pylist(), strict=True))
    return tuple(str(path / name) for name in names)


def _refuse_unusable(path: Path) -> None:
    # delta-rs reads these as a URL's own characters, and would look in another folder.
    found = _UNUSABLE.search(str(path.absolute()))
    if found:
        raise StoreError(
            f"`{path.absolute()}`: no table can be kept in a folder with `{found[0]}` in its path",
            "move the project to a folder without it",
        )
