"""Delta tables: the rows of the newest version, in the order of its files.

The log says which files there are, which of their rows are deleted, what their columns are called
and the partition values of each; deltalake reads it, and the files are read as any other.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from carms_lake.contract.model import Contract
from carms_lake.errors import SourceRefused
from carms_lake.readers.content import DELTA_LOG, readable
from carms_lake.readers.delta.columns import DeltaColumn, as_declared, columns_of
from carms_lake.readers.header import parse
from carms_lake.readers.parquet import parquet_file, parts, tables
from carms_lake.records import FileChunks, SourceFile

_READ = frozenset([
    "columnMapping", "deletionVectors", "timestampNtz", "typeWidening", "typeWidening-preview",
    "v2Checkpoint", "vacuumProtocolCheck", "variantType", "variantType-preview",
])  # fmt: skip
"""The features that a table may need of its readers; VARIANT columns themselves are refused."""
_VECTORS = "deletionVectors"
_PURGE = (
    "have its owner run `ALTER TABLE ... SET TBLPROPERTIES ('delta.enableDeletionVectors' = false)`"
    " and `REORG TABLE ... APPLY (PURGE)`"
)
_DROP = (
    "have its owner run `ALTER TABLE ... DROP FEATURE {}`, or send a copy of the table without it"
)
_FEATURE = re.compile(r"[Ff]eature '?([A-Za-z][\w-]*)|features required: \[(\w+)")
_LITERAL = re.compile(r"%[0-9A-Fa-f]{2}|\\")
"""Characters of a path that deltalake takes for an escape."""


class _File(NamedTuple):
    """A data file of a table."""

    path: Path
    folders: Mapping[str, Any]
    """The values of the columns that are not in the file, by the column's name."""
    kept: Sequence[bool] | None
    """Which of its rows are there still; those behind its end are. None: all."""


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The rows of a Delta table's newest version, in the types of its files.

    Raises:
        SourceRefused: it is not a Delta table, is damaged, needs what cannot be read, or its
            columns are not the contract's.
    """
    with _opened(source) as table:
        found = columns_of(table)
        layout = parse([column.name for column in found], contract, f"`{source.name}`")
        files = _files(table, source)
    return FileChunks(
        source, parts(_rows(files, found, source), layout, contract, source), layout.notes
    )


def columns(source: SourceFile) -> list[str]:
    """The names of a Delta table's columns.

    Raises:
        SourceRefused: it is not a Delta table, is damaged, or needs what cannot be read.
    """
    with _opened(source) as table:
        return [column.name for column in columns_of(table)]


@contextmanager
def _opened(source: SourceFile) -> Iterator[DeltaTable]:
    if not (source.path / DELTA_LOG).is_dir():
        raise SourceRefused(
            "WRONG_FORMAT",
            f"`{source.name}` is not a Delta table: it has no folder `{DELTA_LOG}`",
            "copy the whole folder of the table, including its log",
        )
    with readable(source), _plain_path(source.path) as path:
        try:
            table = DeltaTable(str(path))
            needed = set(table.protocol().reader_features or ()) - _READ
            if needed:
                raise _not_read(source, min(needed))
            yield table
        except DeltaError as error:
            raise _refused(source, error) from error


@contextmanager
def _plain_path(path: Path) -> Iterator[Path]:
    """The table's path; that of a copy of its log where deltalake cannot open the path itself."""
    whole = path.absolute()
    if not _LITERAL.search(whole.as_posix()):
        yield whole
        return
    with tempfile.TemporaryDirectory(prefix="carms-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "table"
        shutil.copytree(whole / DELTA_LOG, copy / DELTA_LOG)
        for vector in whole.rglob("deletion_vector_*.bin"):
            target = copy / vector.relative_to(whole)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(vector, target)
        yield copy


def _refused(source: SourceFile, error: DeltaError) -> SourceRefused:
    said = " ".join(str(error).split())[:300]
    for feature in _needed(source.path / DELTA_LOG):
        return _not_read(source, feature)
    if match := _FEATURE.search(said):
        return _not_read(source, match[1] or match[2])
    return SourceRefused(
        "UNREADABLE",
        f"`{source.name}`: the table's log cannot be read: {said}",
        "copy the whole folder of the table again, including its log",
    )


def _needed(log: Path) -> list[str]:
    """The features that a log asks for, and that are not read here."""
    found: list[str] = []
    for entry in sorted(log.glob("*.json")):
        for line in entry.read_text(encoding="utf-8", errors="replace").splitlines():
            if '"readerFeatures"' in line:
                with suppress(ValueError, AttributeError, KeyError, TypeError):
                    found = json.loads(line)["protocol"].get("readerFeatures") or []
    return sorted({str(feature) for feature in found} - _READ)


def _not_read(source: SourceFile, feature: str) -> SourceRefused:
    is_vectors = feature.lower() == _VECTORS.lower()
    return SourceRefused(
        "UNREADABLE",
        f"`{source.name}` needs the Delta feature `{feature}`, which cannot be read here",
        _PURGE if is_vectors else _DROP.format(feature),
    )


def _files(table: DeltaTable, source: SourceFile) -> list[_File]:
    """The table's data files, each with what the log says of it.

    Raises:
        SourceRefused: some of them are elsewhere, or their deleted rows are not known.
    """
    actions = pa.table(table.get_add_actions(flatten=True))
    prefix = "partition."
    folders = [name for name in actions.column_names if name.startswith(prefix)]
    kept = _kept(table, source)
    found = []
    for at, stored in enumerate(actions.column("path").to_pylist()):
        name = unquote(stored)
        values = {folder.removeprefix(prefix): actions.column(folder)[at] for folder in folders}
        found.append(_File(_place(stored, source), values, kept.pop(name, None)))
    if kept:
        raise _not_read(source, _VECTORS)
    return found


def _place(stored: str, source: SourceFile) -> Path:
    """Where a data file is."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", stored):
        if not stored.startswith("file:"):
            raise SourceRefused(
                "UNREADABLE",
                f"`{source.name}`: its log names a data file elsewhere: `{stored[:200]}`",
                "have the table itself copied (`DEEP CLONE`), not a reference to its files",
            )
        return Path(url2pathname(urlsplit(stored).path))
    place = source.path / unquote(stored)
    return place if place.exists() else source.path / stored


def _kept(table: DeltaTable, source: SourceFile) -> dict[str, Sequence[bool]]:
    """Which rows are there still, by the path of a file that had others deleted."""
    if _VECTORS not in (table.protocol().reader_features or ()):
        return {}
    try:
        vectors = pa.table(table.deletion_vectors().read_all())
    except DeltaError as error:
        raise _not_read(source, _VECTORS) from error
    root = os.path.realpath(url2pathname(urlsplit(table.table_uri).path))
    found = {}
    for uri, kept in zip(
        *(vectors.column(n).to_pylist() for n in vectors.column_names), strict=True
    ):
        place = os.path.realpath(url2pathname(urlsplit(uri).path))
        found[Path(place).relative_to(root).as_posix()] = kept
    return found


def _rows(
    files: Sequence[_File], columns: Sequence[DeltaColumn], source: SourceFile
) -> Iterator[Any]:
    """The rows of a table's files, some at a time, under the names of the table's columns."""
    if not files:
        yield pa.table({column.name: pa.nulls(0, column.kind) for column in columns})
    for file in files:
        at = 0
        with parquet_file(file.path, source) as content:
            for rows in tables(content, file.path):
                yield _kept_rows(_as_table(rows, file, columns, source), file, at)
                at += rows.num_rows


def _as_table(rows: Any, file: _File, columns: Sequence[DeltaColumn], source: SourceFile) -> Any:
    at = {name: position for position, name in enumerate(rows.schema.names)}
    ids = {(f.metadata or {}).get(b"PARQUET:field_id"): n for n, f in enumerate(rows.schema)}
    arrays, found = [], 0
    for column in columns:
        position = at.get(column.stored)
        if position is None and column.field_id:
            position = ids.get(column.field_id.encode())
        if column.name in file.folders:
            arrays.append(pa.repeat(file.folders[column.name], rows.num_rows))
        elif position is not None:
            arrays.append(as_declared(rows.column(position), column))
            found += 1
        else:  # the file is older than the column
            arrays.append(pa.nulls(rows.num_rows, column.kind))
    if not found and at and len(file.folders) < len(columns):
        raise SourceRefused(
            "UNREADABLE",
            f"`{source.name}`: `{file.path.name}` has none of the columns of its table",
            "have the whole table copied again, its log and its files",
        )
    names = [column.name for column in columns]
    return pa.table(arrays, names=names).replace_schema_metadata(rows.schema.metadata)


def _kept_rows(rows: Any, file: _File, first: int) -> Any:
    if file.kept is None:
        return rows
    kept = file.kept[first : first + rows.num_rows]
    mask = [*kept, *[True] * (rows.num_rows - len(kept))]
    return rows.filter(pa.array(mask, pa.bool_()))
