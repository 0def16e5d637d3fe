"""Applicants drawn from the model, as a market.

Every draw depends on the seed, the repetition, the applicant's number in their group and the
program's id alone, not on which other programs there are. So base and scenario share them (common
random numbers), and the difference between them is the scenario's.
Tastes come out of one table of rounded quantiles, so that all machines draw the same.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection, Sequence
from functools import cache
from itertools import accumulate
from math import log
from random import Random
from typing import NamedTuple
from zlib import crc32

from carms_lake.domains.carms.match.demand import Shares
from carms_lake.domains.carms.match.market import Market
from carms_lake.domains.carms.match.parameters import (
    BOTH_LANGUAGES,
    FRENCH,
    IMG_HOMES,
    NO_CLASS,
    REGIONS,
    Parameters,
)
from carms_lake.domains.carms.match.supply import Program

SIZE = 1 << 16
MASK = SIZE - 1
SCALE = 1_000_000


class Group(NamedTuple):
    """Applicants alike but for their taste: a class in one language, the IMGs of a province."""

    kind: str
    school: str
    province: str
    language: str
    number: int


class Behaviour(NamedTuple):
    """What applicants want. `shift`: the odds of a province's programs, times this."""

    parameters: Parameters
    shares: Shares
    shift: tuple[tuple[str, float], ...] = ()


class Applicant(NamedTuple):
    """One drawn applicant: their group, where their noise begins, how good, which disciplines."""

    group: int
    taste: int
    judged: int
    quality: float
    disciplines: tuple[str, ...]
    stays: bool


class Drawn(NamedTuple):
    """A market, the applicants in it, and the program that each wants most (-1 for none)."""

    market: Market
    applicants: list[Applicant]
    first: list[int]


@cache
def gumbel() -> list[float]:
    """The noise of taste: quantiles in an order that says nothing."""
    values = [round(-log(-log((i + 0.5) / SIZE)), 9) for i in range(SIZE)]
    Random(1).shuffle(values)  # noqa: S311 - an order, not a secret
    return values


@cache
def logistic() -> list[float]:
    """The noise of programs' judgement, with variance 1."""
    values = [round(0.5513288954 * log((i + 0.5) / (SIZE - i - 0.5)), 9) for i in range(SIZE)]
    Random(2).shuffle(values)  # noqa: S311 - the same
    return values


def groups_of(programs: Sequence[Program], parameters: Parameters) -> list[Group]:
    """Who applies: classes in proportion to a school's seats for them, IMGs by where they live."""
    seats: dict[tuple[str, str], int] = {}
    for program in programs:
        if "CMG" in program.kinds and program.school not in NO_CLASS:
            key = program.school, program.school_province
            seats[key] = seats.get(key, 0) + program.appeal
    made = []
    for (school, province), number in zip(
        sorted(seats), parts(parameters.cmg, [seats[key] for key in sorted(seats)]), strict=True
    ):
        french = round(FRENCH.get(school, 0) * number)
        other = "both" if school in BOTH_LANGUAGES else "en"
        made += [Group("CMG", school, province, "fr", french)] if french else []
        made += [Group("CMG", school, province, other, number - french)] if number > french else []
    for province, number in zip(
        IMG_HOMES, parts(parameters.img, list(IMG_HOMES.values())), strict=True
    ):
        language = "fr" if province == "QC" else "en"
        made += [Group("IMG", "", province, language, number)] if number else []
    made += [Group("USMG", "", "ON", "en", parameters.usmg)] if parameters.usmg else []
    return made


def parts(total: int, weights: Sequence[float]) -> list[int]:
    """A number in parts in proportion to weights, by largest remainder."""
    whole = sum(weights) or 1
    exact = [total * weight / whole for weight in weights]
    parts = [int(value) for value in exact]
    rest = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in rest[: total - sum(parts)] if any(weights) else []:
        parts[i] += 1
    return parts


class Scene(NamedTuple):
    """What a repetition is drawn over; `key` names the seed and the repetition."""

    programs: Sequence[Program]
    groups: Sequence[Group]
    behaviour: Behaviour
    key: str


def draw(scene: Scene) -> Drawn:
    """The market of a first iteration."""
    applicants = people(scene.groups, scene.behaviour, scene.key)
    noise = [crc32(f"{scene.key}/{program.id}".encode()) & MASK for program in scene.programs]
    offers = [_offers(scene.programs, group, scene.behaviour, noise) for group in scene.groups]
    return _drawn(scene, applicants, offers)


def people(groups: Sequence[Group], behaviour: Behaviour, key: str) -> list[Applicant]:
    """The applicants of a repetition, group by group."""
    parameters = behaviour.parameters
    two = parameters.one_discipline + parameters.two_disciplines
    found: list[Applicant] = []
    wanted = {
        kind: (list(shares), [round(v, 12) for v in accumulate(shares.values())])
        for kind, shares in behaviour.shares.items()
    }
    normal = logistic()
    for index, group in enumerate(groups):
        names, sums = wanted[group.kind]
        rng = Random(f"{key}/{group[:4]}")  # noqa: S311 - a seed, not secrecy
        for _ in range(group.number):
            bits, many, *choice = rng.getrandbits(48), *(rng.random() for _ in range(6))
            number = 1 if many < parameters.one_discipline else 2 if many < two else 3
            chosen: dict[str, None] = {}
            for u in choice[:-1]:
                if names:
                    chosen[names[min(bisect(sums, u), len(names) - 1)]] = None
                if len(chosen) == number:
                    break
            found.append(
                Applicant(
                    index,
                    bits & MASK,
                    bits >> 16 & MASK,
                    normal[bits >> 32 & MASK],
                    tuple(chosen),
                    choice[-1] < parameters.second_enter,
                )
            )
    return found


Offer = tuple[float, int, int]
"""A program for a group: its utility, where its noise begins, its number."""
School = tuple[float, int, list[Offer]]


def utility(program: Program, group: Group, behaviour: Behaviour) -> float:
    """What a program is worth to a group before taste, without its seats."""
    parameters = behaviour.parameters
    value = dict(behaviour.shift).get(program.province, 0.0)
    if group.school and group.school == program.school:
        value += parameters.home
    if group.province == program.province:
        value += parameters.province
    elif REGIONS.get(group.province) == REGIONS.get(program.province):
        value += parameters.region
    if "both" != group.language != program.language != "either":
        value -= parameters.language
    return value


def _offers(
    programs: Sequence[Program], group: Group, behaviour: Behaviour, noise: Sequence[int]
) -> dict[str, list[School]]:
    """Per discipline, the schools that a group may apply to, each with its programs.

    The taste for a school is that for its first program.
    """
    by_school: dict[str, dict[tuple[str, str], list[Offer]]] = {}
    for number, program in enumerate(programs):
        if group.kind in program.kinds:
            worth = utility(program, group, behaviour) + round(log(program.appeal + 0.5), 9)
            offer = worth, noise[number], number
            schools = by_school.setdefault(program.discipline, {})
            schools.setdefault((program.school, program.province), []).append(offer)
    return {
        discipline: [
            (max(offers)[0], offers[0][1] ^ 1, offers) for _, offers in sorted(schools.items())
        ]
        for discipline, schools in by_school.items()
    }


def _drawn(
    scene: Scene, applicants: list[Applicant], offers: Sequence[dict[str, list[School]]]
) -> Drawn:
    parameters = scene.behaviour.parameters
    length = parameters.list_length
    sixths_of = {1: (6,), 2: (4, 6), 3: (3, 5, 6)}
    judge = _Judge(scene, len(applicants), scene.key)
    best: list[int] = []
    for applicant in applicants:
        wishes: list[int] = []
        first = 0
        chosen = applicant.disciplines
        for discipline, sixths in zip(chosen, sixths_of.get(len(chosen), ()), strict=True):
            schools, most = offers[applicant.group].get(discipline, []), length * sixths // 6
            _add_wishes(wishes, schools, applicant.taste, parameters.per_school, most)
            judge.add(applicant, wishes[first:], is_first=discipline == chosen[0])
            first = len(wishes)
        best.append(wishes[0] if wishes else -1)
        judge.end()
    return Drawn(judge.market([program.seats for program in scene.programs]), applicants, best)


def _add_wishes(
    wishes: list[int], schools: list[School], begin: int, per_school: int, most: int
) -> None:
    """Add programs of one discipline to a list: the best schools, and of each its best programs."""
    taste = gumbel()
    ranked = sorted(
        [(-worth - taste[begin + noise & MASK], at) for at, (worth, noise, _) in enumerate(schools)]
    )
    for _, at in ranked:
        here = schools[at][2]
        if len(here) > 1:
            here = sorted(here, key=lambda o: -o[0] - taste[begin + o[1] & MASK])
        wishes += [offer[2] for offer in here[:per_school]]
        if len(wishes) >= most:
            del wishes[most:]
            return


class _Judge:
    """Where programs put applicants, and whom they do not rank; it makes the market."""

    def __init__(self, scene: Scene, number: int, key: str) -> None:
        self.noise = [crc32(f"{key}/judged/{p.id}".encode()) & MASK for p in scene.programs]
        self.schools = [p.school for p in scene.programs]
        self.groups, self.parameters = scene.groups, scene.behaviour.parameters
        self.number = number
        self.common = round(self.parameters.agreement**0.5, 9)
        self.own = round((1 - self.parameters.agreement) ** 0.5, 9)
        self.start, self.programs, self.places = [0], list[int](), list[int]()

    def add(self, applicant: Applicant, wishes: list[int], *, is_first: bool = True) -> None:
        """Append wishes of one discipline, without programs that do not rank the applicant."""
        noise, parameters, own = logistic(), self.parameters, self.own
        group, number = self.groups[applicant.group], len(self.start) - 1
        score = self.common * applicant.quality
        if not is_first:
            score -= parameters.second_discipline
        abroad = group.kind == "IMG"
        bar = parameters.bar_img if abroad else parameters.bar
        ahead = 0 if abroad else parameters.canadian
        for program in wishes:
            value = score + own * noise[applicant.judged + self.noise[program] & MASK]
            if group.school == self.schools[program]:
                value += parameters.home_bonus
            if value >= bar:
                self.programs.append(program)
                self.places.append(int((50 - value - ahead) * SCALE) * self.number + number)

    def end(self) -> None:
        """End the list of one applicant; that of the next one begins."""
        self.start.append(len(self.programs))

    def market(self, seats: list[int]) -> Market:
        """The market of all lists."""
        return Market(seats, self.start, self.programs, self.places)


def second(
    scene: Scene,
    applicants: Sequence[Applicant],
    remaining: Collection[int],
    seats: list[int],
    *,
    open_to_all: bool,
) -> Market:
    """The market of a second iteration: those of the remaining who go on rank what is left.

    `open_to_all`: every stream takes everybody.
    """
    parameters, taste = scene.behaviour.parameters, gumbel()
    free_programs = [(n, scene.programs[n]) for n, free in enumerate(seats) if free]
    noise = {n: crc32(f"{scene.key}/2/{p.id}".encode()) & MASK for n, p in free_programs}
    worth = [
        [
            (utility(program, group, scene.behaviour), noise[n], n, program.discipline)
            for n, program in free_programs
            if open_to_all or group.kind in program.kinds
        ]
        for group in scene.groups
    ]
    judge = _Judge(scene, len(applicants), f"{scene.key}/2")
    for number, applicant in enumerate(applicants):
        if number in remaining and applicant.stays:
            begin, own = applicant.taste, applicant.disciplines
            found = [
                (-value, n)
                for base, offset, n, discipline in worth[applicant.group]
                if (value := base + taste[begin + offset & MASK] + 2 * (discipline in own))
                > parameters.second_outside
            ]
            wishes = [n for _, n in sorted(found)[: parameters.second_length]]
            judge.add(applicant, wishes)
        judge.end()
    return judge.market(seats)
