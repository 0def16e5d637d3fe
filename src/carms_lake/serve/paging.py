"""Pages of a long answer: limit, offset, and cursors that hold for one published file."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from typing import Any

import carms_lake
from carms_lake.serve.routes import Asked, Encoded, Parameter

LIMIT, MOST = 50, 1_000
MOST_OFFSET = 10_000_000

PARAMETERS = (
    Parameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
        "How many at most.",
    ),
    Parameter(
        "offset",
        {"type": "integer", "minimum": 0, "maximum": MOST_OFFSET, "default": 0},
        "How many to skip.",
    ),
    Parameter(
        "cursor",
        {"type": "string", "minLength": 1, "maxLength": 100},
        "`next` of the page before, instead of an offset; it is valid for one published file.",
    ),
)
_CURSOR = re.compile(r"([0-9a-f]{1,32})\.([0-9]{1,8})")


def limit(asked: Asked) -> int:
    """How many rows a page has at most."""
    return int(asked.values.get("limit", LIMIT))


def begin(asked: Asked) -> int:
    """Where the page begins; a cursor says it rather than an offset.

    Raises:
        UnknownKey: the cursor is not one of this published file.
    """
    given = asked.values.get("cursor")
    if given is None:
        return int(asked.values.get("offset", 0))
    try:
        text = urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode("ascii")
    except (Error, ValueError):
        text = ""
    found = _CURSOR.fullmatch(text)
    if not found or found[1] != asked.tag:
        raise carms_lake.UnknownKey(
            "the cursor does not belong to the file published now", "start again without a cursor"
        )
    return int(found[2])


def page(
    asked: Asked, name: str, encoded: Sequence[bytes], positions: Sequence[int], more: bytes = b""
) -> Encoded:
    """A page of rows that are bytes already; `more` are members that come after the total.

    Raises:
        LakeError: as `begin`.
    """
    start = begin(asked)
    chosen = positions[start : start + limit(asked)]
    return joined(asked, name, [encoded[at] for at in chosen], len(positions), more)


def selected(
    asked: Asked, name: str, select: str, parameters: Mapping[str, Any] | None = None
) -> Encoded:
    """A page of the rows of a SELECT that puts them in order: DuckDB reads those of the page alone.

    Raises:
        LakeError: as `begin` and `Published.rows`.
    """
    found, total = some_of(asked.snapshot, select, parameters, begin(asked), limit(asked))
    return joined(asked, name, found.encoded, total)


def some_of(
    snapshot: Any, select: str, parameters: Mapping[str, Any] | None, start: int, most: int
) -> tuple[Any, int]:
    """The rows of a SELECT from one on, as `Snapshot.hold` gives them, and how many there are.

    Raises:
        LakeError: as `Published.rows`.
    """
    lake = snapshot.lake
    total = lake.rows(f"select count(*) from ({select})", parameters)[1][0][0]  # noqa: S608 - of ours
    columns, rows = lake.rows(f"{select} limit {most} offset {start}", parameters)
    return snapshot.hold(columns, rows), total


def joined(
    asked: Asked, name: str, rows: Sequence[bytes], total: int, more: bytes = b""
) -> Encoded:
    """The answer that has the rows of one page.

    Raises:
        LakeError: as `begin`.
    """
    start, count = begin(asked), len(rows)
    end, following = start + count, b"null"
    if count and end < total:
        text = f"{asked.tag}.{end}".encode()
        following = b'"' + urlsafe_b64encode(text).rstrip(b"=") + b'"'
    head = b'{"total":%d,%s"count":%d,"offset":%d,' % (total, more, count, start)
    return Encoded(b'%s"next":%s,"%s":[%s]}' % (head, following, name.encode(), b",".join(rows)))


def response(name: str, row: Mapping[str, Any], **more: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a page."""
    whole = {"type": "integer", "minimum": 0}
    return {
        "type": "object",
        "required": ["total", "count", "offset", "next", name],
        "properties": {
            "total": {**whole, "description": "How many there are, on all pages."},
            **more,
            "count": {**whole, "description": "How many are on this page."},
            "offset": whole,
            "next": {
                "type": ["string", "null"],
                "description": "The `cursor` of the next page; null on the last one.",
            },
            name: {"type": "array", "items": row},
        },
    }
