"""Couples: Roth-Peranson with loops detected, and sorted deferred acceptance where it loops.

Couples come into the matching of the singles one by one. Whoever loses a seat looks for the best
one that would take them; if a couple loses one it gives up the other, and all who would rather have
the seat that got free look again. Where nobody is left to look, nobody can do better.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

from carms_lake.domains.carms.match.market import NONE, Couple, Market

SORTINGS = 400
"""How many orders sorted deferred acceptance tries; each moves one couple ahead."""


class Loop(Exception):
    """The same state came twice: this order of the couples leads nowhere."""


class _Evicted(Exception):
    """A couple that comes in took a seat from a couple that was in."""

    def __init__(self, couple: int) -> None:
        super().__init__(couple)
        self.couple = couple


class State:
    """Who holds which seat while couples come in."""

    def __init__(self, market: Market, matching: Sequence[int]) -> None:
        self.market = market
        self.number = market.applicants
        self._alone = list(matching)
        self._places: dict[int, dict[int, int]] = {}
        self.couple_of: dict[int, int] = {}
        self.wanted_by: dict[int, list[int]] = {}
        for index, couple in enumerate(market.couples):
            for member in couple[:2]:
                self.couple_of[member] = index
                for program in self.places(member):
                    self.wanted_by.setdefault(program, []).append(member)
        self._singles: list[list[int]] | None = None
        held: list[list[int]] = [[] for _ in market.seats]
        for applicant, program in enumerate(matching):
            if program != NONE:
                held[program].append(self.places(applicant)[program])
        self._held = [sorted(places) for places in held]
        self.fresh()

    def fresh(self) -> State:
        """The same state without couples."""
        self.has = list(self._alone)
        self.held = [list(places) for places in self._held]
        # Each at most once, newest last: else no state would ever come twice.
        self.looking: dict[int, None] = {}
        self.opened: dict[int, None] = {}
        self.entered: set[int] = set()
        self.seen: set[int] = set()
        return self

    def places(self, applicant: int) -> dict[int, int]:
        """Where each program puts an applicant; kept, for the same few look again and again."""
        if applicant not in self._places:
            self._places[applicant] = self.market.places_of(applicant)
        return self._places[applicant]

    def roth_peranson(self, order: Sequence[int]) -> list[int]:
        """The matching after the couples came in, in this order.

        Raises:
            Loop: a state came twice.
        """
        for couple in order:
            self.entered.add(couple)
            self.seen.clear()
            self._look(self.market.couples[couple].first)
            self._settle(evicting=True)
        return self.has

    def sorted_entry(self, order: Sequence[int]) -> list[int]:
        """The matching after the couples came in, none of which lost a seat to a later one.

        Raises:
            _Evicted: one did; the couple that came in has to come before it.
        """
        for couple in order:
            self.entered.add(couple)
            self._look(self.market.couples[couple].first)
            self._settle(evicting=False)
        return self.has

    def _settle(self, *, evicting: bool) -> None:
        while self.looking or self.opened:
            while self.looking:
                applicant, _ = self.looking.popitem()
                if applicant in self.couple_of:
                    self._couple_looks(self.couple_of[applicant], evicting=evicting)
                else:
                    self._single_looks(applicant, evicting=evicting)
            if self.opened:
                self._interested(self.opened.popitem()[0])

    def _interested(self, program: int) -> None:
        """All who would rather have a seat that got free, the least wanted first."""
        if self._singles is None:
            self._singles = [[] for _ in self.market.seats]
            for applicant in range(self.number):
                if applicant not in self.couple_of:
                    for other in self.places(applicant):
                        self._singles[other].append(applicant)
        found = [
            (self.places(applicant)[program], applicant)
            for applicant in self._singles[program]
            if self._prefers(applicant, program)
        ]
        found += [
            (self.places(member)[program], member)
            for member in self.wanted_by.get(program, ())
            if self.couple_of[member] in self.entered
        ]
        for _, applicant in sorted(found, reverse=True):
            self._look(applicant)

    def _prefers(self, applicant: int, program: int) -> bool:
        for listed in self.places(applicant):
            if listed == self.has[applicant]:
                return False
            if listed == program:
                return True
        return False

    def _look(self, applicant: int) -> None:
        self.looking[applicant] = None

    def _would_take(self, program: int, place: int) -> bool:
        held, seats = self.held[program], self.market.seats[program]
        return len(held) < seats or (seats > 0 and place < held[-1])

    def _single_looks(self, applicant: int, *, evicting: bool) -> None:
        for program, place in self.places(applicant).items():
            if program == self.has[applicant]:
                return
            if self._would_take(program, place):
                self._leave(applicant)
                self._enter(applicant, program, evicting=evicting)
                return

    def _couple_looks(self, index: int, *, evicting: bool) -> None:
        couple = self.market.couples[index]
        has = self.has[couple.first], self.has[couple.second]
        for pair in couple.pairs:
            if pair == has:
                return
            if self._possible(couple, pair):
                self._leave(couple.first, to=pair[0])
                self._leave(couple.second, to=pair[1])
                for member, program in zip(couple[:2], pair, strict=True):
                    if program != self.has[member]:
                        self._enter(member, program, evicting=evicting)
                # What a member holds now may make a better pair possible.
                self._look(couple.first)
                return

    def _possible(self, couple: Couple, pair: tuple[int, int]) -> bool:
        """Whether each member holds the program or it would take them, as seats are held now."""
        p, q = pair
        if p == q != NONE:
            places = self.places(couple.first)[p], self.places(couple.second)[p]
            best = sorted({*self.held[p], *places})[: self.market.seats[p]]
            return places[0] in best and places[1] in best
        return all(
            program in (NONE, self.has[member])
            or self._would_take(program, self.places(member)[program])
            for member, program in zip(couple[:2], pair, strict=True)
        )

    def _leave(self, applicant: int, to: int | None = None) -> None:
        """Give a seat up, unless it is the one that is wanted."""
        program = self.has[applicant]
        if program in (NONE, to):
            return
        held = self.held[program]
        del held[bisect_left(held, self.places(applicant)[program])]
        self.has[applicant] = NONE
        self.opened[program] = None

    def _enter(self, applicant: int, program: int, *, evicting: bool) -> None:
        """Take a seat; whoever loses it looks again, a couple without its other seat."""
        if program == NONE:
            return
        held = self.held[program]
        insort(held, self.places(applicant)[program])
        self.has[applicant] = program
        if len(held) <= self.market.seats[program]:
            return
        loser = held.pop() % self.number
        self.has[loser] = NONE
        if loser in self.couple_of:
            if not evicting:
                raise _Evicted(self.couple_of[loser])
            for member in self.market.couples[self.couple_of[loser]][:2]:
                self._leave(member)
            self._remember()
        self._look(loser)

    def _remember(self) -> None:
        state = hash((tuple(self.has), tuple(self.looking), tuple(self.opened)))
        if state in self.seen:
            raise Loop
        self.seen.add(state)


def sorted_order(state: State, order: Sequence[int]) -> list[int] | None:
    """The matching of sorted deferred acceptance (Ashlagi, Braverman, Hassidim), None if none.

    A couple that takes a seat from one that came before it comes first the next time; one that
    ends by taking its own has no order that helps.
    """
    order = list(order)
    tried: set[tuple[int, ...]] = set()
    while tuple(order) not in tried and len(tried) < SORTINGS:
        tried.add(tuple(order))
        state.fresh()
        try:
            return state.sorted_entry(order)
        except _Evicted as evicted:
            entering = order[len(state.entered) - 1]
            if entering == evicted.couple:
                return None
            order.remove(entering)
            order.insert(order.index(evicted.couple), entering)
    return None
