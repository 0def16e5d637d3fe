"""Frames -> CSV in UTF-8: line feeds, quotes where a cell needs them, null as an empty cell."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import polars as pl


def write(
    path: Path,
    frames: Iterable[pl.DataFrame],
    *,
    separator: str = ",",
    header: bool = True,
    null_value: str = "",
) -> None:
    """Write the chunks below one header line, the first chunk's column names.

    Text is written as it stands. An empty text gets quotes, a null none.
    """
    with path.open("wb") as file:
        for number, frame in enumerate(frames):
            if header and number == 0:
                file.write(_header(frame.columns, separator))
            frame.write_csv(
                file,
                include_header=False,
                separator=separator,
                line_terminator="\n",
                quote_style="necessary",
                null_value=null_value,
            )


def _header(names: list[str], separator: str) -> bytes:
    """The header line; Polars would put quotes around an empty name."""
    line = io.StringIO()
    csv.writer(line, delimiter=separator, lineterminator="\n").writerow(names)
    return line.getvalue().encode()
