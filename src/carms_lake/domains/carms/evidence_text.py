"""What a fact was read from, as text for reading."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_HEADING_MARK = re.compile(r"^#+\s", re.MULTILINE)


def as_text(rows: Iterable[Mapping[str, Any]], width: int) -> str:
    """The facts with their values, each over the words that it was read from and their place.

    `rows` have the columns of `analysis.evidence.SCHEMA`.
    """
    lines: list[str] = []
    last: tuple[Any, ...] = ()
    for row in rows:
        about = (row["fact"], row["item"], row["value"])
        if about != last:
            lines += ["", _headline(*about)] if lines else [_headline(*about)]
            last = about
        if row["sentence"]:
            words = " ".join(_HEADING_MARK.sub("", row["sentence"]).split())
            lines += _wrapped(f'"{words}"', width)
        lines += _wrapped(row["place"], width)
    return "\n".join(lines) + "\n"


def _headline(fact: str, item: str | None, value: str | None) -> str:
    named = fact if item is None or item == value else f"{fact} {item}"
    return f"{named}: {'not said' if value is None else value}"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
