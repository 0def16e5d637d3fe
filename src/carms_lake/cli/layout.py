"""How the columns of a table share the width of a terminal.

What one may have to type (names, ids, figures, days) is never shortened: prose gives way first,
then columns in the middle are left out, whose names are said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 2
"""Spaces between two columns."""

LEFT_OUT = "…"
"""What is seen in place of the columns that are left out."""

_NAME = 48
"""No name is longer: a longer value may be shortened, though it has no space."""
_PROSE = 24
"""A longer value that has two spaces is prose."""
_LEAST = 20
"""So much of prose is always seen."""

_PART = re.compile(r"[^_. ]*[_. ]*")
_NARROW = "\u0300"
"""All characters before this one are one column wide, once control characters are escaped."""


class Column(NamedTuple):
    """A column of a table: its place among all, its name in lines, and its width."""

    at: int
    head: tuple[str, ...]
    width: int


class Layout(NamedTuple):
    """The columns that are shown; `left_out` are the names of the others, which are at `gap`."""

    columns: tuple[Column, ...]
    gap: int = -1
    left_out: tuple[str, ...] = ()
    is_narrowed: bool = False
    """Whether some values do not fit into their column."""


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if not text or text.isascii() or max(text) < _NARROW:
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def fit(names: Sequence[str], rows: Sequence[Sequence[str]], room: int | None) -> Layout | None:
    """The columns of rows of text within so much room, without limit where it is None.

    None where not even the first and the last column fit.
    """
    cells = [[row[i] for row in rows] for i in range(len(names))]
    widest = [max(map(width_of, column), default=0) for column in cells]
    natural = [max(width_of(name), width) for name, width in zip(names, widest, strict=True)]
    if room is None or _sum(natural) <= room:
        columns = [Column(i, (name,), natural[i]) for i, name in enumerate(names)]
        return Layout(tuple(columns))
    least = []
    for name, column, width in zip(names, cells, widest, strict=True):
        head = max(map(width_of, _PART.findall(name.strip())), default=0)
        least.append(max(head, min(width, _LEAST) if any(map(gives_way, column)) else width))
    kept, gap = [*range(len(names))], -1
    while _sum([least[i] for i in kept]) + (gap >= 0) * (GAP + len(LEFT_OUT)) > room:
        if len(kept) <= 2:  # noqa: PLR2004 - the first and the last
            return None
        gap = len(kept) // 2
        del kept[gap]
    left_out = tuple(name for i, name in enumerate(names) if i not in kept)
    spare = room - _sum([least[i] for i in kept]) - (gap >= 0) * (GAP + len(LEFT_OUT))
    wide = {i: least[i] for i in kept}
    for number, i in enumerate(sorted(kept, key=lambda i: natural[i] - least[i])):
        more = min(natural[i] - least[i], spare // (len(kept) - number))
        wide[i], spare = least[i] + more, spare - more
    columns = [Column(i, _folded(names[i], wide[i]), wide[i]) for i in kept]
    narrowed = any(wide[i] < widest[i] for i in kept)
    return Layout(tuple(columns), gap, left_out, narrowed)


def cut(text: str, width: int) -> str:
    """A text within so many columns; where it does not fit, it ends with an ellipsis."""
    if width_of(text) <= width:
        return text
    short = text[: width - 1]
    while width_of(short) > width - 1:
        short = short[:-1]
    return f"{short}…"


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of so many columns, between words where it can be."""
    if width_of(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split():
        rest = word
        if line and width_of(line) + 1 + width_of(word) <= width:
            line, rest = f"{line} {word}", ""
        elif line:
            lines.append(line)
            line = ""
        while width_of(rest) > width:
            part = cut(rest, width + 1)[:-1]
            lines.append(part)
            rest = rest[len(part) :]
        line = line or rest
    return [*lines, line] if line else lines


def gives_way(text: str) -> bool:
    """Whether a value may be shortened or wrapped: it is prose, or longer than any name."""
    return len(text) > (_PROSE if text.strip().count(" ") > 1 else _NAME)


def _sum(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _folded(name: str, width: int) -> tuple[str, ...]:
    """A name in lines of so many columns, cut behind `_` and the like."""
    lines = [""]
    for part in filter(None, _PART.findall(name)):
        if lines[-1] and width_of((lines[-1] + part).rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return tuple(line.rstrip() for line in lines)
