"""Who every customer is, worked out the slow and plain way: walk along the merges, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Row = tuple[str, str, int]
    """From, to, when (microseconds)."""

_LATEST = 1 << 62
_MOMENTS = (1_736_899_200_000_000, 1_741_737_600_000_000)
"""2025-01-15 and 2025-03-12, both at midnight."""


def identities(rows: Iterable[Row]) -> dict[str, object]:
    """The ground truth of merges, given as they come: what a key had before is replaced."""
    given = list(rows)
    merges = {(source, at): target for source, target, at in given}
    now, cycles = resolved(merges, _LATEST)
    return {
        "merges": {
            "rows": len(given),
            "keys": len(merges),
            "into_themselves": sum(source == target for (source, _), target in merges.items()),
        },
        "customers": now,
        "customers_at": [{"at": at, "customers": resolved(merges, at)[0]} for at in _MOMENTS],
        "cycles": cycles,
    }


def resolved(
    merges: Mapping[tuple[str, int], str], until: int
) -> tuple[dict[str, str], list[dict[str, object]]]:
    """The canonical id of each customer that has another one, and the cycles that were broken.

    Only merges up to a moment count. A merge into itself is none; the latest one of an id counts;
    a cycle loses its newest merge, of several that are as new the one of the greatest id.
    """
    found = sorted((at, source, target) for (source, at), target in merges.items() if at <= until)
    next_of = {source: (target, at) for at, source, target in found if source != target}
    cycles = []
    done: set[str] = set()
    for start in sorted(next_of):
        path: dict[str, None] = {}
        one = start
        while one in next_of and one not in path and one not in done:
            path[one] = None
            one = next_of[one][0]
        if one in path:
            members = list(path)[list(path).index(one) :]
            cycles.append(_broken(members, next_of))
        done.update(path)
    return {one: _end(one, next_of) for one in sorted(next_of)}, cycles


def _broken(members: list[str], next_of: dict[str, tuple[str, int]]) -> dict[str, object]:
    at, newest = max((next_of[one][1], one) for one in members)
    target, _ = next_of.pop(newest)
    disregarded = {"from_customer_id": newest, "to_customer_id": target, "merged_at": at}
    return {"members": sorted(members), "disregarded": disregarded}


def _end(one: str, next_of: Mapping[str, tuple[str, int]]) -> str:
    while one in next_of:
        one = next_of[one][0]
    return one
