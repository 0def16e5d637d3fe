"""Workbooks: the contract's sheet, else the first; `src_row_number` is the sheet's row.

A cell has a type of its own. Where the contract wants text, anything but text is a TYPE_MISMATCH of
its record, because a number has lost its leading zeros already; where it wants another type, a cell
is handed on as canonical text, and the contract's types decide. Rows without a value are no
records.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import orjson
import polars as pl

from carms_lake.contract.model import Column, Contract
from carms_lake.errors import SourceRefused, first_few
from carms_lake.names import SRC_EXTRA, SRC_ROW_NUMBER
from carms_lake.readers.extent import with_place
from carms_lake.readers.frames import (
    ErrorCell,
    Fault,
    cell_text,
    malformed_frame,
    parsed_chunk,
    without_null_values,
)
from carms_lake.readers.header import Layout, parse, spec_of
from carms_lake.readers.xlsx.cells import column_letters
from carms_lake.readers.xlsx.sheet import Sheet, open_sheet
from carms_lake.readers.xlsx.workbook import Grid
from carms_lake.records import AS_TYPED, FileChunks, ReasonCode, SourceFile

_TEXT_TYPES = ("varchar", "json")
_SHOWN_FAULTS = 3
_SHOWN_DIGITS = 15


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The rows of a sheet, all columns text.

    Raises:
        SourceRefused: not a workbook, without the sheet, or its columns are not the contract's.
    """
    sheet, layout = _opened(source, contract)
    grid, kept = sheet.grid, sheet.kept
    faults: dict[int, list[tuple[str, Any, str]]] = {}
    texts: dict[str, pl.Series] = {}
    for name, position in layout.positions:
        values = [grid.rows[index][position] for index in kept]
        column = contract.column(name)
        texts[name] = _text_series(name, as_shown(values, column), column)
        if column.spelling:
            texts[name] = _marked(texts[name], values)
        for place in _misfits(values, column):
            address = grid.address(kept[place], position)
            wrong = (name, values[place], _message(address, values[place], column))
            faults.setdefault(place, []).append(wrong)
    numbers = [grid.first_row + index for index in kept]
    if layout.extra:
        texts[SRC_EXTRA] = _extra_series(grid, kept, layout)
    nulls = ("", *spec_of(contract).null_values)
    if any(column.spelling for column in contract.columns):
        # Cells that are not text bear a mark in such a column, before the same words.
        nulls += tuple(AS_TYPED + text for text in nulls)
    frame = pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String)).select(
        pl.Series(SRC_ROW_NUMBER, numbers, dtype=pl.Int64),
        *(without_null_values(name, nulls) for name in texts),
    )
    raw = _raw_texts(sheet, [numbers[place] for place in faults])
    malformed = [_fault(numbers[p], raw[numbers[p]], wrong) for p, wrong in sorted(faults.items())]
    if faults:
        frame = frame.filter(~pl.col(SRC_ROW_NUMBER).is_in([numbers[place] for place in faults]))
    texts_of = partial(_raw_texts, sheet)
    chunk = parsed_chunk(frame, malformed_frame(malformed), len(kept), texts_of)
    return FileChunks(source, (chunk,), layout.notes)


def addresses(source: SourceFile, contract: Contract) -> Callable[[int, str | None], str]:
    """What spreadsheets call the cell of a sheet row and a column, or the row where it has none.

    Raises:
        SourceRefused: not a workbook, without the sheet, or its columns are not the contract's.
    """
    sheet, layout = _opened(source, contract)
    grid = sheet.grid
    positions = dict(layout.positions)

    def address(row: int, column: str | None) -> str:
        position = None if column is None else positions.get(column)
        if position is None:
            return f"{grid.sheet}, row {row}"
        return grid.address(row - grid.first_row, position)

    return address


def _opened(source: SourceFile, contract: Contract) -> tuple[Sheet, Layout]:
    """The cells, and where the columns are."""
    sheet = open_sheet(source, contract)
    grid = sheet.grid
    headers, where = _headers(sheet, source)
    try:
        layout = parse(headers, contract, where)
    except SourceRefused as error:
        raise with_place(
            error, contract, lambda reading: _headers(open_sheet(source, reading), source)
        ) from None
    used = list(sheet.columns)
    positions = tuple((name, used[position]) for name, position in layout.positions)
    extra = tuple((name, used[position]) for name, position in layout.extra)
    notes = (*sheet.notes, *layout.notes, *grid.notes, *_merged_note(grid, sheet.header))
    return sheet, Layout(positions, len(sheet.names), notes, extra)


def _headers(sheet: Sheet, source: SourceFile) -> tuple[list[str], str]:
    row = f", row {sheet.grid.first_row + sheet.header}" if sheet.header >= 0 else ""
    return list(sheet.columns.values()), f"`{source.name}`, sheet `{sheet.grid.sheet}`{row}"


def _merged_note(grid: Grid, header: int) -> list[str]:
    """Of cells merged below the header: only the first has the value that a person sees in all."""
    areas = [
        f"`{column_letters(first[1])}{first[0]}:{column_letters(last[1])}{last[0]}`"
        for first, last in grid.cells.merged
        if grid.first_row + header < last[0] and first[0] < grid.first_row + len(grid.rows)
    ]
    if not areas:
        return []
    found = f"sheet `{grid.sheet}` has merged cells ({first_few(areas, _SHOWN_FAULTS)})"
    return [f"{found}; the first of each has the value, the others are empty"]


def _extra_series(grid: Grid, kept: list[int], layout: Layout) -> pl.Series:
    """The cells of columns that the contract does not know, as JSON; null without a value."""
    found = (
        {name: _json_value(grid.rows[i][at]) for name, at in layout.extra if grid.rows[i][at] != ""}
        for i in kept
    )
    texts = [orjson.dumps(values).decode() if values else None for values in found]
    return pl.Series(SRC_EXTRA, texts, dtype=pl.String)


def _misfits(values: list[Any], column: Column) -> list[int]:
    """Where the cells are that cannot be values of the column, whatever their text."""
    types = set(map(type, values))
    fits: set[type] = {str} if column.type.name in _TEXT_TYPES else types - {ErrorCell}
    if types <= fits:
        return []
    return [place for place, value in enumerate(values) if type(value) not in fits]


def as_shown(values: list[Any], column: Column) -> list[Any]:
    """The values, without the noise of computing where the column has a number of decimals.

    `=1.1*3` is 3.3000000000000003, and 3.3 to all who see it, for Excel shows 15 digits. So a
    number becomes the nearest one of the column's decimals where both are the same in 15 digits,
    and where those reach that far: 3.305 has no place in a `decimal(12,2)`, in whatever program.
    """
    whole = column.type.name in ("smallint", "integer", "bigint")
    if not whole and column.type.name != "decimal":
        return values
    scale = column.type.scale
    return [_without_noise(value, scale) if type(value) is float else value for value in values]


def _without_noise(number: float, scale: int) -> float:
    nearest = round(number, scale)
    if nearest == number or abs(number) >= 10.0 ** (_SHOWN_DIGITS - scale):
        return number
    is_same = f"{nearest:.{_SHOWN_DIGITS}g}" == f"{number:.{_SHOWN_DIGITS}g}"
    return nearest if is_same else number


def _text_series(name: str, values: list[Any], column: Column) -> pl.Series:
    """The cells as text; columns of one type are turned into text at once."""
    types = set(map(type, values))
    if types <= {str}:
        return pl.Series(name, values, dtype=pl.String)
    filled = [None if value == "" else value for value in values] if str in types else values
    kinds = set(map(type, filled)) - {type(None)}
    if kinds == {float}:
        numbers = pl.Series(name, filled, dtype=pl.Float64).cast(pl.String).str.strip_suffix(".0")
        # With an exponent only `cell_text` has all digits.
        if not numbers.str.contains("e", literal=True).any():
            return numbers
    if kinds == {bool}:
        return pl.Series(name, filled, dtype=pl.Boolean).cast(pl.String)
    if kinds == {dt.date}:
        return pl.Series(name, filled, dtype=pl.Date).dt.to_string("iso")
    is_date = column.type.name == "date"
    texts = [None if value is None else cell_text(value, is_date=is_date) for value in filled]
    return pl.Series(name, texts, dtype=pl.String)


def _marked(texts: pl.Series, values: list[Any]) -> pl.Series:
    """The texts, with a mark before those of cells that are not text."""
    is_typed = pl.Series([type(value) is not str for value in values], dtype=pl.Boolean)
    return (AS_TYPED + texts).zip_with(is_typed, texts)


def _message(address: str, value: Any, column: Column) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (ErrorCell, "error"),
        (bool, "boolean"),
        ((int, float), "number"),
        ((dt.date, dt.time, dt.timedelta), "date or time"),
    )
    if isinstance(value, ErrorCell) and value.text.startswith("="):
        formula = f"the formula `{value.text[:60]}`" if value.text != "=" else "a formula"
        return (
            f"`{address}` holds {formula} without a value: open the workbook in Excel and save it"
        )
    kind = next(word for types, word in kinds if isinstance(value, types))
    holds = f"`{address}` contains the {kind} {cell_text(value)}"
    if column.type.name not in _TEXT_TYPES:
        return f"{holds}; the contract wants one {column.type}"
    return f"{holds}; the contract wants text: format the column as text and enter its values again"


def _fault(number: int, raw: str, wrong: list[tuple[str, Any, str]]) -> Fault:
    column, value, message = wrong[0]
    others = [text.split(";")[0] for _, _, text in wrong[1:_SHOWN_FAULTS]]
    more = len(wrong) - 1 - len(others)
    message = "; ".join([message, *others, *([f"and {more} more cells"] if more else [])])
    return Fault(number, raw, ReasonCode.TYPE_MISMATCH, message, column, cell_text(value))


def _raw_texts(sheet: Sheet, row_numbers: Sequence[int]) -> dict[int, str]:
    """Rows as JSON by sheet row; a column without a header goes by its letters."""
    grid, names = sheet.grid, sheet.names
    return {
        number: orjson.dumps(
            {name: _json_value(cell) for name, cell in zip(names, grid.rows[index], strict=True)}
        ).decode()
        for number in row_numbers
        if 0 <= (index := number - grid.first_row) < len(grid.rows)
    }


def _json_value(cell: Any) -> Any:
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) <= 2**53:
        return int(cell)
    is_plain = isinstance(cell, str | float | bool) or (isinstance(cell, int) and abs(cell) < 2**63)
    return cell if is_plain else cell_text(cell)
