"""Two kept simulations, with the scenario of one as base and that of the other as scenario."""

from __future__ import annotations

import carms_lake
from carms_lake.domains.carms.match.runs import Kept
from carms_lake.domains.carms.match.runs import plan_of as kept_plan
from carms_lake.domains.carms.match.simulate import Plan
from carms_lake.domains.carms.match.supply import Supply


def plan_of(
    lake: carms_lake.Lake, first: Kept, second: Kept, *, anyway: bool = False
) -> tuple[Supply, Plan]:
    """The supply of the first run, and a plan that draws both scenarios with its seed.

    Applicants and tastes come of the seed, the repetition and a program's id alone, so that the two
    share them: the difference is that of the scenarios, whatever seeds the runs had.

    Raises:
        carms_lake.UsageError: their seats differ and it is not to be done anyway, or their numbers
            of iterations or couples differ, which cannot share draws.
        carms_lake.DataError: as `runs.plan_of`.
    """
    if first.supply_hash != second.supply_hash and not anyway:
        raise carms_lake.UsageError(
            f"`{first.short}` is of match iteration {first.match_iteration_id} and `{second.short}`"
            f" of {second.match_iteration_id}, with different seats"
            if first.match_iteration_id != second.match_iteration_id
            else f"`{first.short}` and `{second.short}` are of different seats of match iteration"
            f" {first.match_iteration_id}",
            "add `--anyway`: then the difference is that of the seats, too",
        )
    for what in ("iterations", "couples"):
        one, other = getattr(first, what), getattr(second, what)
        if one != other:
            raise carms_lake.UsageError(
                f"`{first.short}` has {one} {what} and `{second.short}` {other}",
                f"run one of them again with the same `--{what}`",
            )
    supply, plan = kept_plan(lake, first)
    _, other_plan = kept_plan(lake, second)
    return supply, plan._replace(base=plan.scenario, scenario=other_plan.scenario)
