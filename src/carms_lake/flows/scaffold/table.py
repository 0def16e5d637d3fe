"""What a file holds, before any contract: where its table is, its columns, what to say of it.

How rows look tells the header and the end of a table: a header has words, records have values.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from carms_lake.errors import SourceError, counted
from carms_lake.flows.drift.cells import cells_of

_SEARCHED = 60
"""The header is looked for in so many rows, and a TOTAL line too, from the end."""
_OF_USUAL = 0.6
"""A header has at least this share of the cells that the rows below it have."""
_NUMBER = re.compile(r"[-+]?[\d.,' \u00a0\u202f]*\d[\d.,]*\s*%?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d.*)?")
_YEAR = re.compile(r"(19|20)\d\d(\.0)?")
_TOTAL = re.compile(
    r"(?:grand|sub|sous)?[ -]?(?:totals?|totale|totaal|totaux|sum|summe|gesamt\w*|suma|somme"
    r"|razem|celkem)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Place:
    """Where a table is, by positions in the rows that were given."""

    header: int | None
    """None where no row is a header."""
    first: int
    """The first row of the body."""
    end: int
    """The row after the last one of the body."""


def find_table(rows: Sequence[Sequence[Any]]) -> Place | None:
    """The header and the body; None where no row has a value.

    The header is the first row that is as wide as the rows below it and has words in its cells.
    """
    filled = [sum(not is_blank(cell) for cell in row) for row in rows]
    there = [at for at, count in enumerate(filled) if count]
    if not there:
        return None
    end = _end(rows, filled)
    for number, at in enumerate(there[:_SEARCHED]):
        below = [count for count in filled[at + 1 : min(end, at + 1 + _SEARCHED)] if count]
        usual = median(below) if below else 0
        if filled[at] < max(1, _OF_USUAL * usual) or (filled[at] == 1 and usual > 1):
            continue
        after = there[number + 1] if number + 1 < len(there) else at
        if filled[after] > filled[at] and not any(map(_is_value, rows[after])):
            continue  # a title of two cells, or the upper one of two headers
        if is_data(rows[at], rows[at + 1 : end]):
            return Place(None, at, max(end, at))
        return Place(at, at + 1, max(end, at + 1))
    return Place(there[0], there[0] + 1, max(end, there[0] + 1))


def is_data(row: Sequence[Any], below: Sequence[Sequence[Any]]) -> bool:
    """Whether a row is one of the records: below its numbers or dates are others."""
    for at, cell in enumerate(row):
        if is_blank(cell) or not _is_value(cell) or _YEAR.fullmatch(str(cell).strip()):
            continue
        under = [r[at] for r in below if at < len(r) and not is_blank(r[at])]
        if sum(map(_is_value, under)) > len(under) / 2:
            return True
    return False


def table_end(row: Sequence[Any]) -> str:
    """A pattern for the first row after the records: `(?i)^TOTAL:?$`."""
    text = str(next(cell for cell in row if not is_blank(cell))).strip()
    plain = text.rstrip(": ")
    if re.fullmatch(r"[^\W\d_]+(?:[ -][^\W\d_]+)*", plain):
        return f"(?i)^{escaped(plain)} ?:?$"
    words = re.match(r"[^\W\d_]+(?: [^\W\d_]+)*", plain)
    return f"(?i)^{escaped(words[0])}\\b" if words else f"^{escaped(text)}"


def escaped(text: str) -> str:
    """A text as a pattern that matches it alone."""
    return re.escape(text).replace("\\ ", " ").replace("\\-", "-")


def is_blank(cell: Any) -> bool:
    """Whether a cell has no value."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _end(rows: Sequence[Sequence[Any]], filled: Sequence[int]) -> int:
    """The row after the last record: before a TOTAL line, and before notes under the table."""
    end = max(at for at, count in enumerate(filled) if count) + 1
    widest = max(filled)
    for at in range(max(0, end - _SEARCHED), end):
        if not filled[at]:
            continue
        first = next(cell for cell in rows[at] if not is_blank(cell))
        after = [count for count in filled[at + 1 : end] if count]
        is_total = at and isinstance(first, str) and _TOTAL.match(first.strip())
        # A total within the table is followed by more records.
        is_last = all(count < max(2, _OF_USUAL * widest) for count in after)
        if is_total and (is_last or _are_totals(rows[at + 1 : end])):
            return at
    while end > 1 and widest > 2 and filled[end - 1] <= 1:  # noqa: PLR2004 - of two cells one is half
        end -= 1
    return end


def _are_totals(rows: Sequence[Sequence[Any]]) -> bool:
    firsts = [next((cell for cell in row if not is_blank(cell)), "") for row in rows]
    return all(not str(cell).strip() or _TOTAL.match(str(cell).strip()) for cell in firsts)


def _is_value(cell: Any) -> bool:
    if isinstance(cell, str):
        text = cell.strip()
        return bool(_NUMBER.fullmatch(text) or _DATE.fullmatch(text))
    return isinstance(cell, int | float | dt.date | dt.time)


@dataclass
class Table:
    """What a file holds."""

    path: Path
    name: str
    """The file's name, without the ending of a compressed container."""
    format: str
    columns: dict[str, pl.Series] = field(default_factory=dict)
    """The values by header; texts where the file has no types."""
    keys: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """Custom properties of the contract, each with why."""
    mixed: dict[str, int] = field(default_factory=dict)
    """By header: values that are no text in a column of texts."""
    records: int = 0
    is_whole: bool = True
    """Whether all of the file was looked at."""

    def say(self, key: str, value: Any, why: str) -> None:
        """What the contract is to say."""
        self.keys[f"carms.{key}"] = (value, why)


def add_rows(
    table: Table, rows: Sequence[Sequence[Any]], numbers: Sequence[int], place: Place, unit: str
) -> None:
    """The columns below a header, and what the contract says of the rows around them."""
    body = rows[place.first : place.end]
    width = max([len(row) for row in body], default=0)
    if place.header is None:
        names = [f"column_{at + 1}" for at in range(width)]
        table.say("header", "none", f"{unit} {numbers[place.first]} is a record already")
    else:
        names = [_header(cell) for cell in rows[place.header]]
        names += [""] * (width - len(names))
        before = sum(any(not is_blank(c) for c in row) for row in rows[: place.header])
        if before:
            at = numbers[place.header]
            above = f"the header is {unit} {at}, below {before} with other words"
            table.say("header", at, f"{above}; `auto` would find it wherever it is")
    after = [row for row in rows[place.end :] if any(not is_blank(cell) for cell in row)]
    if after:
        start = f", from {unit} {numbers[place.end]}" if table.is_whole else ""
        why = f"{counted(len(after), unit)} at the end{start}, no records"
        table.say("tableEnd", [table_end(after[0])], why)
    body = [row for row in body if any(not is_blank(cell) for cell in row)]
    table.records = len(body)
    doubled = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if doubled:
        raise SourceError(
            f"`{table.path}`: the header has {', '.join(f'`{name}`' for name in doubled)} twice",
            "give each column a name of its own in the file",
        )
    for at, name in enumerate(names):
        values = [_cell(row[at]) if at < len(row) else None for row in body]
        if name:
            table.columns[name], table.mixed[name] = series_of(values)
        elif place.header is not None and at < len(rows[place.header]):
            has = sum(value is not None for value in values)
            table.say("dropColumns", [""], f"a column without a name, with {counted(has, 'value')}")


def _header(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if is_blank(cell) else str(cell)


def _cell(cell: Any) -> Any:
    return None if is_blank(cell) else cell


def series_of(values: list[Any]) -> tuple[pl.Series, int]:
    """The values as a column, texts where no other type holds them; how many of a text are not."""
    try:
        return cells_of(values)
    except (OverflowError, TypeError, pl.exceptions.PolarsError):
        texts = [None if value is None else str(value) for value in values]
        return pl.Series(texts, dtype=pl.String), len(values) - texts.count(None)
