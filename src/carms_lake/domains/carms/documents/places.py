"""Finding the sentence or the printed line that says something."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from carms_lake.domains.carms.documents.spans import Span
from carms_lake.domains.carms.documents.text import (
    STARTS_LINE,
    is_rule,
    logical_lines,
    one_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATEMENT_END = re.compile(r"(?<=[.!?])[\s*_]+(?=[A-ZÀ-Þ(])")
_PRINTED = re.compile(r"[^\s*_]+")
_MARKS = " \n#*_•"


def statement(text: str, span: Span) -> Span:
    """The sentence, or the printed line, that some characters of a text belong to.

    Marks around it (bullets, emphasis, those of a heading) are left out.
    """
    first, last = text.rfind("\n", 0, span.start) + 1, _line_end(text, span.end)
    while first and not _begins(text, first):
        first = text.rfind("\n", 0, first - 1) + 1
    while last < len(text) and not _begins(text, last + 1):
        last = _line_end(text, last + 1)
    for end in _STATEMENT_END.finditer(text, first, last):
        if end.end() <= span.start:
            first = end.end()
        elif end.start() >= span.end:
            last = end.start()
            break
    return trimmed(text, Span(first, last))


def trimmed(text: str, span: Span) -> Span:
    """The same characters without white space and marks around them."""
    start, end = span
    while start < end and text[start] in _MARKS:
        start += 1
    while end > start and text[end - 1] in _MARKS:
        end -= 1
    return Span(start, end)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _begins(text: str, at: int) -> bool:
    """Whether the printed line that starts at `at` begins what the author wrote as a line."""
    before = text[text.rfind("\n", 0, at - 1) + 1 : at - 1]
    line = text[at : _line_end(text, at)].strip()
    is_alone = any(not each or is_rule(each) for each in (before.strip(), line))
    return is_alone or before.endswith("  ") or bool(STARTS_LINE.match(line))


def located(words: str, text: str, within: Span) -> Span | None:
    """Where words are in a part of a text, however white space and emphasis are printed."""
    wanted = "".join(_PRINTED.findall(words))
    printed = [match.span() for match in _PRINTED.finditer(text, *within)]
    found = "".join([text[start:end] for start, end in printed]).find(wanted)
    if found < 0 or not wanted:
        return None
    begins = list(accumulate((end - start for start, end in printed), initial=0))

    def place(at: int) -> int:
        run = bisect_right(begins, at) - 1
        return printed[run][0] + at - begins[run]

    return Span(place(found), place(found + len(wanted) - 1) + 1)


def sentences(text: str, end: re.Pattern[str]) -> Iterator[tuple[str, Span]]:
    """The sentences of a text without emphasis, and where each is; `end` parts them."""
    for line in logical_lines(text):
        unread = line.span()
        for sentence in end.split(one_line(line.replace("*", "").replace("_", ""))):
            place = located(sentence, text, unread) or unread
            unread = Span(place.end, unread.end)
            yield sentence, place
