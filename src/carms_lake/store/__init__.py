"""The only room that knows Delta, Parquet and DuckDB; here: where things are in a lake."""

from contextlib import suppress
from pathlib import Path

from carms_lake.config import LakeConfig
from carms_lake.names import Layer, TableRef

LOG = "_delta_log"
"""The folder of a Delta table with its log."""


def table_path(config: LakeConfig, ref: TableRef) -> Path:
    """The folder of a table of bronze, silver or one of the domain's own layers."""
    return config.lake / ref.layer / ref.table


def rejects_path(config: LakeConfig) -> Path:
    """The folder of the domain's one table of rejects."""
    return config.lake / "rejects"


def ops_path(config: LakeConfig, table: str) -> Path:
    """The folder of a table of operations."""
    return config.lake / "ops" / table


def parquet_path(config: LakeConfig, ref: TableRef) -> Path:
    """The plain Parquet copy of a bronze table."""
    return config.lake / "parquet" / ref.layer / f"{ref.table}.parquet"


def disk_bytes(config: LakeConfig) -> dict[str, int]:
    """The bytes of all files by layer, those of old versions included, and `gold` of that file."""
    found = {}
    own = config.domain.own_layers
    for folder in (Layer.BRONZE, Layer.SILVER, *own, "rejects", "ops", "parquet", ".asof"):
        total = 0
        for file in (config.lake / folder).rglob("*"):
            with suppress(FileNotFoundError):  # a run in progress has just deleted it
                total += file.stat().st_size if file.is_file() else 0
        found[str(folder).lstrip(".")] = total
    file = config.gold_file
    return {**found, "gold": file.stat().st_size if file.is_file() else 0}
