"""Repetitions of a match, with and without a scenario, on the same draws.

Every matching is proved before it is counted. Reversions are followed during the first iteration:
seats that stay empty go on to their receivers, and the match is run again until none move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from carms_lake.domains.carms.match.certificate import certify
from carms_lake.domains.carms.match.draw import Drawn, draw, second
from carms_lake.domains.carms.match.market import NONE, Market
from carms_lake.domains.carms.match.pairs import with_couples
from carms_lake.domains.carms.match.population import Behaviour, Group, groups_of
from carms_lake.domains.carms.match.processes import processes
from carms_lake.domains.carms.match.solver import TRIES, solve
from carms_lake.domains.carms.match.supply import KINDS, Program
from carms_lake.domains.carms.match.worth import Scene

ROUNDS = 50
"""How often seats may revert in one iteration."""

FEW = 8
"""So few repetitions are not worth a second process."""

SEATS = ("seats", "filled_first", "filled_second", "first_choices", "first_choice_matched")
APPLICANTS = (
    "applicants", "matched_first", "matched_second", "first_program", "first_discipline",
    "home_school",
)  # fmt: skip

Counts = dict[tuple[str, str], list[int]]
"""By level and name, how many: `SEATS` of seats, `APPLICANTS` at the level `applicants`."""


class World(NamedTuple):
    """One side of a comparison: what is offered, who applies, what they want, where seats revert.

    `reversions`: a program and its receivers in order, by number.
    """

    programs: tuple[Program, ...]
    behaviour: Behaviour
    reversions: tuple[tuple[int, tuple[int, ...]], ...] = ()
    open_to_all: bool = True

    @property
    def groups(self) -> list[Group]:
        """Who applies."""
        return groups_of(self.programs, self.behaviour.parameters)


class Plan(NamedTuple):
    """What is computed: base and scenario, on the same draws."""

    base: World
    scenario: World
    seed: int
    iterations: int = 2
    couples: int = 0


class Outcome(NamedTuple):
    """One repetition of one side: its markets and proved matchings; None where none was found."""

    drawn: Drawn
    market: Market
    first: list[int]
    second: list[int] | None


def repetitions(
    plan: Plan,
    number: int,
    done: Callable[[int], None] = lambda _: None,
    workers: int | None = None,
) -> list[tuple[Counts, Counts] | None]:
    """The counts of base and scenario, repetition by repetition; None where none was stable.

    `done` is called with how many are done. How many processes share the work changes no figure.
    """
    found: list[tuple[Counts, Counts] | None] = []
    with processes(1 if number <= FEW else workers, at_once=4) as mapped:
        for result in mapped(partial(repetition, plan), range(number)):
            found.append(result)
            done(len(found))
    return found


def repetition(plan: Plan, index: int) -> tuple[Counts, Counts] | None:
    """The counts of base and scenario in one repetition, None if one has no stable matching."""
    groups = plan.base.groups
    base = outcome(plan.base, groups, plan, index)
    if base is None:
        return None
    counted = counts(plan.base, groups, base)
    if plan.scenario == plan.base:
        return counted, counted
    theirs = plan.scenario.groups
    other = outcome(plan.scenario, theirs, plan, index, base if _draws_alike(plan) else None)
    return None if other is None else (counted, counts(plan.scenario, theirs, other))


def _draws_alike(plan: Plan) -> bool:
    """Whether only the number of seats differs, so that base and scenario draw the same market."""
    a, b = plan.base, plan.scenario
    return a.behaviour == b.behaviour and [p._replace(seats=0) for p in a.programs] == [
        p._replace(seats=0) for p in b.programs
    ]


def outcome(
    world: World, groups: Sequence[Group], plan: Plan, index: int, alike: Outcome | None = None
) -> Outcome | None:
    """The proved matchings of one repetition, None if none was found; `alike` drew the same."""
    key = f"{plan.seed}/{index}"
    scene = Scene(world.programs, tuple(groups), world.behaviour, key)
    drawn = alike.drawn if alike else draw(scene)
    market = drawn.market._replace(seats=[program.seats for program in world.programs])
    if plan.couples and not alike:
        canadian = [a for a, one in enumerate(drawn.applicants) if groups[one.group].kind == "CMG"]
        market = with_couples(market, world.programs, canadian, plan.couples, key)
        drawn = drawn._replace(market=market)
    market, first = _first_iteration(world, market, index)
    if first is None:
        return None
    if plan.iterations == 1:
        return Outcome(drawn, market, first, None)
    left = list(market.seats)
    for program in first:
        if program != NONE:
            left[program] -= 1
    remaining = {a for a, program in enumerate(first) if program == NONE}
    later = second(scene, drawn.applicants, remaining, left, open_to_all=world.open_to_all)
    return Outcome(drawn, market, first, proved(later, index))


def _first_iteration(world: World, market: Market, index: int) -> tuple[Market, list[int] | None]:
    """The market after reversions and its matching, which is None if none was found."""
    first = proved(market, index)
    for _ in range(ROUNDS if world.reversions else 0):
        moved = market.seats if first is None else reverted(market.seats, first, world.reversions)
        if moved == market.seats:
            break
        market = market._replace(seats=moved)
        first = proved(market, index)
    return market, first


def proved(market: Market, seed: int) -> list[int] | None:
    """A stable matching that the certificate passed, or None if none was found in `TRIES` tries.

    Raises:
        NotStable: the solver is wrong.
    """
    matching = solve(market, seed, TRIES).matching
    if matching is not None:
        certify(market, matching)
    return matching


def reverted(
    seats: Sequence[int], matching: Sequence[int], rules: Sequence[tuple[int, tuple[int, ...]]]
) -> list[int]:
    """The seats after the rules: what a program leaves empty goes to its receivers in turn.

    Receivers that are full come first, in their order; where none is full the seat stays.
    """
    filled = [0] * len(seats)
    for program in matching:
        if program != NONE:
            filled[program] += 1
    after = list(seats)
    for giver, receivers in rules:
        full = [r for r in receivers if filled[r] >= after[r] and r != giver]
        for turn in range(after[giver] - filled[giver] if full else 0):
            after[giver] -= 1
            after[full[turn % len(full)]] += 1
    return after


def counts(world: World, groups: Sequence[Group], result: Outcome) -> Counts:
    """How many seats, by level and name, are filled, and how applicants of each kind fare."""
    programs = world.programs
    found: Counts = {("applicants", kind): [0] * len(APPLICANTS) for kind in KINDS}
    rows = [
        [
            found.setdefault(key, [0] * len(SEATS))
            for key in (
                ("all", "all"), ("discipline", program.discipline), ("province", program.province),
                ("stream", program.stream), ("group", group_of(program)),
            )
        ]
        for program in programs
    ]  # fmt: skip
    first, later = Counter(result.first), Counter(result.second or ())
    for program, (row, seats) in enumerate(zip(rows, result.market.seats, strict=True)):
        for counted in row:
            counted[0] += seats
            counted[1] += first[program]
            counted[2] += later[program]
    _count_applicants(world, groups, result, found)
    _count_first_choices(groups, result, rows)
    return found


def _count_applicants(
    world: World, groups: Sequence[Group], result: Outcome, found: Counts
) -> None:
    """Count how applicants of each kind fare."""
    programs = world.programs
    of_group = [(found["applicants", group.kind], group.school) for group in groups]
    later = result.second or [NONE] * len(result.first)
    for applicant, has, second_has, wanted in zip(
        result.drawn.applicants, result.first, later, result.drawn.first, strict=True
    ):
        own, school = of_group[applicant.group]
        own[0] += 1
        own[2] += second_has != NONE
        if has != NONE:
            program = programs[has]
            own[1] += 1
            own[3] += has == wanted
            own[4] += program.discipline == applicant.disciplines[0]
            own[5] += program.school == school


def _count_first_choices(
    groups: Sequence[Group], result: Outcome, rows: Sequence[Sequence[list[int]]]
) -> None:
    """Count CMGs' first choices at every level, and whether what they got is of the same name."""
    canadian = [group.kind == "CMG" for group in groups]
    pairs = Counter(
        (wanted, has)
        for applicant, has, wanted in zip(
            result.drawn.applicants, result.first, result.drawn.first, strict=True
        )
        if wanted != NONE and canadian[applicant.group]
    )
    for (wanted, has), number in pairs.items():
        for level, row in enumerate(rows[wanted]):
            row[3] += number
            row[4] += number * (has != NONE and rows[has][level] is row)


def group_of(program: Program) -> str:
    """The program group: a discipline at a school."""
    return f"{program.discipline} / {program.school}"


def schools_of(found: Counts) -> dict[str, tuple[int, int]]:
    """By school, the seats that the first iteration left empty, and all of them."""
    schools: dict[str, tuple[int, int]] = {}
    for (level, name), (seats, filled, *_) in found.items():
        if level == "group":
            school = name.rpartition(" / ")[2]
            empty, whole = schools.get(school, (0, 0))
            schools[school] = empty + seats - filled, whole + seats
    return schools
