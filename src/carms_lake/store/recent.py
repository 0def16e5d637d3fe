"""The newest rows of the tables of operations, without reading those of years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.store import delta
from carms_lake.store.layout import ops_path
from carms_lake.store.versions import commits, files_at

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig


def recent(config: LakeConfig, table: str, runs: int) -> pl.DataFrame | None:
    """The rows that the last runs wrote into a table of operations, and perhaps older ones.

    None where there is no such table.

    Raises:
        StoreError: the lake cannot be read.
    """
    path = ops_path(config, table)
    found = commits(path)
    if not found:
        return None
    there = files_at(path, found[-1].version)
    added = [file.name for commit in found[-runs:] for file in commit.added]
    files = [str(path / name) for name in dict.fromkeys(added) if name in there]
    schema = pl.Schema(delta.columns(path))
    if not files:
        return pl.DataFrame(schema=schema)
    return pl.scan_parquet(
        files,
        glob=False,
        hive_partitioning=False,
        schema=schema,
        missing_columns="insert",
        extra_columns="ignore",
    ).collect()
