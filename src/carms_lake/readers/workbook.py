"""A workbook's sheet as a grid of typed cells, exactly as written.

The fast library reads cells in their types, but shows an error (`#DIV/0!`) as an empty cell and
every number as a float. So the sheets' XML is scanned first, which also makes sure that neither
the unpacked workbook nor its grid is a bomb (for a grid, two cells in opposite corners suffice).
Only a workbook with errors or with whole numbers beyond 2**53 is read a second time by the exact
and slow library, for those cells alone.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from carms_lake.errors import SourceRefused, did_you_mean
from carms_lake.readers.content import BROKEN_ARCHIVE, empty, readable, unpacked_limit, unreadable
from carms_lake.readers.frames import EXACT_INTEGERS, ErrorCell
from carms_lake.readers.text import looks_like
from carms_lake.records import SourceFile

GRID_CELLS = 50_000_000
"""The fast library holds every cell between the corners in memory."""

_BLOCK_BYTES = 1 << 20
_OVERLAP_BYTES = 256
"""A tag that two blocks share is complete in the second."""
_SHEETS = "xl/worksheets/"
_ERROR_CELL = re.compile(rb"""\st\s*=\s*["']e["']""")
_FAR_CELLS = tuple(
    re.compile(quote + rb"(?:[A-Za-z]{3}\d|[A-Za-z]{2}\d{6}|[A-Za-z]\d{7}|\d{7})")
    for quote in (b'"', b"'")
)
"""Attributes that may name a cell or row far away; a pattern is fast that begins with a byte."""
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})(\d{1,10})["']""")
_OPENPYXL_RAISES = (
    *BROKEN_ARCHIVE, LookupError, OSError, TypeError, AttributeError, SyntaxError, OverflowError
)  # fmt: skip
"""SyntaxError is what ElementTree raises on broken XML."""


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

    def address(self, row: int, column: int) -> str:
        """The name of a cell, as spreadsheets show it: `Sheet1!B7`."""
        letters = ""
        number = self.first_column + column
        while number:
            number, letter = divmod(number - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{self.sheet}!{letters}{self.first_row + row}"


def read_grid(path: Path, source: SourceFile, sheet: str | int | None) -> Grid:
    """The cells of a sheet by name or by number from 1, the first one where none is named.

    Raises:
        SourceRefused: EMPTY_FILE, WRONG_FORMAT, TOO_LARGE, MISSING_SHEET, UNREADABLE.
    """
    has_errors = _looked_through(path, source)
    try:
        with readable(source), CalamineWorkbook.from_path(path) as workbook:
            name = _sheet_name(workbook, source, sheet)
            used = workbook.get_sheet_by_name(name)
            rows = used.to_python(skip_empty_area=True)
            row, column = used.start or (0, 0)
    except (CalamineError, ValueError) as error:
        raise unreadable(source, error) from error
    grid = Grid(name, rows, row + 1, column + 1)
    if has_errors or _has_inexact_numbers(rows):
        _correct(grid, path, source)
    return grid


def _sheet_name(workbook: CalamineWorkbook, source: SourceFile, sheet: str | int | None) -> str:
    names = [m.name for m in workbook.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    if isinstance(sheet, int) and sheet <= len(names):
        return names[sheet - 1]
    if isinstance(sheet, str) and sheet in names:
        return sheet
    if sheet is None and names:
        return names[0]
    if sheet is None:
        raise SourceRefused(
            "MISSING_SHEET",
            f"`{source.name}` has no worksheet",
            "have a workbook with a worksheet sent",
        )
    shown = ", ".join(f"`{name}`" for name in names) or "none"
    if isinstance(sheet, int):
        raise SourceRefused(
            "MISSING_SHEET",
            f"`{source.name}` has no sheet number {sheet}; its sheets: {shown}",
            "correct `carms.sheet` in the contract; a number that is a name is quoted",
        )
    raise SourceRefused(
        "MISSING_SHEET",
        f"`{source.name}` has no sheet `{sheet}`; its sheets: {shown}",
        f"{did_you_mean(sheet, names)}; rename the sheet, or set `carms.sheet` in the contract",
    )


def _looked_through(path: Path, source: SourceFile) -> bool:
    """Whether some cell contains an error; refuses other files, and workbooks too large."""
    with path.open("rb") as stream:
        start = stream.read(200)
    if not start:
        raise empty(source)
    if not start.startswith(b"PK"):
        raise _no_workbook(source, looks_like(start))
    try:
        with zipfile.ZipFile(path) as archive:
            if "xl/workbook.xml" not in {name.lower() for name in archive.namelist()}:
                raise _no_workbook(source, "a zip archive without a workbook")
            return _members_have_errors(archive, path.stat().st_size, source)
    except BROKEN_ARCHIVE as error:
        raise unreadable(source, error) from error


def _no_workbook(source: SourceFile, kind: str) -> SourceRefused:
    hint = "save it as .xlsx, without a password"
    return SourceRefused(
        "WRONG_FORMAT", f"`{source.name}` is not an .xlsx workbook: it looks like {kind}", hint
    )


def _members_have_errors(archive: zipfile.ZipFile, packed_bytes: int, source: SourceFile) -> bool:
    allowed_bytes = unpacked_limit(packed_bytes)
    # `zipfile` returns no more bytes than the directory says, so the directory can be trusted.
    if sum(member.file_size for member in archive.infolist()) > allowed_bytes:
        raise SourceRefused(
            "TOO_LARGE",
            f"`{source.name}` unpacks {packed_bytes} bytes to more than {allowed_bytes}",
            "have only the needed sheet sent, or another format",
        )
    has_errors = False
    for member in archive.infolist():
        is_sheet = member.filename.lower().startswith(_SHEETS)
        farthest_row = farthest_column = 0
        for block in _member_blocks(archive, member):
            if not is_sheet:
                continue
            # Both quotes first: looking for bytes is far faster than the pattern.
            may_have = b'"e"' in block or b"'e'" in block
            has_errors = has_errors or (may_have and _ERROR_CELL.search(block) is not None)
            if any(pattern.search(block) for pattern in _FAR_CELLS):
                row, column = _farthest(block)
                farthest_row, farthest_column = max(row, farthest_row), max(column, farthest_column)
        if farthest_row * farthest_column > GRID_CELLS:
            raise SourceRefused(
                "TOO_LARGE",
                f"`{source.name}` has cells as far as row {farthest_row}, column {farthest_column}",
                "delete the cells far away from the table",
            )
    return has_errors


def _member_blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Reading to the end also compares the member with its checksum."""
    with archive.open(member) as stream:
        overlap = b""
        while block := stream.read(_BLOCK_BYTES):
            yield overlap + block
            overlap = block[-_OVERLAP_BYTES:]


def _farthest(block: bytes) -> tuple[int, int]:
    """The last row and column that the block names; cells without a name follow each other."""
    row, column = 1, 26
    for letters, digits in _PLACE.findall(block):
        row = max(row, int(digits))
        number = 0
        for letter in letters.upper():
            number = number * 26 + letter - ord("A") + 1
        column = max(column, number)
    return row, column


def _has_inexact_numbers(rows: Sequence[Sequence[Any]]) -> bool:
    for cells in zip(*rows, strict=True):
        if float in set(map(type, cells)):
            numbers = [cell for cell in cells if type(cell) is float]
            if max(numbers) >= EXACT_INTEGERS or min(numbers) <= -EXACT_INTEGERS:
                return True
    return False


def _correct(grid: Grid, path: Path, source: SourceFile) -> None:
    """Put errors and long whole numbers where the fast library had nothing or a float."""
    import openpyxl  # 0.3 s, for the few workbooks that need it

    try:
        # A stream of our own: the library leaves the file open where the XML is broken.
        with warnings.catch_warnings(action="ignore"), path.open("rb") as stream:
            sheet = openpyxl.load_workbook(stream, read_only=True, data_only=True)[grid.sheet]
            sheet.reset_dimensions()
            for cells in sheet.iter_rows():
                for cell in cells:
                    if cell.value is not None:
                        _correct_cell(grid, cell)
    except _OPENPYXL_RAISES as error:
        raise unreadable(source, error) from error


def _correct_cell(grid: Grid, cell: Any) -> None:
    is_error = cell.data_type == "e"
    is_long = type(cell.value) is int and abs(cell.value) >= EXACT_INTEGERS
    row, column = cell.row - grid.first_row, cell.column - grid.first_column
    if (
        not (is_error or is_long)
        or not 0 <= row < len(grid.rows)
        or not 0 <= column < len(grid.rows[row])
    ):
        return
    if is_long:
        grid.rows[row][column] = cell.value
    elif grid.rows[row][column] == "":
        grid.rows[row][column] = ErrorCell(str(cell.value))
