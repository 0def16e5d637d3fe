"""Applicants as the model has them: who applies, what they want, and each one that is drawn."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from carms_lake.domains.carms.match.demand import Shares
from carms_lake.domains.carms.match.noise import logistic, persons
from carms_lake.domains.carms.match.parameters import (
    BOTH_LANGUAGES,
    FRENCH,
    IMG_HOMES,
    NO_CLASS,
    REGIONS,
    Parameters,
)
from carms_lake.domains.carms.match.supply import Program

PART, WHOLE = 1 << 16, 1 << 32
"""One, in draws of 16 and of 32 bits."""


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


def people(groups: Sequence[Group], behaviour: Behaviour, key: str) -> list[Applicant]:
    """The applicants of a repetition, group by group."""
    parameters = behaviour.parameters
    one = round(parameters.one_discipline * WHOLE)
    two = one + round(parameters.two_disciplines * WHOLE)
    stay = round(parameters.second_enter * PART)
    wanted = {kind: _cumulated(shares) for kind, shares in behaviour.shares.items()}
    quality = logistic()
    found = []
    for index, group in enumerate(groups):
        names, sums = wanted[group.kind]
        for taste, judged, good, stays, many, *picks in persons(
            f"{key}/{'/'.join(group[:4])}", group.number
        ):
            number = 1 if many < one else 2 if many < two else 3
            chosen: tuple[str, ...] = ()
            for pick in picks if names else ():
                name = names[bisect(sums, pick)]
                if name not in chosen:
                    chosen += (name,)
                    if len(chosen) == number:
                        break
            found.append(Applicant(index, taste, judged, quality[good], chosen, stays < stay))
    return found


def _cumulated(shares: Mapping[str, float]) -> tuple[list[str], list[int]]:
    """Names, and up to where in 32 bits each is meant, the last one up to the end."""
    sums = [round(total * WHOLE) for total in accumulate(shares.values())]
    return list(shares), [*sums[:-1], WHOLE]


def utility(
    program: Program, group: Group, parameters: Parameters, shift: Mapping[str, float]
) -> float:
    """What a program is worth to a group before taste, without its seats.

    It depends on the program's school, province and language alone. `shift`: by province.
    """
    value = shift.get(program.province, 0.0)
    if group.school and group.school == program.school:
        value += parameters.home
    if group.province == program.province:
        value += parameters.province
    elif REGIONS.get(group.province) == REGIONS.get(program.province):
        value += parameters.region
    if "both" != group.language != program.language != "either":
        value -= parameters.language
    return value
