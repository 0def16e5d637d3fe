"""The match over the seats of the real gold file."""

from __future__ import annotations

import pytest

from carms_lake.domains.carms.match.certificate import faults
from carms_lake.domains.carms.match.market import NONE
from carms_lake.domains.carms.match.scenario import flag
from carms_lake.domains.carms.match.simulate import outcome, repetition, repetitions
from carms_lake.domains.carms.match.simulation import plan_of
from carms_lake.domains.carms.match.supply import supply
from carms_lake.domains.carms.match.tables import table

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def asked(real_lake):
    """Supply and plan of a scenario that changes seats and wishes."""
    settings = [
        flag("--quota", "quota", "Psychiatry/Toronto+10"),
        flag("--shift", "shift", "BC=+10%"),
    ]
    return plan_of(real_lake, settings)


def test_the_supply_is_every_program_and_seat_but_those_of_the_forces(real_lake, asked):
    offered = supply(real_lake)
    assert offered == asked[0]
    ((programs, seats, kinds),) = real_lake.query(
        "select count(*), sum(quota), sum((eligibility = 'MOTP/MMTP')::int) from program_profile"
    ).rows()
    assert (len(offered.programs) + kinds, programs) == (815, 815)
    assert sum(program.seats for program in offered.programs) + offered.left_out_seats == seats
    assert seats == 3_942
    by_id = {program.id: program for program in offered.programs}
    assert len(by_id) == len(offered.programs)
    assert not any("unknown" in program for program in offered.programs)


def test_every_seat_is_filled_once_or_empty_and_nobody_sits_twice(asked):
    _, plan = asked
    for world, seats in ((plan.base, 3_942), (plan.scenario, 3_952)):
        result = outcome(world, world.groups, plan, 0)
        assert result is not None
        assert result.second is not None
        assert list(faults(result.market, result.first)) == []
        for first, later in zip(result.first, result.second, strict=True):
            assert NONE in (first, later)
        held = [0] * len(world.programs)
        for program in (*result.first, *result.second):
            if program != NONE:
                held[program] += 1
        assert all(n <= p.seats for n, p in zip(held, world.programs, strict=True))
        left_out = asked[0].left_out_seats
        assert sum(program.seats for program in world.programs) == seats - left_out


def test_counts_add_up_at_every_level(asked):
    _, plan = asked
    pair = repetition(plan, 1)
    assert pair is not None
    for side in pair:
        whole = side["all", "all"]
        for level in ("discipline", "province", "stream", "group"):
            rows = [row for key, row in side.items() if key[0] == level]
            assert [sum(column) for column in zip(*rows, strict=True)][:4] == whole[:4]
        people = [side["applicants", kind] for kind in ("CMG", "IMG", "USMG")]
        assert [sum(row[n] for row in people) for n in (1, 2)] == whole[1:3]


def test_a_scenario_that_changes_nothing_differs_by_exactly_0(real_lake):
    settings = [
        flag("--quota", "quota", "Psychiatry/Toronto+0"), flag("--shift", "shift", "BC=+0%"),
    ]  # fmt: skip
    _, plan = plan_of(real_lake, settings)
    assert plan.base != plan.scenario
    rows = table([pair for pair in repetitions(plan, 2, workers=1) if pair])
    assert rows["difference"].drop_nulls().abs().sum() == 0
    assert rows["difference"].is_not_null().any()
