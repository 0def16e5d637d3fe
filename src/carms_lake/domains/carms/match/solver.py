"""A stable matching: deferred acceptance for singles, Roth-Peranson for couples.

Applicants propose, so every single gets the best program that any stable matching gives them.
With couples a stable matching may not exist, and one that exists may not be found: `Solved` then
says in how many tries none was.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappush, heapreplace
from random import Random
from typing import NamedTuple

from carms_lake.domains.carms.match.couples import Loop, State, sorted_order
from carms_lake.domains.carms.match.market import NONE, Market

TRIES = 40
"""How many orders of the couples are tried before the couples are sorted."""


class Solved(NamedTuple):
    """The program of each applicant, None if no stable matching was found in that many tries."""

    matching: list[int] | None
    tries: int
    method: str


def solve(market: Market, seed: int = 0, tries: int = TRIES) -> Solved:
    """A stable matching of a market, or that none was found; the seed orders the couples."""
    if not market.couples:
        return Solved(deferred_acceptance(market), 1, "deferred acceptance")
    members = {member for couple in market.couples for member in couple[:2]}
    alone = deferred_acceptance(market, without=members)
    rng = Random(seed)  # noqa: S311 - an order, not a secret
    order = list(range(len(market.couples)))
    state = State(market, alone)
    for number in range(1, tries + 1):
        try:
            return Solved(state.fresh().roth_peranson(order), number, "Roth-Peranson")
        except Loop:
            rng.shuffle(order)
    found = sorted_order(state, order)
    return Solved(found, tries + 1, "sorted deferred acceptance")


def deferred_acceptance(market: Market, without: Sequence[int] | set[int] = ()) -> list[int]:
    """The program of each applicant, `NONE` for those without one and for those left out."""
    number = market.applicants
    seats, programs, places = market.seats, market.programs, market.places
    after = list(market.start)
    position = after[:-1]
    del after[0]
    left_out = set(without)
    free = [a for a in range(number - 1, -1, -1) if a not in left_out]
    held: list[list[int]] = [[] for _ in seats]
    while free:
        applicant = free.pop()
        edge, end = position[applicant], after[applicant]
        while edge < end:
            program, place = programs[edge], -places[edge]
            edge += 1
            holders = held[program]
            if len(holders) < seats[program]:
                heappush(holders, place)
                break
            # The first of a heap of negative places is the worst holder.
            if holders and place > holders[0]:
                free.append(-heapreplace(holders, place) % number)
                break
        position[applicant] = edge
    matching = [NONE] * number
    for program, holders in enumerate(held):
        for place in holders:
            matching[-place % number] = program
    return matching
