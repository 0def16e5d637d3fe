"""What a contract says of files that are not plain tables, one by one or as a series.

Where the table is in a file, how its values look, and how the files follow each other.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

AUTO, NO_HEADER = "auto", "none"
TRUE_WORDS, FALSE_WORDS = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
"""What means true and false where a contract does not say it, in capitals or not."""

_PARTS = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "m": "[0-9]{1,2}",
    "d": "[0-9]{1,2}",
    "H": "2[0-3]|[01]?[0-9]",
    "I": "1[0-2]|0?[1-9]",
    "M": "[0-5]?[0-9]",
    "S": "[0-5]?[0-9]",
    "f": "[0-9]{1,6}",
    "b": "[A-Za-z]{3}",
    "B": "[A-Za-z]{3,9}",
    "a": "[A-Za-z]{3}",
    "A": "[A-Za-z]{6,9}",
    "p": "[AaPp][Mm]",
    "z": "[+-][0-9]{2}(?::?[0-9]{2})?|[Zz]",
    "Z": "UTC|GMT|Z",
}
"""What each part of a format matches, as Python's `strptime` has it, with English names."""
_SHORT = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M"}
_TIMES = frozenset("HIMSfp")
_DIGITS = frozenset("YymdHIMSf")
_SPECIAL = re.compile(r"[][\\.^$*+?{}()|&~#-]")
"""What is a character of its own in Rust's `regex` only behind a backslash."""


class SeriesOrder(StrEnum):
    """How the places of a series are compared."""

    NATURAL = "natural"
    """As text in which numbers count as numbers: `v9` before `v10`."""
    DATED = "dated"
    """As a month, a date, or a date and a time, in digits from the year down."""
    NUMERIC = "numeric"


@dataclass(frozen=True)
class SeriesSpec:
    """What gives each file of a source, or each row, its place in one series of snapshots."""

    order: SeriesOrder
    path: str | None = None
    """A pattern with one group, searched in `src_filename`."""
    column: str | None = None


@dataclass(frozen=True)
class Cells:
    """A part of a sheet, counted from 1; None is as far as there are cells."""

    first_row: int = 1
    last_row: int | None = None
    first_column: int = 1
    last_column: int | None = None
    text: str = ""
    """As the contract has it: `B4:H200`."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Extent:
    """Where the table is in a file."""

    header: int | str | None = None
    """The line of the file, or the row of the sheet, counted from 1; `auto`: the first one that
    has every column; `none`: there is none, columns come in the contract's order. None: the first
    one that is not blank."""
    ends: tuple[str, ...] = ()
    """Patterns; the first row whose first filled cell matches one of them ends the table."""
    cells: Cells | None = None
    """Workbooks: the part of the sheet that is read."""
    records: tuple[str, ...] = ()
    """JSON: the keys that lead to the array of the records."""

    def __str__(self) -> str:
        shown = {
            "header": self.header,
            "tableEnd": ", ".join(self.ends),
            "range": self.cells,
            "records": ".".join(self.records),
        }
        return ", ".join(f"{key} {value}" for key, value in shown.items() if value)


@dataclass(frozen=True)
class Spelling:
    """How the values of a column are written, where it is not the usual way."""

    formats: tuple[str, ...] = ()
    """Of dates and moments, as `strptime` has them, tried in order."""
    decimal_mark: str = "."
    thousands: tuple[str, ...] = ()
    """The characters that may be between groups of digits."""
    true_words: tuple[str, ...] = ()
    false_words: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = list(self.formats)
        if self.decimal_mark != ".":
            words.append(f"decimal mark `{self.decimal_mark}`")
        words += [f"thousands separator `{character}`" for character in self.thousands]
        words += [*self.true_words, *self.false_words]
        return ", ".join(words)


@dataclass(frozen=True)
class Format:
    """A format of dates or moments, as a pattern whose groups are named as its parts."""

    pattern: str
    parts: frozenset[str] = field(default_factory=frozenset)

    @property
    def has_time(self) -> bool:
        """Whether it says more than the day."""
        return bool(self.parts & _TIMES)


@cache
def parsed_format(text: str) -> Format:
    """The pattern of a format: `%d/%m/%Y`.

    Raises:
        ValueError: it is not a format, or does not say a day.
    """
    for short, full in _SHORT.items():
        text = text.replace(f"%{short}", full)
    pattern, parts, position = "", set[str](), 0
    while position < len(text):
        one = text[position]
        if one == "%":
            part = text[position + 1 : position + 2]
            if part != "%" and (part not in _PARTS or part in parts):
                known = ", ".join(f"%{name}" for name in (*_PARTS, *_SHORT))
                why = "appears twice" if part in parts else f"is not one of {known}"
                raise ValueError(f"the format `{text}`: `%{part}` {why}")
            pattern += "%" if part == "%" else _group(part, text, position)
            parts |= {part} - {"%"}
            position += 2
            continue
        pattern += r"\s+" if one == " " else _SPECIAL.sub(r"\\\g<0>", one)
        position += 1
    _ensure_day(text, parts)
    return Format(f"^{pattern}$", frozenset(parts))


def _group(part: str, text: str, position: int) -> str:
    """The pattern of one part, which has two digits where other digits come next to it."""
    parts = {f"%{part}" for part in _DIGITS}
    is_near = (
        text[max(0, position - 2) : position] in parts or text[position + 2 : position + 4] in parts
    )
    digits = "[0-9]{2}" if part in "mdHIMS" and is_near else _PARTS[part]
    # What a microsecond cannot hold must be zeros.
    return f"(?P<{part}>{digits})" + ("0*" if part == "f" else "")


def _ensure_day(text: str, parts: set[str]) -> None:
    """Raises ValueError where a format leaves open which day, or which hour, is meant."""
    for names in ("Yy", "mbB", "d"):
        if len(parts & set(names)) != 1:
            wanted = " or ".join(f"`%{name}`" for name in names)
            raise ValueError(f"the format `{text}` must have {wanted} once")
    if ("I" in parts) != ("p" in parts) or {"H", "I"} <= parts:
        raise ValueError(f"the format `{text}`: `%I` and `%p` go together, without `%H`")
    needed = {"M": "HI", "S": "M", "f": "S", "z": "HI", "Z": "HI"}
    for part, before in needed.items():
        if part in parts and not parts & set(before):
            raise ValueError(f"the format `{text}` has `%{part}` without `%{before[0]}`")
