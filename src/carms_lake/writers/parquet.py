"""Frames -> one Parquet file, ZSTD, one row group per chunk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake.files import whole

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


def write(path: Path, frames: Iterable[pl.DataFrame], *, compression: str = "zstd") -> None:
    """Write the chunks as they come; the first one's schema is the file's.

    The iterable gives at least one chunk, which may be empty: without it the file had no columns.
    """
    import polars as pl
    import pyarrow.parquet as pq

    plain = pl.CompatLevel.oldest()
    chunks = iter(frames)
    first = next(chunks).to_arrow(compat_level=plain)
    with pq.ParquetWriter(path, first.schema, compression=compression) as writer:
        writer.write_table(first)
        for frame in chunks:
            writer.write_table(frame.to_arrow(compat_level=plain))


def write_batches(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write Arrow batches as they come; how many rows there were."""
    import pyarrow.parquet as pq

    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def write_copy(path: Path, rows: pl.LazyFrame) -> None:
    """Write a table to one file, which appears whole or not at all; its folder is made.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as partial:
        rows.sink_parquet(partial, compression="zstd")
