from __future__ import annotations

import pytest
from domains.carms.match.worlds import BASE, PARAMETERS, PROGRAMS, program

from carms_lake.domains.carms.match.market import NONE
from carms_lake.domains.carms.match.parameters import HEADLINES
from carms_lake.domains.carms.match.population import groups_of
from carms_lake.domains.carms.match.scenario import Setting, apply
from carms_lake.domains.carms.match.simulate import (
    Plan,
    World,
    outcome,
    repetition,
    repetitions,
    reverted,
)
from carms_lake.domains.carms.match.tables import curve, table


def scenario(name: str, key: str, value: object) -> World:
    return apply(BASE, [Setting(name, key, value, "")])


def plan(world: World = BASE, **rest: int) -> Plan:
    return Plan(BASE, world, seed=5, **rest)


@pytest.mark.parametrize("head", HEADLINES, ids=str)
def test_published_totals_add_up(head) -> None:
    assert head.cmg + head.img + head.usmg == head.matched
    if head.unfilled is not None:
        assert head.matched + head.unfilled - head.positions == (head.year == 2021)


def test_everybody_who_applies_is_in_a_group() -> None:
    groups = groups_of(PROGRAMS, PARAMETERS)
    assert sum(g.number for g in groups) == 60 + 30 + 2
    assert "Toronto Metropolitan University" not in {g.school for g in groups}
    assert {g.language for g in groups if g.school == "Université Laval"} == {"fr"}


def test_nothing_changed_differs_by_nothing() -> None:
    rows = table([r for r in repetitions(plan(), 5, workers=1) if r])
    assert rows["difference"].drop_nulls().abs().sum() == 0
    same = apply(BASE, [Setting("quota", "1", "+0", ""), Setting("shift", "BC", "+0%", "")])
    rows = table([r for r in repetitions(plan(same), 5, workers=1) if r])
    assert rows["difference"].drop_nulls().abs().sum() == 0


def test_the_same_seed_gives_the_same_and_another_one_does_not() -> None:
    assert repetition(plan(), 3) == repetition(plan(), 3)
    assert repetition(plan(), 3) != repetition(plan()._replace(seed=6), 3)


@pytest.mark.slow
def test_two_processes_count_what_one_does() -> None:
    world = scenario("quota", "1", "+3")
    assert repetitions(plan(world), 10, workers=2) == repetitions(plan(world), 10, workers=1)


def test_seats_are_conserved() -> None:
    found = repetitions(plan(scenario("quota", "Psychiatry", "+4")), 6, workers=1)
    for pair in found:
        assert pair is not None
        for side, seats in zip(pair, (63, 67), strict=True):
            for level in ("discipline", "province", "stream", "group"):
                assert sum(row[0] for key, row in side.items() if key[0] == level) == seats
            filled = sum(side["all", "all"][1:3])
            assert filled <= seats
            assert filled == sum(
                sum(side["applicants", kind][1:3]) for kind in ("CMG", "IMG", "USMG")
            )


def test_a_program_of_no_seats_takes_nobody() -> None:
    world = scenario("quota", "Family Medicine", "=0")
    for index in range(3):
        result = outcome(world, world.groups, plan(world), index)
        assert result is not None
        held = {p for p in [*result.first, *(result.second or [])] if p != NONE}
        assert {world.programs[p].discipline for p in held} <= {"Psychiatry", "Dermatology"}


def test_nobody_gets_a_stream_that_is_not_for_them_before_the_second_iteration() -> None:
    closed = BASE._replace(open_to_all=False)
    for world, both in ((BASE, False), (closed, True)):
        result = outcome(world, world.groups, plan(), 1)
        assert result is not None
        for matching in (result.first, result.second or []) if both else (result.first,):
            for number, has in enumerate(matching):
                if has != NONE:
                    kind = world.groups[result.drawn.applicants[number].group].kind
                    assert kind in PROGRAMS[has].kinds


def test_seats_alone_change_no_wish_and_more_seats_harm_nobody() -> None:
    world = scenario("quota", "7", "+3")
    groups = BASE.groups
    for index in range(5):
        before, after = (outcome(w, groups, plan(), index) for w in (BASE, world))
        assert before is not None
        assert after is not None
        assert before.drawn.market.programs == after.drawn.market.programs
        for a in range(before.market.applicants):
            places = list(before.market.places_of(a))
            had, has = (places.index(r.first[a]) if r.first[a] != NONE else 99
                        for r in (before, after))  # fmt: skip
            assert has <= had


def test_other_programs_change_no_draw_of_those_that_stay() -> None:
    world = apply(
        BASE,
        [Setting("program", "", {
            "discipline": "Dermatology", "school": "McGill University", "province": "QC",
            "eligibility": "CMG", "language": "en", "seats": 2}, "")],
    )  # fmt: skip
    groups = BASE.groups
    base, more = (outcome(w, groups, plan(), 2) for w in (BASE, world))
    assert base is not None
    assert more is not None
    for a, one in enumerate(base.drawn.applicants):
        if "Dermatology" not in one.disciplines:
            ids = [[w.programs[p].id for p in r.market.places_of(a)]
                   for w, r in ((BASE, base), (world, more))]  # fmt: skip
            assert ids[0] == ids[1]


def test_more_wish_for_a_province_brings_it_more_first_choices() -> None:
    world = scenario("shift", "BC", "+300%")
    rows = table([r for r in repetitions(plan(world), 8, workers=1) if r])
    row = rows.filter(level="province", name="BC", measure="first_choices").row(0, named=True)
    assert row["difference"] > 0
    assert row["difference_low"] <= row["difference"] <= row["difference_high"]


def test_an_empty_seat_goes_on_to_the_receivers_that_are_full_in_turn() -> None:
    assert reverted([3, 1, 1, 2], [0, 1, 2, NONE], [(0, (1, 2, 3))]) == [1, 2, 2, 2]
    assert reverted([3, 1], [0, NONE], [(0, (1,))]) == [3, 1]


def test_couples_are_matched_and_proved() -> None:
    result = outcome(BASE, BASE.groups, plan(couples=5), 0)
    assert result is not None
    assert len(result.market.couples) == 5
    assert repetition(plan(couples=5), 0) == repetition(plan(couples=5), 0)


def test_the_curve_is_the_one_of_the_facts() -> None:
    assert curve(10, 10) == pytest.approx(0.8787, abs=1e-4)
    assert curve(0, 4) == 0
    assert curve(4, 0) is None


def test_programs_of_another_name_are_matched_the_same() -> None:
    moved = program("1", seats=12, stream="another name", names=("x",))
    world = World((moved, *PROGRAMS[1:]), BASE.behaviour)
    one, other = (outcome(w, w.groups, plan(), 4) for w in (BASE, world))
    assert one is not None
    assert other is not None
    assert one.first == other.first
