"""A market: who ranks which programs, who is ranked by them, and how many seats there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

NONE = -1
"""The program of somebody who has none; in a couple's pair, `no match` for that member."""


class Couple(NamedTuple):
    """Two applicants who are matched as the first pair of programs that both can have."""

    first: int
    second: int
    pairs: tuple[tuple[int, int], ...]


class Market(NamedTuple):
    """One market; applicants and programs are numbers from 0.

    The list of applicant `a` is `programs[start[a]:start[a + 1]]`, best first, and has only
    programs that rank `a`. A member of a couple has a list too, of the programs in the couple's
    pairs, in any order: the pairs are what the couple wants.
    `places` has where the program puts the applicant, less is better. A place is
    `rank * applicants + a`, so that no two are alike and a place alone says whose it is.
    """

    seats: Sequence[int]
    start: Sequence[int]
    programs: Sequence[int]
    places: Sequence[int]
    couples: tuple[Couple, ...] = ()

    @property
    def applicants(self) -> int:
        """How many applicants there are, with those who rank nothing."""
        return len(self.start) - 1

    def places_of(self, applicant: int) -> dict[int, int]:
        """Where each program of an applicant's list puts them."""
        row = slice(self.start[applicant], self.start[applicant + 1])
        return dict(zip(self.programs[row], self.places[row], strict=True))


def market_of(
    wishes: Sequence[Sequence[int]],
    rankings: Sequence[Sequence[int]],
    seats: Sequence[int],
    couples: Mapping[tuple[int, int], Sequence[tuple[int, int]]] | None = None,
) -> Market:
    """A market of lists: what each applicant wants, whom each program ranks, both best first.

    A program that does not rank the applicant is left out of the applicant's list, and so is a
    couple's pair with such a program. `couples` gives the pairs of two applicants, whose own lists
    do not count.
    """
    number = len(wishes)
    ranks = [{a: rank for rank, a in enumerate(ranking)} for ranking in rankings]
    members: dict[int, list[int]] = {}
    made = []
    for (first, second), pairs in (couples or {}).items():
        kept = tuple(
            (p, q)
            for p, q in dict.fromkeys(pairs)
            if (p == NONE or first in ranks[p]) and (q == NONE or second in ranks[q])
        )
        made.append(Couple(first, second, kept))
        members[first] = [p for p, _ in kept if p != NONE]
        members[second] = [q for _, q in kept if q != NONE]
    start, programs, places = [0], [], []
    for applicant, wanted in enumerate(wishes):
        for program in dict.fromkeys(members.get(applicant, wanted)):
            if applicant in ranks[program]:
                programs.append(program)
                places.append(ranks[program][applicant] * number + applicant)
        start.append(len(programs))
    return Market(tuple(seats), start, programs, places, tuple(made))


def lengths(market: Market) -> list[int]:
    """How many programs each applicant ranks."""
    return [after - before for before, after in pairwise(market.start)]
