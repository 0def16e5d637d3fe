"""Frames -> a Delta table, ZSTD, one commit per chunk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import polars as pl

_ID = UUID(int=0)
_PROTOCOL = {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}


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

    properties = WriterProperties(compression="ZSTD")
    mode: Literal["append"] = "append"
    for frame in frames:
        write_deltalake(
            str(path),
            frame,
            mode=mode,
            schema_mode="merge",
            partition_by=list(partition_by) or None,
            writer_properties=properties,
        )


def _write_reproducible(path: Path, frames: Iterable[pl.DataFrame]) -> None:
    import pyarrow.parquet as pq
    from deltalake import Schema

    log = path / "_delta_log"
    log.mkdir(parents=True)
    for version, frame in enumerate(frames):
        table = _arrow(frame)
        part = path / f"part-{version:05}.zstd.parquet"
        pq.write_table(table, part, compression="zstd")
        actions = [_added(part, frame.height)]
        if version == 0:
            schema = Schema.from_arrow(table.schema).to_json()
            actions = [_PROTOCOL, _metadata(schema), *actions]
        lines = "".join(f"{json.dumps(action)}\n" for action in actions)
        (log / f"{version:020}.json").write_bytes(lines.encode())


def _arrow(frame: pl.DataFrame) -> Any:
    import polars as pl

    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _metadata(schema: str) -> dict[str, Any]:
    return {
        "metaData": {
            "id": str(_ID),
            "format": {"provider": "parquet", "options": {}},
            "schemaString": schema,
            "partitionColumns": [],
            "configuration": {},
            "createdTime": 0,
        }
    }


def _added(part: Path, rows: int) -> dict[str, Any]:
    return {
        "add": {
            "path": part.name,
            "partitionValues": {},
            "size": part.stat().st_size,
            "modificationTime": 0,
            "dataChange": True,
            "stats": json.dumps({"numRecords": rows}),
        }
    }
