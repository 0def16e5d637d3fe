"""Random small markets, and all of their stable matchings by trying every matching."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import NamedTuple

NONE = -1


class Lists(NamedTuple):
    """A market as its lists: what `market_of` takes."""

    wishes: list[list[int]]
    rankings: list[list[int]]
    seats: list[int]
    couples: dict[tuple[int, int], list[tuple[int, int]]]


def some(rng: Random, number: int) -> list[int]:
    """Some of so many, in some order."""
    return rng.sample(range(number), rng.randint(0, number))


def random_lists(rng: Random, couples: int = 0, people: int = 5, offers: int = 4) -> Lists:
    """A market of few people, the first of whom are couples."""
    number, programs = rng.randint(2 * couples or 1, people), rng.randint(1, offers)
    pairs = {}
    for couple in range(couples):
        possible = list(product(range(NONE, programs), repeat=2))
        possible.remove((NONE, NONE))
        rng.shuffle(possible)
        pairs[2 * couple, 2 * couple + 1] = possible[: rng.randint(1, 6)]
    return Lists(
        [some(rng, programs) for _ in range(number)],
        [rng.sample(range(number), rng.randint(number // 2, number)) for _ in range(programs)],
        [rng.randint(0, 2) for _ in range(programs)],
        pairs,
    )


def stable_matchings(lists: Lists) -> list[tuple[int, ...]]:
    """Every stable matching, by the definitions: all assignments are tried."""
    members = {member for couple in lists.couples for member in couple}
    options = [
        range(NONE, len(lists.seats)) if a in members else [NONE, *lists.wishes[a]]
        for a in range(len(lists.wishes))
    ]
    return [matching for matching in product(*options) if _stable(lists, matching)]


def _stable(lists: Lists, matching: tuple[int, ...]) -> bool:
    held = [[a for a, has in enumerate(matching) if has == p] for p in range(len(lists.seats))]
    for program, holders in enumerate(held):
        if len(holders) > lists.seats[program] or set(holders) - set(lists.rankings[program]):
            return False
    members = {member for couple in lists.couples for member in couple}
    singles = [a for a in range(len(lists.wishes)) if a not in members]
    return not any(_single_blocks(lists, held, a, matching[a]) for a in singles) and not any(
        _couple_blocks(lists, held, couple, matching) for couple in lists.couples
    )


def _takes(lists: Lists, held: list[list[int]], program: int, *new: int) -> bool:
    """Whether all of these are among the best of them and the holders."""
    ranking = lists.rankings[program]
    if set(new) - set(ranking):
        return False
    best = sorted({*held[program], *new}, key=ranking.index)[: lists.seats[program]]
    return set(new) <= set(best)


def _single_blocks(lists: Lists, held: list[list[int]], applicant: int, has: int) -> bool:
    wishes = lists.wishes[applicant]
    better = wishes[: wishes.index(has)] if has != NONE else wishes
    return any(_takes(lists, held, program, applicant) for program in better)


def _couple_blocks(
    lists: Lists, held: list[list[int]], couple: tuple[int, int], matching: tuple[int, ...]
) -> bool:
    """Whether it prefers a pair that it could have, or holds one that it does not rank."""
    first, second = couple
    pairs, has = lists.couples[couple], (matching[first], matching[second])
    if has not in [*pairs, (NONE, NONE)]:
        return True
    for p, q in pairs[: pairs.index(has)] if has in pairs else pairs:
        if p == q != NONE:
            blocks = _takes(lists, held, p, first, second)
        else:
            blocks = all(
                wanted in (NONE, matching[who]) or _takes(lists, held, wanted, who)
                for who, wanted in ((first, p), (second, q))
            )
        if blocks:
            return True
    return False
