"""A simulation as it is asked for: a lake, a scenario, a number of repetitions; and its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

import carms_lake
from carms_lake.domains.carms.match.demand import invented, read_demand
from carms_lake.domains.carms.match.export import write_market
from carms_lake.domains.carms.match.fitted import read_parameters
from carms_lake.domains.carms.match.parameters import Parameters
from carms_lake.domains.carms.match.population import Behaviour
from carms_lake.domains.carms.match.scenario import Setting, apply
from carms_lake.domains.carms.match.simulate import Plan, World, outcome, repetitions
from carms_lake.domains.carms.match.supply import Supply, supply
from carms_lake.domains.carms.match.tables import table

MOST_COUPLES = 100
"""With more, nobody has found a stable matching of such a market."""


class Simulation(NamedTuple):
    """What was simulated, and what came out: `table` is that of `tables.table`."""

    supply: Supply
    plan: Plan
    repetitions: int
    unsolved: int
    table: pl.DataFrame


def plan_of(  # noqa: PLR0913 - the options of the command
    lake: carms_lake.Lake,
    settings: Sequence[Setting] = (),
    *,
    iteration: str | None = None,
    demand: Path | None = None,
    parameters: Path | None = None,
    seed: int = 1,
    iterations: int = 2,
    couples: int = 0,
) -> tuple[Supply, Plan]:
    """The supply of a match and the plan of a simulation over it.

    Raises:
        carms_lake.UsageError: the scenario, the demand or parameters file or a number is wrong.
        carms_lake.UnknownKey: the iteration is unknown.
        carms_lake.GoldMissing: gold is not built yet.
    """
    if couples > MOST_COUPLES:
        raise carms_lake.UsageError(
            f"{couples:,} couples",
            f"at most {MOST_COUPLES}: with more, no stable matching is found",
        )
    offered = supply(lake, iteration)
    programs = offered.programs
    shares = read_demand(demand, programs) if demand else invented(programs)
    fitted = read_parameters(parameters).parameters if parameters else Parameters()
    base = World(programs, Behaviour(fitted, shares))
    plan = Plan(base, apply(base, settings), seed, iterations, couples)
    for world in (plan.base, plan.scenario):
        canadian = sum(group.number for group in world.groups if group.kind == "CMG")
        if 2 * couples > canadian:
            raise carms_lake.UsageError(f"{couples} couples of {canadian} CMGs")
    return offered, plan


def simulation(
    offered: Supply, plan: Plan, number: int = 100, done: Callable[[int], None] = lambda _: None
) -> Simulation:
    """Run the repetitions; one without a stable matching on either side counts on neither.

    Raises:
        carms_lake.DataError: none of them has one.
    """
    results = repetitions(plan, number, done)
    solved = [result for result in results if result is not None]
    if not solved:
        raise carms_lake.DataError(
            f"no stable matching was found in any of {number} repetitions", "take fewer couples"
        )
    return Simulation(offered, plan, number, number - len(solved), table(solved))


def export(plan: Plan, folder: Path, index: int = 0) -> list[Path]:
    """Write the scenario's first iteration of one repetition as files; see `export.write_market`.

    Raises:
        carms_lake.DataError: that repetition has no stable matching.
        carms_lake.UsageError: the folder is not empty, or cannot be written.
    """
    world = plan.scenario
    result = outcome(world, world.groups, plan, index)
    if result is None:
        raise carms_lake.DataError("no stable matching was found in the exported repetition")
    return write_market(folder, result.market, world.programs, result.first)
