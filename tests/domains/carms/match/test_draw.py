from __future__ import annotations

from collections import Counter
from math import log
from zlib import crc32

import pytest
from domains.carms.match.worlds import BASE, PARAMETERS, PROGRAMS

from carms_lake.domains.carms.match.draw import OWN_DISCIPLINE, draw, second
from carms_lake.domains.carms.match.market import NONE
from carms_lake.domains.carms.match.noise import (
    MOST_BITS,
    REACH,
    SIZE,
    TASTE,
    above,
    judgement,
    offsets,
    persons,
    taste,
)
from carms_lake.domains.carms.match.population import people, utility
from carms_lake.domains.carms.match.supply import Program
from carms_lake.domains.carms.match.worth import Scene

SCENE = Scene(PROGRAMS, tuple(BASE.groups), BASE.behaviour, "1/0")


def wishes(market, applicant: int) -> list[int]:
    return list(market.places_of(applicant))


@pytest.mark.parametrize(
    ("values", "digest"),
    [
        (lambda: taste(0), 2730694317),
        (lambda: judgement(0.67082039), 1136424926),
        (lambda: offsets("1/0", PROGRAMS), 3944255507),
        (lambda: persons("1/0/CMG/University of Toronto/ON/en", 3), 3299875298),
    ],
    ids=["taste", "judgement", "offsets", "persons"],
)
def test_chance_is_the_same_on_every_machine(values, digest) -> None:
    assert crc32(repr(list(values())).encode()) == digest


@pytest.mark.parametrize("bits", [0, 10, MOST_BITS, MOST_BITS + 1])
def test_taste_has_the_mean_and_spread_of_gumbels_distribution(bits) -> None:
    table = taste(bits)
    assert len(table) == SIZE + REACH
    assert table[SIZE:] == table[:REACH]
    values = [(value >> bits) / TASTE for value in table[:SIZE]]
    mean = sum(values) / SIZE
    assert mean == pytest.approx(0.5772, abs=1e-3)
    assert sum((value - mean) ** 2 for value in values) / SIZE == pytest.approx(1.6449, abs=1e-2)


def test_taste_and_judgement_know_nothing_of_each_other() -> None:
    both = list(zip(taste(0)[:SIZE], judgement(1.0)[:SIZE], strict=True))
    means = [sum(column) / SIZE for column in zip(*both, strict=True)]
    spreads = [sum((one[i] - means[i]) ** 2 for one in both) for i in (0, 1)]
    together = sum((t - means[0]) * (j - means[1]) for t, j in both)
    assert abs(together) / (spreads[0] * spreads[1]) ** 0.5 < 0.01


@pytest.mark.parametrize("limit", [-(1 << 40), -TASTE, 0, 3 * TASTE, 1 << 40])
def test_what_is_above_a_limit_is_marked(limit) -> None:
    assert list(above(limit)) == [value > limit for value in taste(0)]


def test_more_applicants_leave_the_first_ones_as_they_were() -> None:
    assert list(persons("key", 40))[:7] == list(persons("key", 7))
    more = [group._replace(number=group.number + 5) for group in BASE.groups]
    had, have = (people(groups, BASE.behaviour, "1/0") for groups in (BASE.groups, more))
    assert not Counter(had) - Counter(have)


def test_a_list_has_a_disciplines_schools_and_within_each_its_best_programs() -> None:
    """Worked out again: the seats, the home and the taste of one discipline at a time."""
    parameters = PARAMETERS._replace(per_school=1, bar=-99.0, bar_img=-99.0)
    programs = (*PROGRAMS, PROGRAMS[2]._replace(id="9", seats=3, appeal=3))
    behaviour = BASE.behaviour._replace(parameters=parameters)
    scene = SCENE._replace(programs=programs, behaviour=behaviour)
    drawn, noise, places = draw(scene), taste(0), offsets(scene.key, programs)
    several = 0
    for number, one in enumerate(drawn.applicants):
        group, expected = scene.groups[one.group], []
        for discipline in one.disciplines:
            schools: dict[str, list[int]] = {}
            worth = {}
            for n, program in enumerate(programs):
                if group.kind in program.kinds and program.discipline == discipline:
                    seats = round(round(log(program.appeal + 0.5), 9) * TASTE)
                    worth[n] = round(utility(program, group, parameters, {}) * TASTE) + seats
                    schools.setdefault(program.school, []).append(n)
            ranked = []
            for of in schools.values():
                best = max(of, key=lambda n: (worth[n] + noise[one.taste + places[n]], n))
                school = max(worth[n] for n in of) + noise[one.taste + (places[of[0]] ^ 1)]
                ranked.append((school, of[0], best))
                several += best != of[0]
            expected += [best for _, _, best in sorted(ranked, reverse=True)]
        assert wishes(drawn.market, number) == expected
        assert drawn.first[number] == (expected[0] if expected else NONE)
    assert several


def test_the_second_iteration_has_all_that_is_worth_it_and_nothing_else() -> None:
    parameters = PARAMETERS._replace(second_outside=1.0, bar=-99.0, bar_img=-99.0)
    scene = SCENE._replace(behaviour=BASE.behaviour._replace(parameters=parameters))
    applicants = people(scene.groups, scene.behaviour, scene.key)
    remaining = set(range(0, len(applicants), 2))
    seats = [n % 3 for n in range(len(PROGRAMS))]
    market = second(scene, applicants, remaining, seats, open_to_all=False)
    places, noise = offsets(f"{scene.key}/2", PROGRAMS), taste(0)
    for number, one in enumerate(applicants):
        group = scene.groups[one.group]

        def worth(n: int, program: Program, one=one, group=group) -> int:
            own = OWN_DISCIPLINE * (program.discipline in one.disciplines)
            known = round(utility(program, group, parameters, {}) * TASTE)
            return known + own + noise[one.taste + places[n]]

        wanted = sorted(
            (-worth(n, program), -n)
            for n, program in enumerate(PROGRAMS)
            if seats[n] and group.kind in program.kinds and worth(n, program) > TASTE
        )
        goes_on = number in remaining and one.stays
        assert wishes(market, number) == [-n for _, n in wanted] * goes_on
    assert any(market.programs)
