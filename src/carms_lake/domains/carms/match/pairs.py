"""Couples: two CMGs who rank pairs of the programs that both of them rank."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest
from random import Random

from carms_lake.domains.carms.match.market import NONE, Couple, Market
from carms_lake.domains.carms.match.supply import Program

APART = 12
"""How many ranks it costs a pair that its programs are in different provinces: an assumption."""

PAIRS = 60


def with_couples(
    market: Market, programs: Sequence[Program], canadian: Sequence[int], number: int, key: str
) -> Market:
    """The market with so many couples, drawn from the CMGs; the seed and the repetition say who."""
    members = Random(f"{key}/couples").sample(canadian, 2 * number)  # noqa: S311 - a draw
    made = []
    for first, second in zip(members[::2], members[1::2], strict=True):
        one, other = (
            market.programs[market.start[a] : market.start[a + 1]] for a in (first, second)
        )
        both = (
            (i + j + APART * (programs[p].province != programs[q].province), i, p, q)
            for i, p in enumerate(one)
            for j, q in enumerate(other)
        )
        pairs = [(p, q) for _, _, p, q in nsmallest(PAIRS, both)]
        pairs += [(p, NONE) for p in one] + [(NONE, q) for q in other]
        made.append(Couple(first, second, tuple(pairs)))
    return market._replace(couples=tuple(made))
