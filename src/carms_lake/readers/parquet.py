"""Parquet: the file's own types, read lazily; `src_row_number` counts its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.errors import SourceRefused
from carms_lake.names import SRC_ROW_NUMBER
from carms_lake.readers.content import is_packed, opened
from carms_lake.readers.faults import readable
from carms_lake.readers.frames import malformed_frame
from carms_lake.readers.header import Layout, lay_out
from carms_lake.readers.signature import looks_like
from carms_lake.records import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile

_MAGIC = b"PAR1"


def read(source: SourceFile, contract: Contract) -> Batch:
    """The rows of a Parquet file, in the file's own types.

    Raises:
        SourceRefused: it is no Parquet file, is damaged, or its columns are not the contract's.
    """
    with opened(source) as path, readable(source):
        _refuse_other_formats(path, source)
        frame = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        layout = lay_out(frame.collect_schema().names(), contract, f"`{source.name}`")
        records = frame.select(pl.len()).collect().item()
        rows = with_row_numbers(frame, layout)
        if is_packed(source):
            # The unpacked file is gone when this function returns.
            rows = rows.collect().lazy()
    return Batch(source, rows, malformed_frame(()), layout.notes, records)


def raw_records(source: SourceFile, _: Contract, row_numbers: Sequence[int]) -> dict[int, str]:
    """Some rows as JSON objects, with the file's own column names.

    Raises:
        SourceRefused: the file cannot be read any more.
    """
    with opened(source) as path, readable(source):
        return rows_as_json(pl.scan_parquet(path, glob=False, hive_partitioning=False), row_numbers)


def with_row_numbers(frame: pl.LazyFrame, layout: Layout) -> pl.LazyFrame:
    """The contract's columns, numbered from 1 in the order of the file."""
    names = frame.collect_schema().names()
    columns = [pl.col(names[position]).alias(name) for name, position in layout.positions]
    numbered = frame.select(columns).with_row_index(SRC_ROW_NUMBER, offset=1)
    return numbered.with_columns(pl.col(SRC_ROW_NUMBER).cast(pl.Int64))


def rows_as_json(frame: pl.LazyFrame, row_numbers: Sequence[int]) -> dict[int, str]:
    """The rows of these numbers, as one JSON object each."""
    number = "\0row number"
    wanted = [n - 1 for n in row_numbers]
    picked = frame.with_row_index(number).filter(pl.col(number).is_in(wanted)).collect()
    binary = [name for name, dtype in picked.schema.items() if dtype == pl.Binary]
    lines = (
        picked.drop(number)
        .with_columns(pl.col(binary).bin.encode("hex"))
        .write_ndjson()
        .splitlines()
    )
    return dict(zip((n + 1 for n in picked[number]), lines, strict=True))


def _refuse_other_formats(path: Path, source: SourceFile) -> None:
    with path.open("rb") as stream:
        start = stream.read(200)
    if not start:
        raise SourceRefused("EMPTY_FILE", f"`{source.name}` has 0 bytes", "send the file again")
    if not start.startswith(_MAGIC):
        raise SourceRefused(
            "WRONG_FORMAT",
            f"`{source.name}` is no Parquet file: it looks like {looks_like(start)}",
            "send the file as Parquet, or correct `carms.format` in the contract",
        )
