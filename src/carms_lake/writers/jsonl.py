"""Frames -> JSON Lines in UTF-8: one object per line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import polars as pl


def write(path: Path, frames: Iterable[pl.DataFrame], *, text_column: str | None = None) -> None:
    """Write one object per row, nulls as `null`.

    With `text_column`, that column's text is the whole line, JSON or not.
    """
    with path.open("wb") as file:
        for frame in frames:
            if text_column is None:
                frame.write_ndjson(file)
            else:
                frame.select(text_column).write_csv(
                    file, include_header=False, quote_style="never", line_terminator="\n"
                )
