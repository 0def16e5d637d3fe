"""An answer of bounded length: what a model reads costs money and crowds out what it read before.

Answers are cut where they stay right: whole rows from the end, then the ends of long texts and
lists in a cell. What was cut is said in the answer itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carms_lake.api.published import encoded
from carms_lake.errors import QueryLimit

MOST_CHARACTERS = 40_000
"""Of one answer, as JSON."""
MOST_ROWS = 200
"""Of one list of an answer."""
DEFAULT_ROWS = 50

_STEPS = ((20_000, 1_000), (4_000, 200), (1_000, 50), (200, 20), (40, 5))
"""Characters of a text and items of a list in one cell, from generous to narrow."""
_FOR_NOTES = 400


def text_of(answer: Mapping[str, Any]) -> str:
    """An answer as the JSON that is sent: decimals with all their digits, days as text."""
    return encoded(answer).decode()


def capped(answer: Mapping[str, Any], most: int = MOST_CHARACTERS) -> dict[str, Any]:
    """The answer, or as much of it as has `most` characters; then `truncated` is true.

    The rows of an answer are its lists; `notes` says how many of them are left.

    Raises:
        QueryLimit: not even one row fits.
    """
    given = dict(answer)
    for characters, items in (None, None), *_STEPS:
        found, was_cut = given, False
        if characters is not None and items is not None:
            found = {name: _top(value, characters, items) for name, value in given.items()}
            was_cut = found != given
        notes = list(given.get("notes") or [])
        if was_cut:
            notes.append(
                f"long texts are cut after {characters} characters, lists in a cell after {items}"
                " items: ask for less"
            )
        found = _fewer(found, notes, most)
        if len(text_of(found)) <= most:
            return found
    raise QueryLimit(
        f"one row of the answer has more than {most} characters", "ask for fewer columns"
    )


def _fewer(answer: dict[str, Any], notes: list[str], most: int) -> dict[str, Any]:
    """The answer with as many rows as fit, one of each list at least."""
    was_cut = len(notes) > len(answer.get("notes") or [])
    found = answer | {"notes": notes, "truncated": bool(answer.get("truncated")) or was_cut}
    lists = {
        name: value
        for name, value in answer.items()
        if isinstance(value, list) and len(value) > 1 and not isinstance(value[0], str)
    }
    room = most - _FOR_NOTES
    for name in sorted(lists, key=lambda one: -len(text_of({one: lists[one]}))):
        if len(text_of(found)) <= (room if found["truncated"] else most):
            break
        rows = lists[name]
        rest = len(text_of(found | {name: []}))
        left, used = 0, rest
        for row in rows:
            used += len(text_of({"": row})) - 4
            if used > room:
                break
            left += 1
        left = max(left, 1)
        if left < len(rows):
            said = f"`{name}`: only the first {left} of {len(rows)} fit: ask for less"
            found = found | {
                name: rows[:left],
                "notes": [*found["notes"], said],
                "truncated": True,
            }
    return found


def _top(value: Any, characters: int, items: int) -> Any:
    """A member of an answer: a list of rows keeps them all, its cells become shorter."""
    if isinstance(value, list):
        return [_row(row, characters, items) for row in value]
    return _row(value, characters, items)


def _row(value: Any, characters: int, items: int) -> Any:
    if isinstance(value, dict):
        return {name: _cell(one, characters, items) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cell(one, characters, items) for one in value]
    return _cell(value, characters, items)


def _cell(value: Any, characters: int, items: int) -> Any:
    if isinstance(value, str):
        cut = f"... ({len(value)} characters)"
        return value if len(value) <= characters + len(cut) else value[:characters] + cut
    if isinstance(value, dict):
        return {name: _cell(one, characters, items) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cell(one, characters, items) for one in value[:items]]
    return value
