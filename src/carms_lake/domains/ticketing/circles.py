"""Where merges that come one after the other close a circle, in numbers instead of ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass
class Circle:
    """A circle that the move at a place closed; that move does not count while the circle lasts."""

    closed_by: int
    members: list[int]
    opened_by: int | None = None


def circles(sources: Sequence[int], targets: Sequence[int], until: Sequence[int]) -> list[Circle]:
    """The circles that moves close, in their order; each move is of an id to another one.

    `until` is the place of the next move of the same id, from which on the earlier one does not
    count. An id is in one circle at most, for it has one move that counts. When that one changes,
    the move that had closed the circle counts again.
    """
    paths = _Paths(1 + max(max(sources, default=-1), max(targets, default=-1)))
    circle_of: dict[int, Circle] = {}
    found = []
    for now, (source, target) in enumerate(zip(sources, targets, strict=True)):
        opened = circle_of.get(source)
        if opened is not None:
            opened.opened_by = now
            paths.lead(
                sources[opened.closed_by], targets[opened.closed_by], until[opened.closed_by]
            )
            for member in opened.members:
                del circle_of[member]
        paths.end(source)
        if paths.last(target, now) != source:
            paths.lead(source, target, until[now])
            continue
        circle = Circle(now, [source, *paths.between(target, source)])
        circle_of |= dict.fromkeys(circle.members, circle)
        found.append(circle)
    return found


class _Paths:
    """Which id leads to which, without a circle, and short cuts along the way.

    A short cut holds until the first of the leads that it stands for ends.
    """

    def __init__(self, count: int) -> None:
        self._leads_to = [-1] * count
        self._until = [0] * count
        self._skips_to = [-1] * count
        self._skips_until = [0] * count

    def lead(self, source: int, target: int, until: int) -> None:
        """Let an id lead to another one, until a moment."""
        self._leads_to[source] = target
        self._until[source] = until
        self._skips_until[source] = 0

    def end(self, source: int) -> None:
        """Let an id lead nowhere."""
        self._leads_to[source] = -1

    def last(self, start: int, now: int) -> int:
        """Where one comes to from an id; the ids on the way get short cuts to it."""
        way = []
        at = start
        while self._leads_to[at] >= 0:
            way.append(at)
            if self._skips_until[at] <= now:
                self._skips_to[at] = self._leads_to[at]
                self._skips_until[at] = self._until[at]
            at = self._skips_to[at]
        until = None
        for passed in reversed(way):
            holds = self._skips_until[passed]
            until = holds if until is None else min(until, holds)
            self._skips_to[passed] = at
            self._skips_until[passed] = until
        return at

    def between(self, start: int, stop: int) -> list[int]:
        """The ids from one to the other, which is not among them."""
        way = []
        while start != stop:
            way.append(start)
            start = self._leads_to[start]
        return way
