"""The canonical customer of an id, when ids are merged into ids that are merged into others.

At a moment the latest merge of each id counts, of those up to that moment, and merges are followed
until an id has none. A merge of an id into itself is ignored. Merges may lead in a circle: while
they do, the newest merge of the circle is disregarded, of several at one moment that of the
greatest id. A circle begins with the merge that closes it, and ends when a member is merged again.

Ids become numbers, so that following a merge is a look-up by position: following all merges twice
as far each time, chains of a thousand take ten look-ups of each id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

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

    A short cut holds until the first of the leads that it replaces ends.
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


FROM, TO, AT = "from_customer_id", "to_customer_id", "merged_at"
"""The columns of a merge."""


def cycles(merges: pl.DataFrame) -> pl.DataFrame:
    """One row per merge that ever closed a circle of merges, in the order of time.

    `ended_at` is when the circle was opened by a later merge of one of its sorted `members`, null
    while it lasts. That merge is disregarded from `merged_at` until then.
    """
    moves = _tangled(_moves(merges)).with_row_index("place")
    ids = pl.concat([moves[FROM], moves[TO]]).unique().sort()
    until = moves.select(pl.col("place").shift(-1).over(FROM).fill_null(moves.height))["place"]
    found = circles(
        _places(moves[FROM], ids).to_list(), _places(moves[TO], ids).to_list(), until.to_list()
    )
    closing = moves[[circle.closed_by for circle in found]]
    opening = pl.Series([circle.opened_by for circle in found], dtype=pl.UInt32)
    members = [ids.gather(circle.members).sort().to_list() for circle in found]
    return closing.select(
        FROM,
        AT,
        TO,
        moves[AT].gather(opening).alias("ended_at"),
        pl.Series("members", members, pl.List(pl.String)),
    ).filter(pl.col("ended_at").ne_missing(pl.col(AT)))


def resolved(merges: pl.DataFrame, known_cycles: pl.DataFrame) -> pl.DataFrame:
    """One row per customer id that a merge names, sorted by it, with its canonical id.

    `known_cycles` are those of these merges. `merges` counts the merges from the id to its
    canonical one; `is_in_cycle` says that it is a member of a circle that lasts.
    """
    lasting = known_cycles.filter(pl.col("ended_at").is_null())
    followed = (
        _moves(merges)
        .unique(FROM, keep="last", maintain_order=True)
        .join(lasting, on=[FROM, AT], how="anti")
    )
    ids = pl.concat([merges[FROM], merges[TO]]).unique().sort()
    following = pl.int_range(ids.len(), eager=True)
    following = following.scatter(_places(followed[FROM], ids), _places(followed[TO], ids))
    ends, steps = _followed(following)
    return pl.DataFrame(
        {
            "customer_id": ids,
            "canonical_customer_id": ids.gather(ends),
            "merges": steps.cast(pl.Int32),
            "is_in_cycle": ids.is_in(lasting["members"].explode().implode()),
        },
        schema_overrides={"customer_id": pl.String, "canonical_customer_id": pl.String},
    )


def _moves(merges: pl.DataFrame) -> pl.DataFrame:
    """The merges of ids into others, one per id and moment, in the order of time and id."""
    return (
        merges.filter(pl.col(FROM) != pl.col(TO))
        .select(FROM, AT, TO)
        .sort(AT, FROM, TO)
        .unique([FROM, AT], keep="last", maintain_order=True)
    )


def _tangled(moves: pl.DataFrame) -> pl.DataFrame:
    """The merges among ids that could lead in a circle, in their order.

    Ids that hang together by one link less than they are many make a tree, which has no circle;
    nearly all do.
    """
    links = moves.select(FROM, TO).unique()
    ids = pl.concat([links[FROM], links[TO]]).unique()
    sources, targets = _places(links[FROM], ids), _places(links[TO], ids)
    group = _hanging_together(sources, targets, ids.len())
    sizes = group.value_counts(name="ids").rename({group.name: "group"})
    linked = group.gather(sources).value_counts(name="links").rename({group.name: "group"})
    tangled = sizes.join(linked, on="group").filter(pl.col("links") >= pl.col("ids"))["group"]
    members = ids.filter(group.is_in(tangled.implode())).to_frame(FROM)
    return moves.join(members, on=FROM, how="semi", maintain_order="left")


def _hanging_together(sources: pl.Series, targets: pl.Series, count: int) -> pl.Series:
    """The least number of each number's group, where links join numbers below `count` to groups."""
    group = pl.int_range(count, eager=True)
    ends = pl.DataFrame({"one": sources, "other": targets})
    while not ends.is_empty():
        hooks = ends.group_by(pl.max_horizontal("one", "other").alias("high")).agg(
            pl.min_horizontal("one", "other").min().alias("low")
        )
        group, _ = _followed(group.scatter(hooks["high"], hooks["low"]))
        ends = ends.select(
            group.gather(ends["one"]).alias("one"), group.gather(ends["other"]).alias("other")
        ).filter(pl.col("one") != pl.col("other"))
    return group


def _followed(following: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Where each number ends, and after how many steps, when each leads to the one at its place.

    A number that leads to itself is an end; there must be no circle.
    """
    steps = (following != pl.int_range(following.len(), eager=True)).cast(pl.Int64)
    for _ in range(following.len().bit_length() + 1):
        further = following.gather(following)
        if further.equals(following):
            return following, steps
        steps = steps + steps.gather(following)
        following = further
    raise AssertionError("numbers lead in a circle")


def _places(values: pl.Series, ids: pl.Series) -> pl.Series:
    """The place of each value among distinct ids."""
    places = ids.to_frame("id").with_row_index("place")
    return values.to_frame("id").join(places, on="id", how="left", maintain_order="left")["place"]
