"""Names that are like one that does not exist."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 20
"""How many names are listed where none is near."""


def hint(name: str, known: Iterable[str]) -> str:
    """What to tell whoever asked for a name that is not known: the nearest ones, else all."""
    names = list(known)
    near = get_close_matches(name.lower(), names, n=3, cutoff=0.6)
    listed = ", ".join(f"`{each}`" for each in near or names[:_MOST])
    more = ", ..." if len(names) > _MOST else ""
    return f"did you mean {listed}?" if near else f"there are {listed or 'none'}{more}"
