"""The texts of descriptions, which are written in Markdown, as HTML: no tag comes from a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from carms_lake.report.markup import Child, Markup, h, join

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*")
_ITEM = re.compile(r"\s*(?:[*+-]|\d{1,3}[.)])\s+(.*)")
_RULE = re.compile(r"[\s|:-]*-{3}[\s|:-]*")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\s*\*\*", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\(<?(https?://[^\s)>]+)>?(?:\s+\"[^\"]*\")?\)")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")
_MARKS = re.compile(r"\*\*|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")


def as_html(said: str, heading: int) -> Markup:
    """A text; its headings are of this level."""
    return join(_block(lines, heading) for lines in _blocks(said.replace("\r\n", "\n")))


def _blocks(said: str) -> Iterator[list[str]]:
    """Lines that belong together: paragraphs, lists, tables; a heading is alone."""
    block: list[str] = []
    for line in said.split("\n"):
        is_heading = bool(_HEADING.fullmatch(line.strip()))
        begins_list = bool(_ITEM.match(line)) and bool(block) and not _ITEM.match(block[0])
        if (not line.strip() or is_heading or begins_list) and block:
            yield block
            block = []
        if is_heading:
            yield [line.strip()]
        elif line.strip():
            block.append(line)
    if block:
        yield block


def _block(lines: Sequence[str], heading: int) -> Markup | None:
    if found := _HEADING.fullmatch(lines[0]):
        return h(f"h{heading}", _inline(found[2].strip("* ")))
    if len(lines) > 1 and "|" in lines[0] and _RULE.fullmatch(lines[1]):
        return _table(lines)
    if _ITEM.match(lines[0]):
        return h("ul", [h("li", _inline(text)) for text in _items(lines)])
    if all(_RULE.fullmatch(line) for line in lines):
        return None
    text = "\n".join(line.lstrip("> ") for line in lines)
    return h("p", _broken(text))


def _items(lines: Sequence[str]) -> list[str]:
    """The items of a list, each with the lines that go on."""
    found: list[str] = []
    for line in lines:
        item = _ITEM.fullmatch(line)
        if item:
            found.append(item[1])
        else:
            found[-1] += f" {line.strip()}"
    return found


def _table(lines: Sequence[str]) -> Markup:
    head, rows = _cells(lines[0]), [_cells(line) for line in lines[2:]]
    body = [h("tr", [h("td", _inline(cell)) for cell in row[: len(head)]]) for row in rows]
    heads = h("tr", [h("th", _inline(cell), scope="col") for cell in head])
    return h("div", h("table", h("thead", heads), h("tbody", body)), cls="cells", tabindex="0")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _broken(text: str) -> Markup:
    """A paragraph; two spaces at an end of a line break it."""
    parts = [_inline(part) for part in re.split(r" {2,}\n", text)]
    return join([one for part in parts for one in (h("br"), part)][1:])


def _inline(text: str) -> Markup:
    """Words with links and what is bold."""
    parts: list[Child] = []
    at = 0
    for found in _LINK.finditer(text):
        parts.append(_bold(text[at : found.start()]))
        parts.append(h("a", _plain(found[1]) or found[2], href=found[2], rel="noreferrer"))
        at = found.end()
    return join([*parts, _bold(text[at:])])


def _bold(text: str) -> Markup:
    parts = _BOLD.split(text)
    return join(
        h("strong", _plain(part)) if at % 2 else _plain(part) for at, part in enumerate(parts)
    )


def _plain(text: str) -> str:
    """Text without the marks of Markdown that are left; characters that it escapes are as meant."""
    kept = _ESCAPED.sub(lambda found: chr(0xE000 + ord(found[1])), text)
    kept = _MARKS.sub("", kept)
    return "".join(chr(ord(c) - 0xE000) if 0xE000 <= ord(c) < 0xE080 else c for c in kept)  # noqa: PLR2004 - back again


def excerpt(text: str, marks: Sequence[tuple[int, int]]) -> Markup:
    """A text with some of it marked."""
    ends = sorted({0, len(text), *(end for mark in marks for end in mark)})
    parts: list[Child] = []
    for first, last in pairwise(ends):
        part = text[first:last]
        is_marked = any(begin <= first and last <= end for begin, end in marks)
        parts.append(h("mark", part) if is_marked else part)
    return join(parts)
