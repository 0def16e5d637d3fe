"""The place of a text that shows best why it was found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

WIDTH = 180
"""Characters of a snippet, without the dots where it begins or ends within the text."""

_BLANKS = re.compile(r"\s+")
_EMPHASIS = re.compile(r"\*\*|__|^[ \t]*#+[ \t]", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*\\?[*+-][ \t]", re.MULTILINE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
"""CommonMark, 2.4: a backslash before ASCII punctuation is not shown."""
_TABLE_ROW = re.compile(r"^\s*\|.*$|^[ \t]*[-|: ]{3,}$", re.MULTILINE)


@dataclass(frozen=True)
class Snippet:
    """A part of a text on one line."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()
    """Where the words are in it: [start, end), in characters."""


def snippet(text: str, terms: Mapping[str, str], width: int = WIDTH) -> Snippet:
    """The window with most different terms, sentences rather than rows of tables.

    Marks and backslashes of Markdown are left out, and bullets are dots: the text is for reading.
    `terms` has the words as the text spells them, and the term of each.

    >>> snippet("Two years in rural towns.", {"rural": "rural"})
    Snippet(text='Two years in rural towns.', marks=((13, 18),))
    """
    text = _BULLET.sub("· ", _EMPHASIS.sub("", text))
    line = _one_line(_TABLE_ROW.sub(" ", text))
    found = _places(line, terms)
    if not found:  # they are in a table
        line = _one_line(text)
        found = _places(line, terms)
    if not found:
        return Snippet("")
    windows = (_within(found, at, width) for at in range(len(found)))
    best = max(
        windows, key=lambda window: (len({terms[line[a:b]] for a, b in window}), len(window))
    )
    start, end = _bounds(line, best[0][0], best[-1][1], width)
    before, after = ("… " if start else ""), (" …" if end < len(line) else "")
    shift = len(before) - start
    marks = tuple((a + shift, b + shift) for a, b in found if start <= a and b <= end)
    return Snippet(f"{before}{line[start:end]}{after}", marks)


def _one_line(text: str) -> str:
    return _BLANKS.sub(" ", _ESCAPED.sub(r"\1", text)).strip()


def _places(line: str, terms: Mapping[str, str]) -> list[tuple[int, int]]:
    if not terms:
        return []
    words = "|".join(re.escape(word) for word in sorted(terms, key=len, reverse=True))
    return [match.span() for match in re.finditer(rf"(?<!\w)(?:{words})(?!\w)", line)]


def _within(found: list[tuple[int, int]], at: int, width: int) -> list[tuple[int, int]]:
    first = found[at][0]
    more = [place for place in found[at + 1 :] if place[1] - first <= width]
    return [found[at], *more]


def _bounds(line: str, first: int, last: int, width: int) -> tuple[int, int]:
    """Where the window begins and ends: whole words, from the sentence's beginning if that fits."""
    sentence = max(line.rfind(mark, 0, first) for mark in (". ", "! ", "? ", ": ")) + 1
    room = max(width - (last - first), 0)
    start = sentence if first - sentence <= room else first - room // 2
    start = max(start, 0)
    if start and start != sentence:
        start = line.find(" ", start, first) + 1 or first
    while start < first and line[start] == " ":
        start += 1
    end = max(start + width, last)
    if end >= len(line):
        return start, len(line)
    return start, max(line.rfind(" ", 0, end), last)
