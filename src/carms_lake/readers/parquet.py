"""Parquet and Delta: their own types, part by part; `src_row_number` counts the rows.

Of a Delta table, a folder, the newest version is read, in the order of its files.
"""

import io
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from carms_lake.contract.model import Contract
from carms_lake.errors import SourceRefused
from carms_lake.names import SRC_ROW_NUMBER
from carms_lake.readers.content import DELTA_LOG, empty, opened, readable, wrong_format
from carms_lake.readers.frames import extra_values, malformed_frame, parsed_chunk, rows_as_json
from carms_lake.readers.header import Layout, parse
from carms_lake.records import Chunk, FileChunks, SourceFile

_MAGIC = b"PAR1"
_TAIL_BYTES = 8
"""The size of the footer, and the magic again."""
_PART_RECORDS = 250_000


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The rows of a Parquet file, in the file's own types.

    Raises:
        SourceRefused: it is not a Parquet file, is damaged, or its columns are not the contract's.
    """
    with opened(source) as path, readable(source):
        _refuse_other_formats(path, source)
        layout = parse(_schema(path).names(), contract, f"`{source.name}`")
    return FileChunks(source, _parts(source, layout), layout.notes)


def read_delta(source: SourceFile, contract: Contract) -> FileChunks:
    """The rows of a Delta table's newest version, in the table's own types.

    Raises:
        SourceRefused: it is not a Delta table, is damaged, or its columns are not the contract's.
    """
    if not (source.path / DELTA_LOG).is_dir():
        raise SourceRefused(
            "WRONG_FORMAT",
            f"`{source.name}` is not a Delta table: it has no folder `{DELTA_LOG}`",
            "copy the whole folder of the table, including its log",
        )
    with readable(source):
        try:
            frame = pl.scan_delta(DeltaTable(str(source.path)))
        except DeltaError as error:
            raise SourceRefused(
                "UNREADABLE",
                f"`{source.name}`: the table's log cannot be read: {error}",
                "copy the whole folder of the table again, including its log",
            ) from error
        layout = parse(frame.collect_schema().names(), contract, f"`{source.name}`")
    return FileChunks(source, _parts_of(frame, layout), layout.notes)


def _parts_of(frame: pl.LazyFrame, layout: Layout) -> Iterator[Chunk]:
    """A frame of the file's own columns, as parts of the contract's columns, numbered from 1."""
    names = frame.collect_schema().names()
    columns = [pl.col(names[position]).alias(name) for name, position in layout.positions]
    if layout.extra:
        values = [pl.col(names[position]).alias(name) for name, position in layout.extra]
        columns.append(extra_values(values))
    # Slice by slice: the library's own batches end the process where a damaged page is met.
    total = frame.select(pl.len()).collect().item()
    for start in range(0, total, _PART_RECORDS):
        yield _part(frame.slice(start, _PART_RECORDS).collect(), columns, start + 1)
    if not total:
        yield _part(frame.head(0).collect(), columns, 1)


def _part(rows: pl.DataFrame, columns: list[pl.Expr], first: int) -> Chunk:
    numbers = pl.int_range(first, first + rows.height, dtype=pl.Int64).alias(SRC_ROW_NUMBER)
    raw = partial(_texts, rows, first)
    return parsed_chunk(rows.select(numbers, *columns), malformed_frame(()), rows.height, raw)


def _texts(rows: pl.DataFrame, first: int, row_numbers: Sequence[int]) -> dict[int, str]:
    """Some rows of a chunk, as they are in the file, by number; `first` is that of the first."""
    here = [n for n in row_numbers if 0 <= n - first < rows.height]
    return dict(zip(here, rows_as_json(rows[[n - first for n in here]]), strict=True))


def _parts(source: SourceFile, layout: Layout) -> Iterator[Chunk]:
    with opened(source) as path:
        schema = _schema(path)
        frame = pl.scan_parquet(path, schema=schema, glob=False, hive_partitioning=False)
        yield from _parts_of(frame, layout)


def _schema(path: Path) -> pl.Schema:
    """The file's columns and types, from its footer alone.

    Polars 2.1 maps a whole file into memory to find its columns, and where the file shrinks in that
    moment the system ends the process (SIGBUS). With the schema given, it only reads.
    """
    with path.open("rb") as stream:
        stream.seek(-_TAIL_BYTES, os.SEEK_END)
        tail = stream.read(_TAIL_BYTES)
        size = int.from_bytes(tail[:4], "little")
        stream.seek(-_TAIL_BYTES - size, os.SEEK_END)
        footer = stream.read(size)
    return pl.Schema(pl.read_parquet_schema(io.BytesIO(_MAGIC + footer + tail)))


def _refuse_other_formats(path: Path, source: SourceFile) -> None:
    with path.open("rb") as stream:
        start = stream.read(200)
    if not start:
        raise empty(source)
    if not start.startswith(_MAGIC):
        raise wrong_format(source, "a Parquet file", start)
