"""`match`: what would follow if seats, wishes or rules of the match were others."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from carms_lake.cli.command import (
    Argument,
    Call,
    Group,
    Option,
    Target,
    Typer,
    command,
    emit_text,
    envelope,
    note,
)
from carms_lake.domains.carms.commands.match_shown import computed, show
from carms_lake.domains.carms.commands.options import IterationOption
from carms_lake.domains.carms.commands.shared import app, lake

if TYPE_CHECKING:
    from carms_lake.domains.carms.match.runs import Asked
    from carms_lake.domains.carms.match.scenario import Setting
    from carms_lake.domains.carms.match.simulation import Simulation

By = Literal["all", "discipline", "province", "stream", "group"]

Scenario = Annotated[
    Path | None, Argument(metavar="[SCENARIO]", help="A TOML file; `match template` writes one.")
]
reps_option = partial(Option, "--reps", min=1, max=10_000)
Repetitions = Annotated[int, reps_option(help="How many repetitions: 60 to 100 are enough.")]
Seed = Annotated[int, Option("--seed", min=0, help="The same seed gives the same figures.")]
Couples = Annotated[
    int, Option("--couples", min=0, help="How many couples there are, at most 100.")
]
Quota = Annotated[
    list[str] | None,
    Option("--quota", metavar="CHANGE", help='Seats, as "Psychiatry/Toronto+10" or "27447=0".'),
]
Shift = Annotated[
    list[str] | None,
    Option("--shift", metavar="CHANGE", help='Wishes for a province, as "BC=+10%".'),
]
Demand = Annotated[
    Path | None,
    Option("--demand", metavar="FILE", help="First choices of disciplines (default: invented)."),
]
ParametersFile = Annotated[
    Path | None,
    Option("--parameters", metavar="FILE", help="The model's, as `match calibrate` writes them."),
]
Iterations = Annotated[int, Option("--iterations", min=1, max=2, help="Of the match: 1 or 2.")]
ByOption = Annotated[By | None, Option("--by", help="Only these rows (default: all levels).")]
Export = Annotated[
    Path | None,
    Option("--export", metavar="DIR", help="Also write the scenario's first market and matching."),
]
Keep = Annotated[bool, Option("--keep/--no-keep", help="Keep the run in the lake (default).")]

match_app = Typer(
    cls=Group,
    name="match",
    no_args_is_help=True,
    help="Try what would follow if the match were another one.\n\nA what-if, never a forecast.",
)
app.add_typer(match_app)


@command(match_app)
def template(call: Call, to: Target) -> None:
    """Write a scenario with a comment on everything that it can say."""
    from carms_lake.domains.carms.match.scenario import TEMPLATE

    if call.json:
        envelope({"template": TEMPLATE}, to=to)
    else:
        emit_text(TEMPLATE, to)


@command(match_app)
def simulate(
    call: Call,
    to: Target,
    scenario: Scenario = None,
    reps: Repetitions = 100,
    seed: Seed = 1,
    couples: Couples = 0,
    quota: Quota = None,
    shift: Shift = None,
    demand: Demand = None,
    parameters: ParametersFile = None,
    iterations: Iterations = 2,
    by: ByOption = None,
    export: Export = None,
    iteration: IterationOption = None,
    keep: Keep = True,
) -> None:
    """Compare the match with a scenario of it.

    Both are of the same applicants, who are drawn from a model; the seats are those of the lake.
    It says what would follow if demand were as assumed and people behaved as the model does: never
    a forecast.

    A table has the means; other formats the bands and every measure, a row for each. The run is
    kept in `match.run`, `match.result` and `match.supply`.
    """
    from carms_lake.domains.carms.match import runs
    from carms_lake.domains.carms.match import simulation as sim
    from carms_lake.domains.carms.match.export import check_folder
    from carms_lake.run_names import short_id

    settings = _settings(scenario, quota, shift)
    offered, plan = sim.plan_of(
        lake(call), settings, iteration=iteration, demand=demand, parameters=parameters, seed=seed,
        iterations=iterations, couples=couples,
    )  # fmt: skip
    if export:
        check_folder(export)
    asked = runs.Asked(settings, _name(demand), _name(parameters), by)
    found = computed(call, offered, plan, reps)
    if export:
        sim.export(plan, export)
    run_id, why_not = _kept(call, found, asked) if keep else (None, "")
    show(call, to, found, asked, run_id, why_not)
    if call.json:  # one object says it all
        return
    if run_id:
        note(call, f"kept as `{short_id(run_id)}` (`carms match runs` lists all)")
    if export:
        note(call, f"wrote the first market and its matching to `{export}`")


def _name(file: Path | None) -> str | None:
    return str(file) if file else None


def _kept(call: Call, found: Simulation, asked: Asked) -> tuple[str | None, str]:
    """Keep what was found: the run's id, or why the lake cannot be written, which is said."""
    import carms_lake
    from carms_lake.domains.carms.match.runs import keep

    try:
        return keep(lake(call), found, asked), ""
    except carms_lake.StoreError as error:
        note(call, f"not kept: {error.message}; {error.hint}")
        return None, error.message


def _settings(
    scenario: Path | None, quota: list[str] | None, shift: list[str] | None
) -> list[Setting]:
    """What the file and the flags say; a flag comes after the file."""
    from carms_lake.domains.carms.match.scenario import flag, read_scenario

    return [
        *(read_scenario(scenario) if scenario else ()),
        *(flag("--quota", "quota", text) for text in quota or ()),
        *(flag("--shift", "shift", text) for text in shift or ()),
    ]
