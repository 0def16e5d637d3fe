"""Frames -> JSON in UTF-8: one array of objects, one object per line, or a single object.

Also how one value is written, in JSON and in a cell of text.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

_INDENT = 4


def write(path: Path, frames: Iterable[pl.DataFrame], *, without_nulls: bool = False) -> None:
    """Write one object per row, indented by four spaces; struct columns become nested objects.

    With `without_nulls`, a null column is left out of its object in place of `null`.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        separator = "[\n"
        for frame in frames:
            for row in frame.iter_rows(named=True):
                held = {k: v for k, v in row.items() if v is not None} if without_nulls else row
                text = json.dumps(held, ensure_ascii=False, indent=_INDENT)
                file.write(separator + textwrap.indent(text, " " * _INDENT))
                separator = ",\n"
        file.write("[]" if separator == "[\n" else "\n]")


def write_lines(
    path: Path, frames: Iterable[pl.DataFrame], *, text_column: str | None = None
) -> None:
    """Write one object per row and line, nulls as `null`.

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


def write_object(path: Path, frames: Iterable[Any], *, indent: int = 2) -> None:
    """Write the one object that the iterable gives, such as the ground truth of a generator.

    Raises:
        UsageError: the iterable gives none, or more than one.
    """
    objects = list(frames)
    if len(objects) != 1:
        raise UsageError(
            f"`{path.name}` holds one JSON object, not {len(objects)}", "write JSON lines instead"
        )
    text = json.dumps(objects[0], ensure_ascii=False, indent=indent)
    path.write_bytes(f"{text}\n".encode())


def as_text(value: object) -> str:
    """A value as a cell shows it, the same in every format that has no type for it; null is empty.

    As DuckDB writes it, but bytes are hexadecimal and what holds other values is JSON.
    """
    match value:
        case None:
            text = ""
        case bool():
            text = "true" if value else "false"
        case Decimal():
            text = f"{value:f}"
        case datetime() | time():
            text = _moment(value)
        case timedelta():
            text = _interval(value)
        case bytes():
            text = value.hex()
        case list() | tuple() | dict():
            text = as_json(value)
        case _:
            text = str(value)
    return text


def _moment(value: datetime | time) -> str:
    """`2025-01-02 03:04:05.5+00`: no zeros at the end of a fraction or of an offset."""
    text = value.replace(tzinfo=None).isoformat(*(" " if isinstance(value, datetime) else ()))
    text = text.rstrip("0") if value.microsecond else text
    offset = value.utcoffset()
    if offset is None:
        return text
    sign, seconds = "-" if offset < timedelta() else "+", abs(offset) // timedelta(seconds=1)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    shown = f":{minutes:02}:{rest:02}" if rest else f":{minutes:02}" if minutes else ""
    return f"{text}{sign}{hours:02}{shown}"


def _interval(value: timedelta) -> str:
    """`-2 days -00:05:00`: days and a time of one sign."""
    sign, left = "-" if value < timedelta() else "", abs(value)
    day, rest = left.days, left - timedelta(days=left.days)
    days = f"{sign}{day} day{'s' * (day != 1)}" if day else ""
    seconds, micro = divmod(rest // timedelta(microseconds=1), 1_000_000)
    clock = _moment(time(seconds // 3600, seconds // 60 % 60, seconds % 60, micro))
    clock = f"{sign}{clock}" if rest or not day else ""
    return " ".join(filter(None, (days, clock)))


def as_json(value: object) -> str:
    """A value as JSON text on one line."""
    import orjson

    return orjson.dumps(plain(value)).decode()


def plain(value: Any) -> Any:
    """A value as orjson takes it, without a digit lost; what JSON has no type for is text."""
    import orjson

    found = value
    match value:
        case None | str() | bool():
            pass
        case float():
            found = value if isfinite(value) else as_text(value)
        case int():
            if not -(1 << 63) <= value < 1 << 63:
                found = orjson.Fragment(str(value))
        case Decimal():
            found = orjson.Fragment(f"{value:f}") if value.is_finite() else as_text(value)
        case dict():
            found = {as_text(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            found = [plain(item) for item in value]
        case _:
            found = as_text(value)
    return found
