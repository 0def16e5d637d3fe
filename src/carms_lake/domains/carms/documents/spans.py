"""Where in a text the words are that were read from it."""

from __future__ import annotations

import sys
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Span(NamedTuple):
    """Characters of a text, from `start` up to `end`, as `text[start:end]` takes them."""

    start: int
    end: int


class Line(str):
    """Words of a text, and where in it they are."""

    __slots__ = ("pieces",)

    pieces: tuple[tuple[int, int], ...]
    """(place in the line, place in the text) where each run of unchanged characters begins."""

    def __new__(cls, words: str, pieces: Iterable[tuple[int, int]]) -> Self:
        """Words, and `pieces` in their order."""
        line = super().__new__(cls, words)
        line.pieces = tuple(pieces) or ((0, 0),)
        return line

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """Where the characters of the line from `start` to `end` are in the text."""
        first, last = self._place(start), self._place((len(self) if end is None else end) - 1)
        return Span(first, max(last, first - 1) + 1)

    def _place(self, at: int) -> int:
        begins, place = self.pieces[max(0, bisect_right(self.pieces, (at, sys.maxsize)) - 1)]
        return place + at - begins


def span_in(text: str, start: int, end: int) -> Span:
    """Characters of a text that may itself be a part of another: where they are in that one."""
    return text.span(start, end) if isinstance(text, Line) else Span(start, end)


class Mask(NamedTuple):
    """Characters of a text, and the word that is published in their place."""

    start: int
    end: int
    word: str


def with_masks(text: str, masks: Sequence[Mask]) -> str:
    """The text with these masks, which come in the order of the text."""
    if not masks:
        return text
    parts, end = [], 0
    for mask in masks:
        parts += [text[end : mask.start], mask.word]
        end = mask.end
    return "".join([*parts, text[end:]])


def masked_span(span: Span, masks: Iterable[tuple[int, int, int]]) -> Span:
    """Where characters of a text are once masks are in it, each as (start, end, new length).

    A mask that the characters begin or end in belongs to them as a whole.

    >>> masked_span(Span(4, 9), [(0, 3, 6), (8, 12, 6)])
    Span(start=7, end=17)
    """
    start, end = span
    shift_start = shift_end = 0
    for first, last, length in masks:
        grown = length - (last - first)
        if last <= span.start:
            shift_start += grown
        elif first < span.start:
            start = first
        if last <= span.end:
            shift_end += grown
        elif first < span.end:
            end, shift_end = last, shift_end + grown
    return Span(start + shift_start, end + shift_end)
