"""Rows in each format; a value is written the same way in all of them.

rich is imported only where a table is drawn.
"""

from __future__ import annotations

import os
import re
from enum import StrEnum
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from carms_lake.writers.json import as_json, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from typing import TextIO

    import polars as pl
    from rich.console import Console

    Batches = Iterable[Sequence[Sequence[Any]]]


class Format(StrEnum):
    """The shapes that rows can be written in."""

    TABLE = "table"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSONL = "jsonl"
    MD = "md"
    PARQUET = "parquet"
    XLSX = "xlsx"


FIRST_ROWS = 40
"""A terminal gets so many rows of a long result, then the last ones."""

LONG_TEXT = 200
"""Longer values are cut in a trace on a terminal, which says so."""


def write_rows(
    stream: TextIO,
    file_format: Format,
    columns: Sequence[str],
    batches: Batches,
    *,
    exact: bool = True,
) -> int:
    """Write rows in a text format as they come; how many there were.

    CSV and TSV: UTF-8, line feeds, quotes where needed, null is empty. JSON: null is null, a
    decimal keeps its digits, bytes are hexadecimal. Where CSV is not `exact`, and in Markdown,
    control characters are escaped.
    """
    text = as_text if exact else lambda value: escaped(as_text(value))

    def record(row: Sequence[Any]) -> str:
        return as_json(dict(zip(columns, row, strict=True)))

    count, head = 0, ""
    line: Callable[[Sequence[Any]], str]
    match file_format:
        case Format.JSONL:
            line = lambda row: record(row) + "\n"  # noqa: E731 - one of four
        case Format.JSON:
            starts = chain(["\n "], repeat(",\n "))
            line, head = lambda row: next(starts) + record(row), "["
        case Format.MD:
            line = _markdown_line
            head = line(columns) + f"|{' --- |' * len(columns)}\n"
        case _:
            line = _delimited("\t" if file_format is Format.TSV else ",", text)
            head = line(columns)
    stream.write(head)
    for batch in batches:
        stream.writelines(map(line, batch))
        count += len(batch)
    if file_format is Format.JSON:
        stream.write("\n]\n" if count else "]\n")
    return count


def write_binary(path: Path, frame: pl.DataFrame, file_format: str) -> int:
    """Write a frame to a Parquet file or a workbook, unusual types as text; how many rows.

    Raises:
        UsageError: a workbook cannot hold the rows.
    """
    if file_format == Format.XLSX:
        from carms_lake.writers import xlsx

        return xlsx.write_rows(path, frame.columns, [""] * frame.width, [frame.iter_rows()])
    import polars as pl

    from carms_lake.writers import write

    usual = [pl.Boolean, pl.Int16, pl.Int32, pl.Int64, pl.Float64, pl.Date, pl.Decimal, pl.String]
    columns = [
        column
        if column.dtype in [*usual, pl.Datetime("us")]
        else pl.Series(
            column.name, [None if v is None else as_text(v) for v in column.to_list()], pl.String
        )
        for column in frame.iter_columns()
    ]
    write(path, [pl.DataFrame(columns)], file_format)
    return frame.height


def _delimited(delimiter: str, text: Callable[[object], str]) -> Callable[[Sequence[Any]], str]:
    """RFC 4180, with line feeds; Python's own writer leaves a lone carriage return unquoted."""
    special = re.compile(f'[{delimiter}"\r\n]')

    def line(values: Sequence[Any]) -> str:
        texts = [text(value) for value in values]
        cells = ['"' + t.replace('"', '""') + '"' if special.search(t) else t for t in texts]
        return (delimiter.join(cells) if cells != [""] else '""') + "\n"

    return line


def _markdown_line(values: Sequence[Any]) -> str:
    escapes = str.maketrans({"\\": "\\\\", "|": "\\|", "\r": "", "\n": "<br>"})
    cells = [on_one_line(as_text(value).translate(escapes)) for value in values]
    return f"| {' | '.join(cells)} |\n"


def console(stream: TextIO, width: int) -> Console:
    """What tables and trees are drawn with, of the given width."""
    from rich.console import Console

    colors = False if os.environ.get("NO_COLOR") else None
    return Console(
        file=stream, width=width, force_terminal=colors, legacy_windows=False, highlight=False
    )


def on_one_line(text: str) -> str:
    """A text with its line breaks and control characters escaped: they cannot move the cursor.

    So are characters that turn the direction of writing, or that nothing shows.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or _is_wide_space(c) else repr(c)[1:-1] for c in text)


def escaped(text: str) -> str:
    """A text of several lines for reading: all but its line feeds and tabs as `on_one_line`."""
    if text.isprintable():
        return text
    return "\n".join("\t".join(map(on_one_line, line.split("\t"))) for line in text.split("\n"))


def _is_wide_space(character: str) -> bool:
    """A no-break space or the like, which Python does not call printable; no line break."""
    return character.isspace() and character >= "\xa0" and character not in "\u2028\u2029"
