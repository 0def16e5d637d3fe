"""Rows drawn for reading: a table that fits the terminal, or a block of lines for each row."""

from __future__ import annotations

import re
import shutil
from collections import deque
from decimal import Decimal
from io import StringIO
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from carms_lake.cli.formats import FIRST_ROWS, on_one_line
from carms_lake.cli.layout import (
    GAP,
    LEFT_OUT,
    Column,
    Layout,
    cut,
    fit,
    gives_way,
    width_of,
    wrapped,
)
from carms_lake.run_names import short_id
from carms_lake.writers.json import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TextIO

    from carms_lake.cli.formats import Batches

    Rows = Sequence[Sequence[Any]]

_RULE = "─"

_LAST = 5
"""A terminal gets so many rows of the end of a long result."""

_SAMPLED = 1000
"""The layout of all rows follows from so many."""
_BLOCKS = 3
"""So few rows are shown in blocks where not all columns fit."""
_WRAPPED = 6
"""A cell that is wrapped has at most so many lines."""
_CELL = 4000
"""The rest of a longer text is not even looked at, where it is wrapped in a cell..."""
_ONE_LINE = 200
"""... or cut to one line."""

_RUN_ID = re.compile(r"\d{8}T\d{6}\.\d+Z-[0-9a-f]{6}")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d)(:\d\d(\.\d+)?(\+\d\d)?)")


class Drawn(NamedTuple):
    """What was drawn: all rows there were, and how many of them are seen."""

    rows: int
    shown: int
    left_out: tuple[str, ...] = ()
    """The columns that had no room."""
    is_cut: bool = False
    """Whether values were shortened."""
    has_short_runs: bool = False
    """Whether ids of runs are seen by their ends."""


def draw(
    stream: TextIO,
    columns: Sequence[str],
    batches: Batches,
    *,
    is_list: bool = False,
    is_long: bool = False,
) -> Drawn:
    """Draw rows: to a pipe or a file all of them unshortened, on a terminal within its width.

    A list of a command (`is_list`) has its prose wrapped and ids of runs and times short where
    they have no room; a result has one line for each row. Of a long result (`is_long`) on a
    terminal the first and the last rows are drawn, the first ones at once.
    """
    names = [on_one_line(name) for name in columns]
    rows = chain.from_iterable(batches)
    if not stream.isatty():
        every = [*rows]
        pen = _Pen(stream, names, every, None)
        return Drawn(pen.draw(every), len(every))
    room = shutil.get_terminal_size().columns
    sample = [*islice(rows, FIRST_ROWS if is_long else _SAMPLED)]
    stream_rows = chain(sample, rows)
    pen = _Pen(stream, names, sample, room, is_list=is_list)
    if not is_long:
        count = pen.draw(stream_rows)
        return pen.drawn(count, count)
    first = pen.draw(islice(stream_rows, FIRST_ROWS))
    stream.flush()
    last: deque[Sequence[Any]] = deque(maxlen=_LAST)
    more = 0
    for row in stream_rows:
        more += 1
        last.append(row)
    if more > _LAST:
        stream.write(f"… {more - _LAST} more rows …\n")
    pen.draw(last)
    return pen.drawn(first + more, first + len(last))


def plain_lines(columns: Sequence[str], rows: Rows, room: int) -> list[str]:
    """The lines of a table within so much room, without a rule, for a page of several tables."""
    stream = StringIO()
    pen = _Pen(stream, [*columns], rows, room, is_list=True)
    pen.draw(rows)
    lines = stream.getvalue().splitlines()
    return [line for line in lines if not line.startswith(_RULE)]


class _Pen:
    """A layout, by which rows are written."""

    def __init__(
        self,
        stream: TextIO,
        names: Sequence[str],
        sample: Rows,
        room: int | None,
        *,
        is_list: bool = False,
    ) -> None:
        self.stream, self.names, self.room, self.is_list = stream, names, room, is_list
        self.spell: list[Callable[[str], str]] = []
        self.most = None if room is None else _CELL if is_list else max(room + 1, _ONE_LINE)
        texts = [_texts(row, self.most) for row in sample]
        layout = fit(names, texts, room)
        if is_list and not _is_easy(layout):
            self.spell = [_shorter([row[i] for row in texts]) for i in range(len(names))]
            layout = fit(names, [self._escaped(row) for row in texts], room)
        self.layout = layout
        if layout and len(texts) <= _BLOCKS and _loses(layout, is_list=is_list):
            self.layout = None
        self.numbers = [_is_number(row[i] for row in sample) for i in range(len(names))]
        self.is_begun = self.is_cut = False
        self.count = 0

    def drawn(self, rows: int, shown: int) -> Drawn:
        """What was drawn."""
        left_out = self.layout.left_out if self.layout else ()
        has_short_runs = self.layout is not None and _short_run in self.spell
        return Drawn(rows, shown, left_out, self.is_cut, has_short_runs)

    def draw(self, rows: Iterable[Sequence[Any]]) -> int:
        """Draw rows below those that were drawn before; how many."""
        before = self.count
        if self.layout is None:
            self._blocks(rows)
        else:
            if not self.is_begun:
                self._head(self.layout)
                self.is_begun = True
            self.stream.writelines(self._lines(self.layout, rows))
        return self.count - before

    def _escaped(self, row: list[str]) -> list[str]:
        if not self.spell:
            return row
        return [spell(text) for spell, text in zip(self.spell, row, strict=True)]

    def _head(self, layout: Layout) -> None:
        height = max((len(column.head) for column in layout.columns), default=1)
        for line in range(height):
            cells = []
            for column in layout.columns:
                at = line - (height - len(column.head))
                cells.append(self._padded(column, column.head[at] if at >= 0 else ""))
            self.stream.write(self._line(layout, cells, LEFT_OUT if line == height - 1 else " "))
        wide = sum(column.width for column in layout.columns) + GAP * (len(layout.columns) - 1)
        wide += (GAP + len(LEFT_OUT)) if layout.gap >= 0 else 0
        self.stream.write(_RULE * wide + "\n")

    def _lines(self, layout: Layout, rows: Iterable[Sequence[Any]]) -> Iterator[str]:
        most = _WRAPPED if self.is_list else 1
        for row in rows:
            self.count += 1
            texts = self._escaped(_texts(row, self.most))
            shown = [(column, texts[column.at]) for column in layout.columns]
            if all(width_of(text) <= column.width for column, text in shown):
                yield self._line(layout, [self._padded(*pair) for pair in shown], LEFT_OUT)
                continue
            cells = [self._cell(column, text, most) for column, text in shown]
            for line in range(max(map(len, cells))):
                parts = [cell[line] if line < len(cell) else "" for cell in cells]
                padded = [self._padded(*p) for p in zip(layout.columns, parts, strict=True)]
                yield self._line(layout, padded, LEFT_OUT if line == 0 else " ")

    def _cell(self, column: Column, text: str, most: int) -> list[str]:
        """The lines of one cell; names are whole, also where a later one is wider."""
        if width_of(text) <= column.width or not gives_way(text):
            return [text]
        lines = wrapped(text, column.width) if most > 1 else [cut(text, column.width)]
        if most == 1 or len(lines) > most:
            self.is_cut = True
        if len(lines) > most:
            lines = [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), column.width)]
        return lines

    def _padded(self, column: Column, text: str) -> str:
        space = " " * (column.width - width_of(text))
        return space + text if self.numbers[column.at] else text + space

    def _line(self, layout: Layout, cells: list[str], mark: str) -> str:
        if layout.gap >= 0:
            cells = [*cells[: layout.gap], mark, *cells[layout.gap :]]
        return (" " * GAP).join(cells).rstrip() + "\n"

    def _blocks(self, rows: Iterable[Sequence[Any]]) -> None:
        longest = max(map(width_of, self.names))
        head = longest + GAP
        for row in rows:
            self.count += 1
            self.stream.write(f"-- row {self.count}\n")
            for name, text in zip(self.names, _texts(row, None), strict=True):
                lines = [text]
                if self.room is not None and self.room > 2 * head:
                    lines = wrapped(text, self.room - head) or [""]
                for at, line in enumerate(lines):
                    label = "" if at else name
                    space = " " * (head - width_of(label))
                    self.stream.write(f"{label}{space}{line}".rstrip() + "\n")


def _texts(row: Sequence[Any], most: int | None) -> list[str]:
    """The values of a row as cells show them, the beginning of long ones."""
    return [
        on_one_line(value[:most] if type(value) is str else as_text(value)[:most]) for value in row
    ]


def _is_number(values: Iterable[object]) -> bool:
    found = (v for v in values if v is not None)
    return any(isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in found)


def _is_easy(layout: Layout | None) -> bool:
    """Whether all names and values are seen as they are."""
    if layout is None or layout.left_out or layout.is_narrowed:
        return False
    return all(len(column.head) == 1 for column in layout.columns)


def _loses(layout: Layout, *, is_list: bool) -> bool:
    """Whether blocks show more of the rows."""
    return bool(layout.left_out) or (layout.is_narrowed and not is_list)


def _shorter(texts: Sequence[str]) -> Callable[[str], str]:
    """How the values of a column are written in little room: runs and moments are short."""
    found = [text for text in texts if text]
    if found and all(map(_RUN_ID.fullmatch, found)):
        return _short_run
    if found and all(map(_MOMENT.fullmatch, found)):
        return _to_the_minute
    return str


def _short_run(text: str) -> str:
    return short_id(text) if _RUN_ID.fullmatch(text) else text


def _to_the_minute(text: str) -> str:
    return _MOMENT.sub(r"\1", text)
