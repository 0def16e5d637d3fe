"""Rows -> a workbook: text stays text, and its bytes are the same each time."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xlsxwriter
from xlsxwriter.format import Format

from carms_lake.errors import UsageError
from carms_lake.files import final_name
from carms_lake.writers.json import as_text

if TYPE_CHECKING:
    import polars as pl

_MAX_ROWS = 1_048_576
_MAX_COLUMNS = 16_384
_MAX_CHARACTERS = 32_767
"""Of UTF-16, in which a sign beyond U+FFFF counts twice."""
_MAX_DIGITS = 15
_TOO_LARGE = 1_000_000_000_000_000
_FIRST_YEAR = 1901
"""A sheet counts days from 1900, and has a 29 February in that year."""
_LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - as below
"""What follows is rounded to the day after."""
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's clock has no zone
_MEASURED_ROWS = 1_000
_WIDTHS = (8, 60)
_BUTTON = 3
"""How many characters the button of a filter covers."""
_CONVERTED = re.compile(
    r"[-+=@.,$€£(\d]|(?i:true|false|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)
"""How a text begins that Excel reads as something else once a person has clicked into it."""
_NANOSECONDS = re.compile(r"\.\d{7}")
"""A day's share in a double holds microseconds."""
_MOST_CONVERTED = 255
"""Excel shows a longer text as ##### where the cell's format is text."""

_SHEET_NAME = 31
_NOT_IN_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f]")

Cell = bool | int | float | Decimal | date | str | None


def write(
    path: Path,
    frames: Iterable[pl.DataFrame],
    *,
    sheet: str = "Sheet1",
    number_cells: Collection[tuple[int, str]] = (),
) -> None:
    """Write the chunks below one header row, without any look; an empty column name gives no cell.

    `number_cells` are (row, column) pairs, rows from 0, whose text is written as a number: the
    fault that a spreadsheet makes of an id. For the rest see `write_rows`.

    Raises:
        UsageError: more rows, columns or characters than a sheet can hold.
    """
    chunks = iter(frames)
    first = next(chunks)
    wanted = {(row, first.columns.index(name)) for row, name in number_cells}
    rows = chain.from_iterable(frame.iter_rows() for frame in chain([first], chunks))
    cells = _cells(path, first.columns, [""] * first.width, rows)
    for row, column in wanted:
        held = cells[row]
        cells[row] = (*held[:column], int(str(held[column])), *held[column + 1 :])
    _write(path, first.columns, cells, sheet)


def write_rows(
    path: Path,
    columns: Sequence[str],
    types: Sequence[str],
    batches: Iterable[Iterable[Sequence[Any]]],
) -> int:
    """Write rows below a header with a filter, ready for reading; how many there were.

    The whole sheet stays in memory until it is written. `types` say which texts are days or
    moments, as DuckDB names them. What a sheet cannot hold becomes text: NaN, infinity, numbers of
    more than 15 digits, times, days before 1901; a moment with a zone is written in UTC without
    one. A text that Excel would take for a number, a day or a formula has the format of a text.

    Raises:
        UsageError: more rows, columns or characters than a sheet can hold.
    """
    cells = _cells(path, columns, types, chain.from_iterable(batches))
    _write(path, columns, cells, "Sheet1", is_for_reading=True)
    return len(cells)


def write_book(path: Path, sheets: Iterable[tuple[str, pl.DataFrame]]) -> None:
    """Write a sheet for each (title, rows), ready for reading as by `write_rows`.

    A title is cut, and changed where Excel allows no such name of a sheet or it is taken.

    Raises:
        UsageError: more rows, columns or characters than a sheet can hold.
    """
    filled = [
        (title, rows.columns, _cells(path, rows.columns, [""] * rows.width, rows.iter_rows()))
        for title, rows in sheets
    ]
    taken: set[str] = set()
    with _book(path) as book:
        formats = _formats(book, is_for_reading=True)
        for title, columns, cells in filled:
            _fill(book.add_worksheet(_sheet_name(title, taken)), columns, cells, formats)


def _sheet_name(title: str, taken: set[str]) -> str:
    """A name that Excel takes: short, without its own signs, no other sheet's in any case."""
    plain = _NOT_IN_SHEET.sub(" ", title).strip(" '") or "Sheet"
    if plain.casefold() == "history":  # Excel keeps this name for itself
        plain = f"{plain}_"
    name, number = plain[:_SHEET_NAME].rstrip(), 2
    while name.casefold() in taken:
        end = f" {number}"
        name, number = plain[: _SHEET_NAME - len(end)].rstrip() + end, number + 1
    taken.add(name.casefold())
    return name


def _cells(
    path: Path, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]
) -> list[tuple[Cell, ...]]:
    """The cells of rows, where a sheet has room for them: looked at before the first is written."""
    _ensure_room(path, len(columns), _MAX_COLUMNS, "columns")
    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        _ensure_room(path, len(cells) + 2, _MAX_ROWS, "rows")
        cells.append(tuple(map(_cell, row, types)))
        for name, cell in zip(columns, cells[-1], strict=True):
            if isinstance(cell, str) and 2 * len(cell) > _MAX_CHARACTERS:
                units = len(cell.encode("utf-16-le", "surrogatepass")) // 2
                where = f"characters in a cell (column `{name}`, row {len(cells) + 1})"
                _ensure_room(path, units, _MAX_CHARACTERS, where)
    return cells


def _ensure_room(path: Path, there: int, most: int, what: str) -> None:
    if there > most:
        raise UsageError(
            f"`{final_name(path)}` would have more than {most} {what}",
            "write Parquet or CSV instead, or select less",
        )


def _cell(value: Any, kind: str) -> Cell:
    """The value as a sheet holds it, where it can; else its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal) and _holds_number(value):
        return value
    if isinstance(value, str):
        found = _day(value, kind)
    else:
        found = value if isinstance(value, date) else None
    if found is None or found.year < _FIRST_YEAR:
        return as_text(value)
    if isinstance(found, datetime):
        found = found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
        return as_text(value) if found > _LAST_MOMENT else found
    return found


def _day(text: str, kind: str) -> date | None:
    """The day or moment that DuckDB has written; None for any other text."""
    if kind != "DATE" and not kind.startswith("TIMESTAMP"):
        return None
    if _NANOSECONDS.search(text):
        return None
    try:
        return (date if kind == "DATE" else datetime).fromisoformat(text)
    except ValueError:  # infinity, or a year of five digits
        return None


def _holds_number(value: float | Decimal) -> bool:
    """Whether a cell, a double that is shown with 15 digits, holds the number without a loss."""
    if isinstance(value, int):
        return abs(value) < _TOO_LARGE
    if isinstance(value, float):
        return math.isfinite(value)
    digits = "".join(map(str, value.as_tuple().digits)).rstrip("0")
    return value.is_finite() and len(digits) <= _MAX_DIGITS


class _Exact(float):
    """A number that is written with all of its digits; the library writes 16 of them."""

    def __format__(self, _: str) -> str:
        return repr(float(self))


def _write(
    path: Path,
    columns: Sequence[str],
    cells: Sequence[tuple[Cell, ...]],
    sheet: str,
    *,
    is_for_reading: bool = False,
) -> None:
    with _book(path) as book:
        formats = _formats(book, is_for_reading=is_for_reading)
        _fill(book.add_worksheet(sheet), columns, cells, formats)


def _book(path: Path) -> Any:
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    book.set_properties({"created": _CREATED})
    return book


def _formats(book: Any, *, is_for_reading: bool) -> dict[str, Format]:
    """The formats of cells; those that are for reading have one for headers and one for texts."""
    formats = {
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "fraction": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
    }
    if is_for_reading:
        formats["header"] = book.add_format({"bold": True})
        formats["text"] = book.add_format({"num_format": "@"})
    return formats


def _fill(
    page: Any,
    columns: Sequence[str],
    cells: Sequence[tuple[Cell, ...]],
    formats: dict[str, Format],
) -> None:
    """A header and its rows; where there is a format for it, ready for reading."""
    header = formats.get("header")
    if header is not None:
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, len(cells), max(len(columns) - 1, 0))
        for column, width in enumerate(_widths(columns, cells)):
            page.set_column(column, column, width)
    for column, name in enumerate(columns):
        if name:
            page.write_string(0, column, name, header)
    for row, values in enumerate(cells, start=1):
        for column, value in enumerate(values):
            _write_cell(page, row, column, value, formats)


def _widths(columns: Sequence[str], cells: Sequence[tuple[Cell, ...]]) -> Iterator[int]:
    """How wide each column is, in characters."""
    least, most = _WIDTHS
    for place, name in enumerate(columns):
        longest = max(
            (len(as_text(row[place])) for row in islice(cells, _MEASURED_ROWS)), default=0
        )
        yield min(max(longest + 1, len(name) + _BUTTON, least), most)


def _write_cell(page: Any, row: int, column: int, value: Cell, formats: dict[str, Format]) -> None:
    if isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, float) and float(f"{value:.16G}") != value:
        page.write_number(row, column, _Exact(value))
    elif isinstance(value, (int, float, Decimal)):
        page.write_number(row, column, value)
    elif isinstance(value, datetime):
        look = formats["fraction" if value.microsecond else "moment"]
        page.write_datetime(row, column, value, look)
    elif isinstance(value, date):
        page.write_datetime(row, column, value)
    elif value is not None:
        is_converted = _CONVERTED.match(value) and len(value) <= _MOST_CONVERTED
        page.write_string(row, column, value, formats.get("text") if is_converted else None)
