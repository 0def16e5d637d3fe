"""A workbook's sheet as a grid of typed cells, exactly as written.

The fast library reads cells in their types, but shows an error (`#DIV/0!`) and a formula that
nothing has computed as an empty cell, and every number as a float. So the sheet's XML is scanned
first, which also makes sure that neither the unpacked workbook nor its grid is a bomb (for a grid,
two cells in opposite corners suffice). Only where something is remarkable every cell is looked at.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from python_calamine import CalamineWorkbook

from carms_lake.errors import SourceRefused, counted, did_you_mean, either, first_few
from carms_lake.readers.content import empty, readable, unpacked_limit, unreadable
from carms_lake.readers.frames import EXACT_INTEGERS, ErrorCell
from carms_lake.readers.text import looks_like
from carms_lake.readers.xlsx.cells import (
    SheetCells,
    column_letters,
    is_remarkable,
    sheet_cells,
)
from carms_lake.readers.xlsx.parts import (
    Parts,
    SheetPart,
    find_parts,
    is_read_by_ending,
    kind_of,
    usual_copy,
)
from carms_lake.records import SourceFile

GRID_CELLS = 50_000_000
"""The fast library holds every cell between the corners in memory."""
_SHOWN = 3
_CONTAINER = b"\xd0\xcf\x11\xe0"
_IN_CONTAINER = (
    ("EncryptedPackage", "is protected with a password", "save it without a password"),
    ("Workbook", "is a workbook of the old kind (.xls)", "open it and save it as .xlsx"),
    ("Book", "is a workbook of the old kind (.xls)", "open it and save it as .xlsx"),
)
"""Streams of the container that Office used before, and that it still puts around encryption."""
_CONTAINER_BYTES = 256 << 20


class Grid(NamedTuple):
    """The used part of a sheet."""

    sheet: str
    rows: list[list[Any]]
    """Text, float, int, bool, date, datetime, time, timedelta or ErrorCell; empty cells are
    ``""``."""
    first_row: int
    """The sheet's number of the first row, from 1."""
    first_column: int
    """The sheet's number of the first column, from 1."""
    cells: SheetCells
    """What is remarkable about the sheet."""
    notes: tuple[str, ...] = ()
    """What its reader should know of the sheet, such as that nobody sees it."""

    def address(self, row: int, column: int) -> str:
        """The name of a cell, as spreadsheets show it: `Sheet1!B7`."""
        return f"{self.sheet}!{column_letters(self.first_column + column)}{self.first_row + row}"


def read_grid(path: Path, source: SourceFile, sheet: str | int | None) -> Grid:
    """The cells of a sheet by name or by number from 1, the first visible one where none is named.

    Raises:
        SourceRefused: EMPTY_FILE, WRONG_FORMAT, TOO_LARGE, MISSING_SHEET, UNREADABLE.
    """
    with readable(source):
        _ensure_archive(path, source)
        with zipfile.ZipFile(path) as archive:
            return _read_grid(archive, path, source, sheet)


def _read_grid(
    archive: zipfile.ZipFile, path: Path, source: SourceFile, wanted: str | int | None
) -> Grid:
    _ensure_bounded(archive, path.stat().st_size, source)
    parts = find_parts(archive)
    if parts is None:
        raise _no_workbook(source, kind_of(archive))
    sheet = _chosen(parts.sheets, source, wanted)
    if not sheet.member:
        raise unreadable(source, ValueError(f"the cells of sheet `{sheet.name}` are missing"))
    cells = SheetCells()
    if is_remarkable(archive, sheet.member, has_old_values=parts.wants_computing):
        cells = sheet_cells(archive, sheet.member)
    if cells.last_row * cells.last_column > GRID_CELLS:
        raise SourceRefused(
            "TOO_LARGE",
            f"`{source.name}`, sheet `{sheet.name}` has cells as far as row {cells.last_row}, "
            f"column {cells.last_column}",
            "delete the cells far away from the table",
        )
    grid = _fast_grid(archive, path, parts, sheet, cells)
    # Beyond 2**53 a float does not have the digits that the XML has.
    if not cells.special and _has_inexact_numbers(grid.rows):
        grid = grid._replace(cells=sheet_cells(archive, sheet.member))
    _correct(grid)
    return grid._replace(notes=_notes(grid, parts, sheet, wanted))


def _fast_grid(
    archive: zipfile.ZipFile, path: Path, parts: Parts, sheet: SheetPart, cells: SheetCells
) -> Grid:
    """The cells as the fast library reads them."""
    is_usual = sheet.is_usual and is_read_by_ending(path.suffix) and not cells.has_unknown_errors
    copy = None
    if not is_usual:
        copy = usual_copy(archive, parts, sheet, errors_as_text=cells.has_unknown_errors)
    with CalamineWorkbook.from_filelike(copy) if copy else CalamineWorkbook.from_path(path) as book:
        used = book.get_sheet_by_name(sheet.name)
        rows = used.to_python(skip_empty_area=True)
        row, column = used.start or (0, 0)
    return Grid(sheet.name, rows, row + 1, column + 1, cells)


def _chosen(sheets: Sequence[SheetPart], source: SourceFile, wanted: str | int | None) -> SheetPart:
    """The sheet of this name or number; where none is named, the first one that a person sees."""
    # Of two sheets of one name the first counts.
    by_name = {sheet.name: sheet for sheet in reversed(sheets)}
    if isinstance(wanted, int) and wanted <= len(sheets):
        return sheets[wanted - 1]
    if isinstance(wanted, str) and wanted in by_name:
        return by_name[wanted]
    if wanted is None and sheets:
        return next((sheet for sheet in sheets if not sheet.is_hidden), sheets[0])
    if wanted is None:
        raise SourceRefused(
            "MISSING_SHEET",
            f"`{source.name}` has no worksheet",
            "have a workbook with a worksheet sent",
        )
    names = [sheet.name for sheet in sheets]
    shown = ", ".join(f"`{name}`" for name in names) or "none"
    if isinstance(wanted, int):
        raise SourceRefused(
            "MISSING_SHEET",
            f"`{source.name}` has no sheet number {wanted}; its sheets: {shown}",
            "correct `carms.sheet` in the contract; a number that is a name is quoted",
        )
    raise SourceRefused(
        "MISSING_SHEET",
        f"`{source.name}` has no sheet `{wanted}`; its sheets: {shown}",
        either(
            did_you_mean(wanted, names), "rename the sheet, or set `carms.sheet` in the contract"
        ),
    )


def _ensure_archive(path: Path, source: SourceFile) -> None:
    """Refuse what is not a zip archive, as every workbook is."""
    with path.open("rb") as stream:
        start = stream.read(200)
        more = stream.read(_CONTAINER_BYTES) if start.startswith(_CONTAINER) else b""
    if not start:
        raise empty(source)
    for name, what, hint in _IN_CONTAINER:
        if name.encode("utf-16-le") in more:
            raise SourceRefused("WRONG_FORMAT", f"`{source.name}` {what}", hint)
    if not start.startswith(b"PK"):
        raise _no_workbook(source, looks_like(start))


def _no_workbook(source: SourceFile, kind: str) -> SourceRefused:
    return SourceRefused(
        "WRONG_FORMAT",
        f"`{source.name}` is not an .xlsx workbook: it looks like {kind}",
        "save it as .xlsx, without a password, or correct `carms.format` in the contract",
    )


def _ensure_bounded(archive: zipfile.ZipFile, packed_bytes: int, source: SourceFile) -> None:
    allowed_bytes = unpacked_limit(packed_bytes)
    # `zipfile` returns no more bytes than the directory says, so the directory can be trusted.
    if sum(member.file_size for member in archive.infolist()) > allowed_bytes:
        raise SourceRefused(
            "TOO_LARGE",
            f"`{source.name}` unpacks {packed_bytes} bytes to more than {allowed_bytes}",
            "have only the needed sheet sent, or another format",
        )


def _has_inexact_numbers(rows: Sequence[Sequence[Any]]) -> bool:
    for cells in zip(*rows, strict=True):
        if float in set(map(type, cells)):
            numbers = [cell for cell in cells if type(cell) is float]
            if max(numbers) >= EXACT_INTEGERS or min(numbers) <= -EXACT_INTEGERS:
                return True
    return False


def _correct(grid: Grid) -> None:
    """Put into the grid what the fast library does not tell, or not exactly."""
    width = len(grid.rows[0]) if grid.rows else 0
    for (sheet_row, sheet_column), value in sorted(grid.cells.special.items()):
        row, column = sheet_row - grid.first_row, sheet_column - grid.first_column
        if row < 0 or not 0 <= column < width:
            continue  # outside of the table there is no column for it
        while row >= len(grid.rows):
            grid.rows.append([""] * width)
        if isinstance(value, ErrorCell) or type(grid.rows[row][column]) is float:
            grid.rows[row][column] = value
    left = GRID_CELLS
    for first, last in grid.cells.not_computed:
        rows = grid.rows[max(first[0] - grid.first_row, 0) : max(last[0] - grid.first_row + 1, 0)]
        start = max(first[1] - grid.first_column, 0)
        columns = range(start, min(last[1] - grid.first_column + 1, width))
        left -= len(rows) * len(columns)
        if left < 0:
            raise ValueError("its array formulas cover each other")
        for cells in rows:
            for column in columns:
                if cells[column] == "":
                    cells[column] = ErrorCell("=")


def _notes(grid: Grid, parts: Parts, sheet: SheetPart, wanted: str | int | None) -> tuple[str, ...]:
    """What the rows hold and a person who looks at the workbook does not see."""
    name, cells, notes = f"sheet `{sheet.name}`", grid.cells, []
    if sheet.is_hidden:
        notes.append(f"{name} is hidden; its rows are read")
    elif wanted is None and parts.sheets[0].is_hidden:
        first = f"sheet `{parts.sheets[0].name}` is hidden"
        notes.append(f"{first}; {name} is read, the first one that is not")
    if cells.hidden_rows:
        notes.append(
            f"{name} hides {counted(cells.hidden_rows, 'row')}; they are read as the others"
        )
    if cells.hidden_columns:
        runs = [
            f"`{column_letters(first)}:{column_letters(last)}`"
            for first, last in cells.hidden_columns
            if first <= cells.last_column
        ]
        notes += [f"{name} hides the columns {first_few(runs, _SHOWN)}"] if runs else []
    if parts.wants_computing and cells.formulas:
        notes.append(
            f"{name} has {counted(cells.formulas, 'formula')} to be computed when it is opened, so "
            "their values may be old; open the workbook in Excel and save it"
        )
    return tuple(notes)
