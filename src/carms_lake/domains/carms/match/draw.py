"""A market drawn from the model: what each applicant ranks, and where programs put them.

Base and scenario share every draw that they can (see `noise`), so the difference between them is
the scenario's. These are the loops in which a simulation spends its time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import compress
from operator import itemgetter
from typing import NamedTuple

from carms_lake.domains.carms.match.judge import Judge
from carms_lake.domains.carms.match.market import NONE, Market
from carms_lake.domains.carms.match.noise import REACH, TASTE, above, offsets, taste
from carms_lake.domains.carms.match.population import Applicant, people
from carms_lake.domains.carms.match.supply import KINDS
from carms_lake.domains.carms.match.worth import Scene, schools_of, utilities, worth

SIXTHS = {0: (), 1: (6,), 2: (4, 6), 3: (3, 5, 6)}
"""By how many disciplines somebody wants, how full the list is after each."""

OWN_DISCIPLINE = 2 * TASTE
"""What a seat of the second iteration is worth more to those who wanted its discipline before."""


class Drawn(NamedTuple):
    """A market, the applicants in it, and the program that each wants most (-1 for none)."""

    market: Market
    applicants: list[Applicant]
    first: list[int]


class Offered(NamedTuple):
    """One discipline for one group: what its schools are worth, and where their noise is.

    A school is worth what its best program is, and goes by the number of its first one. `within`
    has, by that number, the same of all programs of those schools that have several.
    """

    values: list[int]
    places: list[int]
    within: dict[int, tuple[list[int], list[int]]]


def draw(scene: Scene) -> Drawn:
    """The market of a first iteration."""
    programs, groups, behaviour, key = scene
    parameters, bits = behaviour.parameters, scene.bits
    applicants = people(groups, behaviour, key)
    places = offsets(key, programs)
    judge = Judge(scene, places, len(applicants))
    offers = _offers(scene, places)
    noise, low, per_school = taste(bits), (1 << bits) - 1, parameters.per_school
    lengths = {n: [parameters.list_length * s // 6 for s in row] for n, row in SIXTHS.items()}
    first = []
    for applicant in applicants:
        group, begin, _, _, chosen, _ = applicant
        wishes: list[int] = []
        alone = 0
        offered = offers[group]
        for discipline, until in zip(chosen, lengths[len(chosen)], strict=True):
            if discipline not in offered:
                continue
            schools, where, several = offered[discipline]
            values = [v + noise[begin + at] for v, at in zip(schools, where, strict=True)]
            values.sort(reverse=True)
            for value in values:
                inside = several.get(value & low)
                if inside is None:
                    wishes.append(value)
                else:
                    within = [v + noise[begin + at] for v, at in zip(*inside, strict=True)]
                    within.sort(reverse=True)
                    wishes += within[:per_school]
                if len(wishes) >= until:
                    break
            del wishes[until:]
            if discipline == chosen[0]:
                alone = len(wishes)
        wishes = [value & low for value in wishes]
        first.append(wishes[0] if wishes else NONE)
        judge.add(applicant, wishes, alone)
    return Drawn(judge.market([program.seats for program in programs]), applicants, first)


def _offers(scene: Scene, places: Sequence[int]) -> list[dict[str, Offered]]:
    """By group and discipline, what is offered in one repetition.

    The taste for a school is one of its own, next to that for its first program.
    """
    programs, groups, (parameters, _, shift), _ = scene
    by_kind = {}
    for kind in KINDS:
        schools = schools_of(programs, kind)
        heads = {name: [places[of[0]] ^ 1 for of in rows] for name, rows in schools.items()}
        several = {
            of[0]: [places[n] for n in of]
            for rows in schools.values()
            for of in rows
            if len(of) > 1
        }
        by_kind[kind] = heads, several
    offers = []
    for group, row in zip(groups, worth(programs, groups, parameters, shift), strict=True):
        heads, several = by_kind[group.kind]
        offers.append(
            {
                name: Offered(
                    values, heads[name], {of: (v, several[of]) for of, v in within.items()}
                )
                for name, (values, within) in row.items()
            }
        )
    return offers


def second(
    scene: Scene,
    applicants: Sequence[Applicant],
    remaining: Collection[int],
    seats: Sequence[int],
    *,
    open_to_all: bool,
) -> Market:
    """The market of a second iteration: those of the remaining who go on rank what is left.

    `open_to_all`: every stream takes everybody.
    """
    programs, groups, (parameters, _, shift), key = scene
    places = offsets(f"{key}/2", programs)
    judge = Judge(scene, places, len(applicants))
    outside, bits, noise = round(parameters.second_outside * TASTE), scene.bits, taste(0)
    low, most = (1 << bits) - 1, parameters.second_length
    disciplines = [program.discipline for program in programs]
    free = [n for n, left in enumerate(seats) if left]
    offers = []
    for who, row in zip(groups, utilities(programs, groups, parameters, shift), strict=True):
        mine = [n for n in free if open_to_all or who.kind in programs[n].kinds]
        own: dict[str, list[int]] = {}
        for n in mine:
            own.setdefault(disciplines[n], []).append(n)
        offers.append((row, _sieve(row, mine, places, outside), own))
    for number, applicant in enumerate(applicants):
        group, begin, _, _, chosen, stays = applicant
        found = []
        if stays and number in remaining:
            row, sieve, own = offers[group]
            end = begin + REACH
            for hits, pick, its in sieve:
                found += [
                    row[n] + noise[begin + places[n]] << bits | n
                    for n in compress(its, pick(hits[begin:end]))
                    if disciplines[n] not in chosen
                ]
            for discipline in chosen:
                found += [
                    value << bits | n
                    for n in own.get(discipline, ())
                    if (value := row[n] + noise[begin + places[n]] + OWN_DISCIPLINE) > outside
                ]
            found.sort(reverse=True)
        wishes = [value & low for value in found[:most]]
        judge.add(applicant, wishes, len(wishes))
    return judge.market(seats)


def _sieve(
    row: Sequence[int], programs: Sequence[int], places: Sequence[int], outside: int
) -> list[tuple[bytes, Callable[[bytes], tuple[int, ...]], list[int]]]:
    """How the few programs are found that an applicant would go to in the second iteration.

    For each utility (`row` has that of every program) the places where noise is high enough for it,
    what picks the programs' places out of those, and the programs. One more place is picked, which
    is not used: a single one would not come as a tuple.
    """
    alike: dict[int, list[int]] = {}
    for program in programs:
        alike.setdefault(row[program], []).append(program)
    return [
        (above(outside - utility), itemgetter(*(places[n] for n in of), 0), of)
        for utility, of in alike.items()
    ]
