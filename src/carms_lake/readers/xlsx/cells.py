"""What a sheet's XML says and the fast library does not: errors, formulas without a value, digits.

A quick look at the bytes decides whether the sheet has anything of the kind; most have not. Only
then every cell is looked at.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple
from xml.parsers import expat

from carms_lake.readers.frames import EXACT_INTEGERS, ErrorCell
from carms_lake.readers.xlsx.parts import local

_BLOCK_BYTES = 1 << 20
_OVERLAP_BYTES = 256
"""A tag that two blocks share is complete in the second."""
_ERROR_CELL = re.compile(rb"""\st\s*=\s*["']e["']""")
_HIDDEN = re.compile(rb"""hidden\s*=\s*["'](?:1|true)""")
_NO_VALUE = re.compile(
    rb"(?:</(?:\w+:)?f\s*>|<(?:\w+:)?f\b[^<>]*/>)(?!\s*<(?:\w+:)?v\b[^<>/]*>\s*[^<\s])"
)
"""The end of a formula that no value follows."""
_FAR_CELLS = tuple(
    re.compile(quote + rb"(?:[A-Za-z]{3,}\d|[A-Za-z]{2}\d{6}|[A-Za-z]\d{7}|\d{7})")
    for quote in (b'"', b"'")
)
"""Attributes that may name a cell or row far away; a pattern is fast that begins with a byte."""
_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_SHOWN_NAME = 20
_LONG_NUMBER = re.compile(r"-?[0-9]{16,300}")
_KNOWN_ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "")
"""The errors that the fast library knows; any other ends its reading."""

Place = tuple[int, int]
"""Row and column of a cell in its sheet, from 1."""


class Area(NamedTuple):
    """A rectangle of cells, with its corners."""

    first: Place
    last: Place


@dataclass
class SheetCells:
    """What is remarkable about a sheet."""

    special: dict[Place, ErrorCell | int] = field(default_factory=dict)
    """Errors, formulas without a value, and whole numbers that a float may not hold."""
    not_computed: list[Area] = field(default_factory=list)
    """Where a formula of several cells has left no value."""
    last_row: int = 1
    """With content of any kind."""
    last_column: int = 1
    formulas: int = 0
    """With a value."""
    has_unknown_errors: bool = False
    """There are errors that the fast library does not know."""
    hidden_rows: int = 0
    """With content."""
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """The first and the last of each run."""
    merged: list[Area] = field(default_factory=list)


def is_remarkable(archive: zipfile.ZipFile, member: str, *, has_old_values: bool) -> bool:
    """Whether a look at every cell may find something; formulas alone where values may be old."""
    found = False
    for block in _blocks(archive, member):  # to its end: only then its checksum is compared
        # Bytes first: looking for them is far faster than a pattern.
        found = found or (
            _HIDDEN.search(block) is not None
            or b"mergeCell " in block
            or ((b'"e"' in block or b"'e'" in block) and _ERROR_CELL.search(block) is not None)
            or any(pattern.search(block) for pattern in _FAR_CELLS)
            or (
                (b"<f" in block or b":f" in block)
                and (has_old_values or _NO_VALUE.search(block) is not None)
            )
        )
    return found


def sheet_cells(archive: zipfile.ZipFile, member: str) -> SheetCells:
    """Look at every cell of a sheet.

    Raises:
        ValueError: the sheet is not XML.
    """
    scan = _Scan()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.CharacterDataHandler = scan.text
    try:
        with archive.open(member) as stream:
            parser.ParseFile(stream)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return scan.found


def column_letters(number: int) -> str:
    """What spreadsheets call a column, counted from 1.

    >>> column_letters(2), column_letters(28)
    ('B', 'AB')
    """
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


class _Scan:
    """The elements of a sheet, one after the other."""

    def __init__(self) -> None:
        self.found = SheetCells()
        self._row, self._column = 0, 0
        self._row_is_hidden = False
        self._cell: dict[str, str] | None = None
        """The attributes of the cell that is open."""
        self._texts: dict[str, str] = {}
        """What its formula (`f`) and its value (`v`) hold, as far as they are there."""
        self._array = ""
        self._open = ""

    def start(self, tag: str, has: dict[str, str]) -> None:
        tag = local(tag)
        if tag == "c":
            self._cell, self._texts, self._array = has, {}, ""
            name = has.get("r", "")
            place = _PLACE.fullmatch(name)
            if name and not place:  # the fast library would take memory for all up to it
                raise ValueError(f"a cell is called `{name[:_SHOWN_NAME]}`")
            self._column = _column(place[1]) if place else self._column + 1
            self._row = int(place[2]) if place else self._row
        elif self._cell is not None:
            if tag in ("f", "v", "is"):
                self._open = tag
                self._texts[tag] = ""
                self._array = has.get("ref", "") if has.get("t") == "array" else self._array
        elif tag == "row":
            number = has.get("r", "")
            self._row = int(number) if number.isdecimal() else self._row + 1
            self._column = 0
            self._row_is_hidden = has.get("hidden") in ("1", "true")
        elif tag == "col" and has.get("hidden") in ("1", "true"):
            run = int(has.get("min", "1")), int(has.get("max", "1"))
            self.found.hidden_columns.append(run)
        elif tag == "mergeCell" and (area := _area(has.get("ref", ""))):
            self.found.merged.append(area)

    def text(self, data: str) -> None:
        if self._open:
            self._texts[self._open] += data

    def end(self, tag: str) -> None:
        tag = local(tag)
        if tag == self._open:
            self._open = ""
        elif tag == "c" and self._cell is not None:
            kind = self._cell.get("t", "n")
            if self._texts or kind == "e":
                self._note(kind)
            self._cell = None

    def _note(self, kind: str) -> None:
        found, texts, place = self.found, self._texts, (self._row, self._column)
        value, formula = texts.get("v"), texts.get("f")
        is_blank = not value or value.isspace()
        if kind == "e":
            code = (value or "").strip()
            found.special[place] = ErrorCell(code or "#ERROR")
            found.has_unknown_errors |= code not in _KNOWN_ERRORS
        elif formula is not None and is_blank and not (kind == "str" and value is not None):
            # A formula that gives an empty text has a value of type `str`.
            found.special[place] = ErrorCell(f"={formula.strip()}")
            if area := _area(self._array):
                found.not_computed.append(area)
        elif kind == "n" and value and _LONG_NUMBER.fullmatch(value):
            number = int(value)
            if abs(number) >= EXACT_INTEGERS:
                found.special[place] = number
        elif is_blank and kind != "str" and "is" not in texts:
            return  # formatted only
        found.formulas += formula is not None and place not in found.special
        found.hidden_rows += self._row_is_hidden
        self._row_is_hidden = False  # counted once
        found.last_row = max(found.last_row, self._row)
        found.last_column = max(found.last_column, self._column)


def _area(reference: str) -> Area | None:
    """The cells of a reference such as `A1:B7`."""
    corners = [_PLACE.fullmatch(corner) for corner in reference.split(":")]
    places = [(int(corner[2]), _column(corner[1])) for corner in corners if corner]
    return Area(places[0], places[-1]) if places else None


@cache
def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _blocks(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    with archive.open(member) as stream:
        overlap = b""
        while block := stream.read(_BLOCK_BYTES):
            yield overlap + block
            overlap = block[-_OVERLAP_BYTES:]
