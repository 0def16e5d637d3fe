"""Why a program fills in a kept simulation: how often, who displaces whom, a seat more or less.

All sides of a repetition are of the same draws, so what differs between them is the change alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import polars as pl

import carms_lake
from carms_lake.domains.carms.match.chains import Chain, Person, Placed, Prefers, chains
from carms_lake.domains.carms.match.demand import unknown
from carms_lake.domains.carms.match.market import NONE
from carms_lake.domains.carms.match.simulate import Outcome, Plan, World, outcome
from carms_lake.domains.carms.match.supply import KINDS
from carms_lake.domains.carms.match.tables import banded

BASE, SCENARIO, MORE, LESS = "base", "scenario", "one_more", "one_less"
COMPARED = {SCENARIO: BASE, MORE: SCENARIO, LESS: SCENARIO}
"""Each side that is a change, and what it is a change of."""

FIGURES = {
    "measure": pl.String,
    BASE: pl.Float64,
    **{f"{side}{end}": pl.Float64 for side in COMPARED for end in ("", "_low", "_high")},
}
"""`low` and `high` bound 90 % of the differences from what the side is compared with."""

STEPS = {
    "change": pl.String, "repetition": pl.Int64, "chain": pl.Int64, "why": pl.String,
    "step": pl.Int64,
    "kind": pl.String, "home": pl.String, "first_discipline": pl.String,
    "from_program": pl.String, "to_program": pl.String,
}  # fmt: skip


class Explained(NamedTuple):
    """One program: the columns of `FIGURES`, and every chain of each change."""

    program_id: str
    repetitions: int
    unsolved: int
    figures: pl.DataFrame
    chains: Mapping[str, Sequence[tuple[int, Chain]]]
    """By the side that is a change: the repetition, from 0, and a chain that begins at the
    program."""


def explained(
    plan: Plan, program_id: str, number: int, done: Callable[[int], None] = lambda _: None
) -> Explained:
    """A program of the plan's scenario in the first `number` repetitions.

    Raises:
        carms_lake.UsageError: neither side has the program; the hint has the nearest.
        carms_lake.DataError: none of the repetitions has a stable matching on all sides.
    """
    sides = _sides(plan, program_id)
    figures: list[dict[str, dict[str, float | None]]] = []
    found: dict[str, list[tuple[int, Chain]]] = {side: [] for side in COMPARED if side in sides}
    for index in range(number):
        results = _outcomes(plan, sides, index)
        done(index + 1)
        if results is None:
            continue
        figures.append(
            {side: _figures(sides[side], one, program_id) for side, one in results.items()}
        )
        places = {side: _places(sides[side], one) for side, one in results.items()}
        for side in found:
            prefers = _prefers(sides[side], results[side])
            moved = chains(places[COMPARED[side]], places[side], program_id, prefers)
            found[side] += [(index, chain) for chain in moved]
    if not figures:
        raise carms_lake.DataError(
            f"no stable matching was found in any of {number} repetitions", "take more of them"
        )
    unsolved = number - len(figures)
    return Explained(program_id, number, unsolved, _table(figures), found)


def _sides(plan: Plan, program_id: str) -> dict[str, World]:
    """The worlds that are compared; the base is one of them even if it lacks the program."""
    here = {program.id for program in plan.scenario.programs}
    if program_id not in here | {program.id for program in plan.base.programs}:
        raise unknown("program", program_id, here)
    sides = {BASE: plan.base, SCENARIO: plan.scenario}
    for side, by in ((MORE, 1), (LESS, -1)):
        programs = tuple(
            p._replace(seats=p.seats + by) if p.id == program_id else p
            for p in plan.scenario.programs
        )
        if program_id in here and all(program.seats >= 0 for program in programs):
            sides[side] = plan.scenario._replace(programs=programs)
    return sides


def _outcomes(plan: Plan, sides: Mapping[str, World], index: int) -> dict[str, Outcome] | None:
    """The matchings of one repetition by side; None where one of them has none that is stable."""
    found: dict[str, Outcome] = {}
    for side, world in sides.items():
        if side == SCENARIO and world == plan.base:
            found[side] = found[BASE]
            continue
        # Seats alone differ from those of the scenario: nobody is drawn again.
        alike = found[SCENARIO] if side in (MORE, LESS) else None
        result = outcome(world, world.groups, plan, index, alike)
        if result is None:
            return None
        found[side] = result
    return found


def _figures(world: World, result: Outcome, program_id: str) -> dict[str, float | None]:
    """The measures of one side in one repetition."""
    at = next((n for n, p in enumerate(world.programs) if p.id == program_id), None)
    groups = world.groups
    kinds = [groups[one.group].kind for one in result.drawn.applicants]
    matched = Counter(k for k, has in zip(kinds, result.first, strict=True) if has != NONE)
    everywhere = {f"{kind.lower()}_matched_first": float(matched[kind]) for kind in KINDS}
    if at is None:
        return {"seats": 0.0, **everywhere}
    seats = result.market.seats[at]
    held = [a for a, has in enumerate(result.first) if has == at]
    first = [a for a, wants in enumerate(result.drawn.first) if wants == at]
    own = world.programs[at].school
    homes = [groups[result.drawn.applicants[a].group].school for a in held]
    return {
        "seats": float(seats),
        "filled_first": float(len(held)),
        "fills": float(len(held) == seats),
        "filled_second": float(sum(has == at for has in result.second or ())),
        **{f"held_by_{kind.lower()}": float(sum(kinds[a] == kind for a in held)) for kind in KINDS},
        "held_by_own_school": float(homes.count(own)),
        "first_choices": float(len(first)),
        "first_choices_matched": float(sum(result.first[a] == at for a in first)),
        **everywhere,
    }


def _places(world: World, result: Outcome) -> dict[Person, Placed]:
    """Where each person is after the first iteration.

    A person is the same on all sides: the number within the group says who.
    """
    groups, seen, found = world.groups, Counter[int](), dict[Person, Placed]()
    pairs = zip(result.drawn.applicants, result.first, strict=True)
    for number, (applicant, has) in enumerate(pairs):
        group = groups[applicant.group]
        seen[applicant.group] += 1
        person = Person(
            group.kind,
            group.school or group.province,
            group.language,
            seen[applicant.group],
        )
        wants = applicant.disciplines[0] if applicant.disciplines else ""
        found[person] = Placed("" if has == NONE else world.programs[has].id, wants, number)
    return found


def _prefers(world: World, result: Outcome) -> Prefers:
    """What applicants like more, by their lists; a program that is not on one is liked least."""
    market, ids = result.market, [program.id for program in world.programs]

    def prefers(applicant: int, one: str, other: str) -> bool:
        edges = range(market.start[applicant], market.start[applicant + 1])
        listed = [ids[market.programs[edge]] for edge in edges]
        return one in listed and (other not in listed or listed.index(one) < listed.index(other))

    return prefers


def _table(figures: Sequence[Mapping[str, Mapping[str, float | None]]]) -> pl.DataFrame:
    names = dict.fromkeys(name for one in figures for side in one.values() for name in side)
    rows = [{"measure": name, **dict(_summary(figures, name))} for name in names]
    return pl.DataFrame(rows, schema=FIGURES)


def _summary(
    figures: Sequence[Mapping[str, Mapping[str, float | None]]], name: str
) -> Iterator[tuple[str, float | None]]:
    for side in (BASE, *COMPARED):
        values = [one[side].get(name) for one in figures if side in one]
        known = [value for value in values if value is not None]
        yield side, round(banded(known)[0], 6) if known else None
        if side not in COMPARED:
            continue
        before = [one[COMPARED[side]].get(name) for one in figures if side in one]
        differences = [
            v - b for v, b in zip(values, before, strict=True) if v is not None and b is not None
        ]
        if differences:
            _, low, high = banded(differences)
            yield f"{side}_low", round(low, 6)
            yield f"{side}_high", round(high, 6)


def steps(found: Explained) -> pl.DataFrame:
    """Every step of every chain: the columns of `STEPS`, repetitions and chains counted from 1."""
    rows = [
        (change, index + 1, chain_number, chain.why, step_number, step.person.kind,
         step.person.home, step.wants, step.was or None, step.now or None)
        for change, listed in found.chains.items()
        for chain_number, (index, chain) in enumerate(listed, 1)
        for step_number, step in enumerate(chain.steps, 1)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=STEPS, orient="row")
