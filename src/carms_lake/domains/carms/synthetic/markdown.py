"""Blocks of text -> Markdown as the real documents have it, whole or cut at its headings."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

WIDTH = 78
_LINK = re.compile(r"\[\s*([^\[\]]*?)\s*\]\(([^()\s]*)\)")
_UNPRINTABLE = {0xAD: None, 0xA0: None, 0x200B: None}
RULE = "* * *"


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, a list or a table: lines, and whether long ones are wrapped.

    Text may hold links as `[text](url)`. `is_tight` has no empty line after it.
    """

    text: str
    wraps: bool = True
    is_tight: bool = False


@dataclass(frozen=True)
class QuotaHeading:
    """The quota: one heading where links are kept, two where they are not."""

    label: str
    value: str


def render(blocks: list[Block | QuotaHeading], *, with_links: bool) -> str:
    """The Markdown of a document, in lines of at most 78 characters where a space allows it."""
    parts = []
    for block in blocks:
        if isinstance(block, QuotaHeading):
            parts.append(
                f"## {block.label} {block.value}\n\n"
                if with_links
                else f"## {block.label}\n\n##   {block.value}\n\n"
            )
            continue
        text = block.text if with_links else _LINK.sub(r"\1", block.text)
        if block.wraps:
            text = "\n".join(_wrapped(line) for line in text.split("\n"))
        parts.append(text + ("\n" if block.is_tight else "\n\n"))
    return "".join(parts)


def sections(markdown: str) -> list[tuple[str, str]]:
    """Heading and text of each piece between first-level headings, the heading kept in the text.

    As the real CSV was made: lines stripped, paragraphs joined by two spaces and a line feed.
    """
    pieces: list[list[str]] = []
    for line in markdown.split("\n"):
        stripped = line.strip().translate(_UNPRINTABLE)
        if stripped == "#" or stripped.startswith("# "):
            pieces.append([stripped])
        elif pieces:
            pieces[-1].append(stripped)
    return [(piece[0][1:].strip(), _joined(piece)) for piece in pieces]


def _joined(lines: list[str]) -> str:
    paragraphs = re.split(r"\n{2,}", "\n".join(lines).strip("\n"))
    return "  \n".join(paragraphs)


def _wrapped(line: str) -> str:
    """One line, wrapped; the two spaces of a hard break stay at its end."""
    if len(line) <= WIDTH:
        return line
    end = "  " if line.endswith("  ") else ""
    return textwrap.fill(line.rstrip(), WIDTH, break_long_words=False) + end
