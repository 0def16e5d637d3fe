"""The table of a workbook's sheet: the cells of it that the contract wants, and its headers."""

from typing import Any, NamedTuple

from carms_lake.contract.model import Contract
from carms_lake.contract.spelling import AUTO, NO_HEADER, Cells
from carms_lake.errors import SourceRefused, counted
from carms_lake.readers.content import opened
from carms_lake.readers.extent import (
    MOST_ROWS,
    after_note,
    before_note,
    blank_header,
    end_among,
    header_among,
    names_by_position,
    no_such_line,
)
from carms_lake.readers.frames import cell_text
from carms_lake.readers.header import spec_of
from carms_lake.readers.xlsx.cells import column_letters
from carms_lake.readers.xlsx.workbook import Grid, read_grid
from carms_lake.records import SourceFile


class Sheet(NamedTuple):
    """The cells of a sheet's table, and where its header is."""

    grid: Grid
    header: int
    """The header's row in `grid.rows`; -1 where there is none."""
    columns: dict[int, str]
    """The headers by position, without columns that are only formatted cells."""
    notes: tuple[str, ...]
    """What was left out."""

    @property
    def names(self) -> list[str]:
        """The headers of all columns; one without a header goes by its letters."""
        first, width = self.grid.first_column, max(map(len, self.grid.rows), default=0)
        return [self.columns.get(at) or column_letters(first + at) for at in range(width)]

    @property
    def kept(self) -> list[int]:
        """Which rows below the header have a value."""
        rows = self.grid.rows
        return [at for at in range(self.header + 1, len(rows)) if has_value(rows[at])]

    def records(self) -> list[list[Any]]:
        """The rows below the header that have a value."""
        return [self.grid.rows[at] for at in self.kept]


def has_value(row: list[Any]) -> bool:
    """Whether any cell of a row is filled."""
    return row.count("") < len(row)


def open_sheet(source: SourceFile, contract: Contract) -> Sheet:
    """The contract's sheet, whatever its columns are.

    Raises:
        SourceRefused: it is not a workbook, lacks the sheet or a header, or the sheet is empty.
        ContractError: the pattern of the table's end cannot be used.
    """
    extent = spec_of(contract).extent
    with opened(source) as path:
        grid = read_grid(path, source, spec_of(contract).sheet)
    where = f"`{source.name}`, sheet `{grid.sheet}`"
    notes, of_sheet = list[str](), f"sheet `{grid.sheet}`, "
    if extent.cells is not None:
        notes += _outside_note(of_sheet, grid, extent.cells)
        grid = _cropped(grid, extent.cells)
    header = _header_row(grid, contract, where)
    notes += before_note(of_sheet, sum(map(has_value, grid.rows[: max(header, 0)])))
    grid, after = _ended(grid, header, contract)
    rows = grid.rows[header + 1 :]
    if header >= 0:
        found = [cell_text(cell) for cell in grid.rows[header]]
    else:
        filled = [at for row in rows for at, cell in enumerate(row) if cell != ""]
        found = names_by_position([max(filled) + 1], contract)
    columns = {
        at: name
        for at, name in enumerate(found)
        if name.strip() or any(row[at] != "" for row in rows)
    }
    sheet = Sheet(grid, header, columns, ())
    if after:
        last = grid.first_row + sheet.kept[-1] if sheet.kept else 0
        notes.append(after_note(of_sheet, after, last))
    return sheet._replace(notes=tuple(notes))


def _header_row(grid: Grid, contract: Contract, where: str) -> int:
    """Which row of the grid is the header, from 0; -1 for none."""
    header, filled = spec_of(contract).extent.header, [has_value(row) for row in grid.rows]
    if not any(filled):
        raise SourceRefused(
            "EMPTY_FILE", f"{where} is empty", "have the workbook sent with its header and rows"
        )
    if header == NO_HEADER:
        return -1
    if header == AUTO:
        texts = ([cell_text(cell) for cell in row] for row in grid.rows[:MOST_ROWS])
        at = header_among(texts, contract)
        return filled.index(True) if at is None else at
    if header is None:
        return filled.index(True)
    at = int(header) - grid.first_row
    if at >= len(filled):
        raise no_such_line(where, int(header), grid.first_row + len(filled) - 1)
    if at < 0 or not filled[at]:
        raise blank_header(where, int(header))
    return at


def _cropped(grid: Grid, cells: Cells) -> Grid:
    """The part of a grid within a range."""
    top, left = max(0, cells.first_row - grid.first_row), cells.first_column - grid.first_column
    bottom = None if cells.last_row is None else max(0, cells.last_row + 1 - grid.first_row)
    right = None if cells.last_column is None else max(0, cells.last_column + 1 - grid.first_column)
    rows = [[""] * max(0, -left) + row[max(0, left) : right] for row in grid.rows[top:bottom]]
    return grid._replace(rows=rows, first_row=grid.first_row + top, first_column=cells.first_column)


def _outside_note(where: str, grid: Grid, cells: Cells) -> list[str]:
    """The note about rows with a value outside of a range."""
    top = max(0, cells.first_row - grid.first_row)
    left = max(0, cells.first_column - grid.first_column)
    bottom = cells.last_row and max(0, cells.last_row + 1 - grid.first_row)
    right = cells.last_column and max(0, cells.last_column + 1 - grid.first_column)
    outside = 0
    for at, row in enumerate(grid.rows):
        is_inside = at >= top and (bottom is None or at < bottom)
        others = [*row[:left], *(row[right:] if right is not None else ())] if is_inside else row
        outside += has_value(others)
    if not outside:
        return []
    return [f"{where}left out: {counted(outside, 'row')} with values outside of {cells}"]


def _ended(grid: Grid, header: int, contract: Contract) -> tuple[Grid, int]:
    """The grid up to the end of the table, and how many filled rows are behind it."""
    if not spec_of(contract).extent.ends:
        return grid, 0
    rows = grid.rows[header + 1 :]
    firsts = (next((cell for cell in row if cell != ""), "") for row in rows)
    end = end_among([cell_text(cell).strip() for cell in firsts], contract)
    if end is None:
        return grid, 0
    return grid._replace(rows=grid.rows[: header + 1 + end]), sum(map(has_value, rows[end:]))
