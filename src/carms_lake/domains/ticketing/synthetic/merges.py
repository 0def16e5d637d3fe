"""Merges of customers: pairs, stars, long chains, merges again, circles, and into themselves."""

from __future__ import annotations

import itertools
import random
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from carms_lake.domains.draws import at
from carms_lake.domains.ticketing.synthetic.sources import DAY, FIRST_MOMENT, SPAN_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.domains.ticketing.synthetic.plan import Plan

_SECOND = 1_000_000
_SHUFFLE = 2_654_435_761
_LONGEST = 100
_LONG_EVERY = 40
"""One group in so many is a long chain."""

_FAULTY_SHARE = 0.04
"""Of the groups that are circles, and of those with a merge into itself."""


class _Merge(NamedTuple):
    source: int
    target: int
    at: int
    head: int
    """The group's first member: where a later version of the merge leads to."""


def identity_merges(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One row per merge; a later version leads to the first member of the group."""
    merges, number = _merges(plan), pl.col("number")
    source = at(merges["source"], number)
    changed = (pl.col("state") != number) & (at(merges["head"], number) != source)
    target = (
        pl.when(changed).then(at(merges["head"], number)).otherwise(at(merges["target"], number))
    )
    return rows.select(
        "number",
        "copy",
        pl.format("cust_{}", source + 1).alias("from_customer_id"),
        pl.format("cust_{}", target + 1).alias("to_customer_id"),
        at(merges["at"], number).alias("merged_at"),
    )


@lru_cache(maxsize=2)
def _merges(plan: Plan) -> pl.DataFrame:
    """One row per merge, in the order of time."""
    total, dice = plan.total("identity_merges"), random.Random(f"{plan.seed}:merges")
    merges: dict[tuple[int, int], _Merge] = {}
    groups = _groups(plan, dice)
    while len(merges) < total:
        for merge in next(groups):
            if len(merges) < total:
                merges.setdefault((merge.source, merge.at), merge)
    rows = sorted(merges.values(), key=lambda merge: (merge.at, merge.source))
    return pl.DataFrame(rows, schema=list(_Merge._fields), orient="row")


def _groups(plan: Plan, dice: random.Random) -> Iterator[list[_Merge]]:
    """Groups of customers of which no two share a member, and after all of them again."""
    faulty = min(0.4, _FAULTY_SHARE * plan.faults)
    begin, number = 0, 0
    while True:
        number += 1
        size = dice.choice((2, 2, 2, 3, 3, 4, 5, 8))
        if number % _LONG_EVERY == 5:
            size = min(_LONGEST, plan.customers // 8)
        members = [
            place % plan.customers * _SHUFFLE % plan.customers
            for place in range(begin, begin + size)
        ]
        begin += size
        kind = dice.random()
        if kind < faulty:
            yield _circle(members, dice)
        elif kind < 2 * faulty:
            yield [_Merge(members[0], members[0], _moment(dice), members[0])]
        elif kind < 0.3:
            yield [_Merge(one, members[0], _moment(dice), members[0]) for one in members[1:]]
        else:
            yield _chain(members, dice)


def _chain(members: list[int], dice: random.Random) -> list[_Merge]:
    """Each member into the one before it, in any order of time; some into another one first."""
    merges = [
        _Merge(one, before, _moment(dice), members[0])
        for before, one in itertools.pairwise(members)
    ]
    again = [
        _Merge(one, members[0], moment - dice.randrange(1, 30) * 86_400 * _SECOND, members[0])
        for one, _, moment, _ in merges
        if dice.random() < 0.1
    ]
    return again + merges


def _circle(members: list[int], dice: random.Random) -> list[_Merge]:
    """Each member into the one before it, the first into the last; the newest two may tie."""
    moments = sorted(_moment(dice) for _ in members)
    if dice.random() < 0.5:
        moments[-2] = moments[-1]
    dice.shuffle(moments)
    return [
        _Merge(one, members[place - 1], moments[place], members[0])
        for place, one in enumerate(members)
    ]


def _moment(dice: random.Random) -> int:
    return FIRST_MOMENT + dice.randrange(SPAN_DAYS * DAY // _SECOND) * _SECOND
