"""Frames -> a Delta table, ZSTD, one commit per chunk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    import polars as pl


def write(
    path: Path,
    frames: Iterable[pl.DataFrame],
    *,
    partition_by: Sequence[str] = (),
    reproducible: bool = False,
) -> None:
    """Write each chunk as a commit of its own, to a new table or after an old one's last.

    A later chunk may bring new columns; rows from before have null there. A `reproducible` table is
    always new, has no partitions, and says nothing of when it was written: its bytes are the same
    each time, which those of deltalake are not.
    """
    if reproducible:
        _write_reproducible(path, frames)
        return
    from deltalake import WriterProperties, write_deltalake

    for frame in frames:
        write_deltalake(
            str(path),
            frame,
            mode="append",
            schema_mode="merge",
            partition_by=list(partition_by) or None,
            writer_properties=WriterProperties(compression="ZSTD"),
        )


def _write_reproducible(path: Path, frames: Iterable[pl.DataFrame]) -> None:
    import polars as pl
    import pyarrow.parquet as pq
    from deltalake import Schema

    log = path / "_delta_log"
    log.mkdir(parents=True)
    for version, frame in enumerate(frames):
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        part = path / f"part-{version:05}.zstd.parquet"
        pq.write_table(table, part, compression="zstd")
        actions: list[dict[str, Any]] = []
        if version == 0:
            metadata = {
                "id": str(UUID(int=0)),
                "format": {"provider": "parquet", "options": {}},
                "schemaString": Schema.from_arrow(table.schema).to_json(),
                "partitionColumns": [],
                "configuration": {},
                "createdTime": 0,
            }
            protocol = {"minReaderVersion": 1, "minWriterVersion": 2}
            actions = [{"protocol": protocol}, {"metaData": metadata}]
        added = {
            "path": part.name,
            "partitionValues": {},
            "size": part.stat().st_size,
            "modificationTime": 0,
            "dataChange": True,
            "stats": json.dumps({"numRecords": frame.height}),
        }
        lines = "".join(f"{json.dumps(action)}\n" for action in [*actions, {"add": added}])
        (log / f"{version:020}.json").write_bytes(lines.encode())
