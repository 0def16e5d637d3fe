"""Is a matching stable? Answered from the market and the matching alone.

Nothing here is shared with the solver, so that a mistake of the one cannot hide in the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from carms_lake.domains.carms.match.market import NONE, Couple, Market


class NotStable(ValueError):
    """A matching is not stable, or not even possible: it is never printed or stored."""


class _Program(NamedTuple):
    """What a program holds: the places of its holders, best first, and its seats."""

    held: list[int]
    seats: int

    def would_take(self, place: int) -> bool:
        return len(self.held) < self.seats or (self.seats > 0 and place < self.held[-1])

    def would_take_both(self, one: int, other: int) -> bool:
        """Whether both are among the best for whom there is a seat."""
        best = sorted({*self.held, one, other})[: self.seats]
        return one in best and other in best


def certify(market: Market, matching: Sequence[int]) -> None:
    """Do nothing if the matching is stable.

    Raises:
        NotStable: the message says what is wrong, in numbers of the market.
    """
    for wrong in faults(market, matching):
        raise NotStable(wrong)


def faults(market: Market, matching: Sequence[int]) -> Iterator[str]:
    """Say, one by one, why the matching is not feasible or not stable."""
    if len(matching) != len(market.start) - 1:
        yield f"{len(matching)} applicants are matched, the market has {len(market.start) - 1}"
        return
    held: list[list[int]] = [[] for _ in market.seats]
    infeasible = False
    for applicant, program in enumerate(matching):
        if program == NONE:
            continue
        place = _place(market, applicant, program)
        if place is None:
            yield f"applicant {applicant} holds program {program}, and they do not rank each other"
            infeasible = True
        else:
            held[program].append(place)
    for program, (places, seats) in enumerate(zip(held, market.seats, strict=True)):
        if len(places) > seats:
            yield f"program {program} holds {len(places)} and has {seats} seats"
            infeasible = True
    if infeasible:
        return
    state = [_Program(sorted(p), seats) for p, seats in zip(held, market.seats, strict=True)]
    yield from _blocking_pairs(market, matching, state)
    for couple in market.couples:
        yield from _blocking_couple(market, matching, state, couple)


def _place(market: Market, applicant: int, program: int) -> int | None:
    """Where a program puts an applicant who ranks it; None if one does not rank the other."""
    begin, end = market.start[applicant], market.start[applicant + 1]
    try:
        return market.places[market.programs.index(program, begin, end)]
    except ValueError:
        return None


def _blocking_pairs(
    market: Market, matching: Sequence[int], state: list[_Program]
) -> Iterator[str]:
    members = {member for couple in market.couples for member in couple[:2]}
    # Whoever has a place less than this is taken: none is where there is no seat.
    bar = [
        (p.held[-1] if p.held else float("-inf")) if len(p.held) >= p.seats else float("inf")
        for p in state
    ]
    programs, places = market.programs, market.places
    begin = 0
    for applicant, end in enumerate(market.start[1:]):
        has = matching[applicant]
        if applicant not in members:
            for edge in range(begin, end):
                program = programs[edge]
                if program == has:
                    break
                if places[edge] < bar[program]:
                    yield f"applicant {applicant} and program {program} want each other"
        begin = end


def _blocking_couple(
    market: Market, matching: Sequence[int], state: list[_Program], couple: Couple
) -> Iterator[str]:
    """The pairs that a couple prefers to what it has, and could have given the present holders."""
    has = matching[couple.first], matching[couple.second]
    name = f"couple {couple.first} and {couple.second}"
    if has not in {*couple.pairs, (NONE, NONE)}:
        yield f"{name} holds the pair {has}, which it does not rank"
        return
    for pair in couple.pairs:
        if pair == has:
            return
        if _could_have(market, matching, state, couple, pair):
            yield f"{name} and the programs {pair} want each other"


def _could_have(
    market: Market,
    matching: Sequence[int],
    state: list[_Program],
    couple: Couple,
    pair: tuple[int, int],
) -> bool:
    places = []
    for member, program in zip(couple[:2], pair, strict=True):
        if program == NONE:
            continue
        place = _place(market, member, program)
        if place is None:
            return False
        places.append(place)
    if pair[0] == pair[1] != NONE:
        return state[pair[0]].would_take_both(*places)
    named = [(m, p) for m, p in zip(couple[:2], pair, strict=True) if p != NONE]
    return all(
        matching[member] == program or state[program].would_take(place)
        for (member, program), place in zip(named, places, strict=True)
    )
