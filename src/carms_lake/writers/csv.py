"""Frames -> CSV in UTF-8: line feeds, quotes where a cell needs them, null as an empty cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl

QuoteStyle = Literal["necessary", "never"]


def write(  # noqa: PLR0913 - a format's options are its keywords
    path: Path,
    frames: Iterable[pl.DataFrame],
    *,
    separator: str = ",",
    header: bool = True,
    null_value: str = "",
    datetime_format: str | None = None,
    unquoted_where: str | None = None,
) -> None:
    """Write the chunks below one header line, the first chunk's column names.

    Text is written unchanged. An empty text gets quotes, a null none. `datetime_format` is how
    strftime spells moments, which never get quotes. `unquoted_where` names a column of booleans
    that is not written: rows where it is true have no quotes, even where they need them.
    """
    with path.open("wb") as file:
        for number, frame in enumerate(frames):
            if header and number == 0:
                names = [name for name in frame.columns if name != unquoted_where]
                # Polars would put quotes around an empty name.
                line = io.StringIO()
                csv.writer(line, delimiter=separator, lineterminator="\n").writerow(names)
                file.write(line.getvalue().encode())
            for rows, quote_style in _by_quotes(frame, unquoted_where):
                rows.write_csv(
                    file,
                    include_header=False,
                    separator=separator,
                    line_terminator="\n",
                    quote_style=quote_style,
                    null_value=null_value,
                    datetime_format=datetime_format,
                )


def _by_quotes(
    frame: pl.DataFrame, unquoted_where: str | None
) -> Iterator[tuple[pl.DataFrame, QuoteStyle]]:
    """The rows in their order, in runs that are written alike."""
    if unquoted_where is None:
        yield frame, "necessary"
        return
    rows, at = frame.drop(unquoted_where), 0
    for run in frame[unquoted_where].rle():
        yield rows.slice(at, run["len"]), "never" if run["value"] else "necessary"
        at += run["len"]
