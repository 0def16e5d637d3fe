"""Frames -> a workbook with one sheet: text stays text, and its bytes are the same each time."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from carms_lake.errors import UsageError
from carms_lake.files import final_name
from carms_lake.writers.json import as_text

if TYPE_CHECKING:
    import polars as pl

_MAX_ROWS = 1_048_576
_MAX_COLUMNS = 16_384
_MAX_CHARACTERS = 32_767
_MAX_DIGITS = 15
_TOO_LARGE = 1_000_000_000_000_000
_FIRST_YEAR = 1901
"""A sheet counts days from 1900, and has a 29 February in that year."""
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's clock has no zone


def write(
    path: Path,
    frames: Iterable[pl.DataFrame],
    *,
    sheet: str = "Sheet1",
    number_cells: Collection[tuple[int, str]] = (),
) -> None:
    """Write the chunks below one header row; nulls and empty column names give no cell.

    The whole sheet stays in memory until it is written. `number_cells` are (row, column) pairs,
    rows from 0, whose text is written as a number: the fault that a spreadsheet makes of an id.
    What a sheet cannot hold becomes text: NaN, infinity, numbers of more than 15 digits, dates
    before 1901; a moment with a zone is written in UTC without one.

    Raises:
        UsageError: more rows, columns or characters than a sheet can hold.
    """
    kept = _that_fit(frames, final_name(path))
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as workbook:
        workbook.set_properties({"created": _CREATED})
        stamp = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        worksheet = workbook.add_worksheet(sheet)
        row = 0
        for number, frame in enumerate(kept):
            if number == 0:
                _write_row(worksheet, 0, tuple(name or None for name in frame.columns), stamp)
            for values in frame.iter_rows():
                held = tuple(
                    int(value) if (row, name) in number_cells else value
                    for name, value in zip(frame.columns, values, strict=True)
                )
                row += 1
                _write_row(worksheet, row, held, stamp)


def _that_fit(frames: Iterable[pl.DataFrame], name: str) -> list[pl.DataFrame]:
    """The chunks, where a sheet has room for them: looked at before the first cell is written."""
    kept: list[pl.DataFrame] = []
    rows = 1
    for frame in frames:
        kept.append(frame)
        rows += frame.height
        for most, there, what in (
            (_MAX_ROWS, rows, "rows"),
            (_MAX_COLUMNS, frame.width, "columns"),
        ):
            if there > most:
                raise UsageError(
                    f"`{name}` would have more than {most} {what}",
                    "write Parquet or CSV instead, or select less",
                )
    return kept


def _write_row(worksheet: Worksheet, row: int, values: tuple[object, ...], stamp: Format) -> None:
    for column, value in enumerate(values):
        if value is None:
            continue
        if isinstance(value, bool):
            worksheet.write_boolean(row, column, value)
        elif isinstance(value, (int, float, Decimal)) and _holds_number(value):
            worksheet.write_number(row, column, value)
        elif isinstance(value, date) and value.year >= _FIRST_YEAR:
            if isinstance(value, datetime):
                naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
                worksheet.write_datetime(row, column, naive, stamp)
            else:
                worksheet.write_datetime(row, column, value)
        else:
            text = as_text(value)
            if len(text) > _MAX_CHARACTERS:
                raise UsageError(
                    f"row {row + 1} has a text of {len(text)} characters, "
                    f"and a cell holds {_MAX_CHARACTERS}"
                )
            worksheet.write_string(row, column, text)


def _holds_number(value: float | Decimal) -> bool:
    """Whether a cell, a double that is shown with 15 digits, holds the number without a loss."""
    if isinstance(value, int):
        return abs(value) < _TOO_LARGE
    if isinstance(value, float):
        return math.isfinite(value)
    digits = "".join(map(str, value.as_tuple().digits)).rstrip("0")
    return value.is_finite() and len(digits) <= _MAX_DIGITS
