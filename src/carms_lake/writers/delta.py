"""Frames -> a Delta table, ZSTD, one commit per chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import polars as pl


def write(path: Path, frames: Iterable[pl.DataFrame], *, partition_by: Sequence[str] = ()) -> None:
    """Write each chunk as a commit of its own, to a new table or after an old one's last.

    A later chunk may bring new columns; rows from before have null there.
    """
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
