"""Rows in each format; a value is written the same way in all of them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import TextIO

    import polars as pl

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


QUOTE = '"'
_SAFE_INTEGER = 1 << 63


def write_rows(
    stream: TextIO, file_format: Format, columns: Sequence[str], batches: Batches
) -> int:
    """Write rows in a text format as they come; how many there were.

    CSV and TSV: UTF-8, line feeds, quotes where needed, null is empty. JSON: null is null, a
    decimal keeps its digits, bytes are hexadecimal.
    """
    writers = {
        Format.CSV: _csv,
        Format.TSV: _tsv,
        Format.JSON: _json,
        Format.JSONL: _jsonl,
        Format.MD: _markdown,
    }
    return writers[file_format](stream, columns, batches)


def write_binary(path: Path, frame: pl.DataFrame, file_format: str) -> int:
    """Write a frame to a Parquet file or a workbook, unusual types as text; how many rows.

    Raises:
        UsageError: a workbook cannot hold the rows.
    """
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


def as_text(value: object) -> str:
    """A value as a cell shows it; null is empty."""
    match value:
        case None:
            text = ""
        case bool():
            text = "true" if value else "false"
        case datetime():
            text = value.isoformat(" ")
        case bytes():
            text = value.hex()
        case list() | tuple() | dict():
            text = as_json(value)
        case _:
            text = str(value)
    return text


def as_json(value: object) -> str:
    """A value as JSON text on one line."""
    import orjson

    return orjson.dumps(plain(value)).decode()


def plain(value: Any) -> Any:
    """A value as orjson takes it, without a digit lost."""
    from decimal import Decimal

    import orjson

    found = value
    match value:
        case None | str() | bool() | float():
            pass
        case int():
            if not -_SAFE_INTEGER <= value < _SAFE_INTEGER:
                found = orjson.Fragment(str(value))
        case Decimal():
            found = orjson.Fragment(f"{value:f}") if value.is_finite() else None
        case datetime() | date() | time():
            found = value.isoformat()
        case bytes():
            found = value.hex()
        case dict():
            found = {as_text(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            found = [plain(item) for item in value]
        case timedelta():
            found = value.total_seconds()
        case _:
            found = str(value)
    return found


def _csv(stream: TextIO, columns: Sequence[str], batches: Batches, delimiter: str = ",") -> int:
    """RFC 4180, with line feeds; Python's own writer leaves a lone carriage return unquoted."""
    special = re.compile(f'[{delimiter}"\r\n]')

    def line(values: Iterable[object]) -> str:
        texts = [as_text(value) for value in values]
        cells = [f'"{t.replace(QUOTE, QUOTE * 2)}"' if special.search(t) else t for t in texts]
        return (delimiter.join(cells) if cells != [""] else QUOTE * 2) + "\n"

    stream.write(line(columns))
    count = 0
    for batch in batches:
        stream.writelines(map(line, batch))
        count += len(batch)
    return count


def _tsv(stream: TextIO, columns: Sequence[str], batches: Batches) -> int:
    return _csv(stream, columns, batches, "\t")


def _jsonl(stream: TextIO, columns: Sequence[str], batches: Batches) -> int:
    count = 0
    for batch in batches:
        stream.writelines(as_json(dict(zip(columns, row, strict=True))) + "\n" for row in batch)
        count += len(batch)
    return count


def _json(stream: TextIO, columns: Sequence[str], batches: Batches) -> int:
    count = 0
    stream.write("[")
    for batch in batches:
        for row in batch:
            stream.write(
                (",\n " if count else "\n ") + as_json(dict(zip(columns, row, strict=True)))
            )
            count += 1
    stream.write("\n]\n" if count else "]\n")
    return count


def _markdown(stream: TextIO, columns: Sequence[str], batches: Batches) -> int:
    stream.write(f"| {' | '.join(_markdown_cell(name) for name in columns)} |\n")
    stream.write(f"|{' --- |' * len(columns)}\n")
    count = 0
    for batch in batches:
        stream.writelines(
            f"| {' | '.join(_markdown_cell(as_text(value)) for value in row)} |\n" for row in batch
        )
        count += len(batch)
    return count


def _markdown_cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\r", "").replace("\n", "<br>")
