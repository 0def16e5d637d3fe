"""Programs like one as text for reading."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LEAST_WIDTH = 40
"""Narrower than this, ids and names side by side are not readable."""

_SAME = "Other streams and sites of the same program"


def as_text(programs: Sequence[Mapping[str, Any]], width: int, limit: int) -> str:
    """Score, id and name of each program, and the reasons below; the program's own ones apart.

    `programs` are rows of `analysis.similar`; of the program's own ones `limit` at most are shown.
    """
    width = max(width, LEAST_WIDTH)
    others = [program for program in programs if not program["is_same_program"]]
    own = [program for program in programs if program["is_same_program"]]
    blocks = ["\n".join(_lines(program, width)) for program in others]
    if own:
        blocks.append(_SAME)
        blocks += ["\n".join(_lines(program, width)) for program in own[:limit]]
    if more := len(own[limit:]):
        blocks.append(f"and {more} more; `-f csv` has all")
    return "\n\n".join(blocks) + "\n"


def _lines(program: Mapping[str, Any], width: int) -> Iterator[str]:
    head = f"{program['score']:5.2f}  {program['program_stream_id']}  "
    indent = " " * len(head)
    for first, text in ((head, program["program_name"]), (indent, program["reasons"])):
        yield from textwrap.wrap(text, width, initial_indent=first, subsequent_indent=indent)
