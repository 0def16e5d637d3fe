"""`match`: what would follow if seats, wishes or rules of the match were others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from carms_lake.cli.command import (
    Argument,
    Call,
    Format,
    Group,
    Option,
    Target,
    Typer,
    command,
    emit,
    emit_text,
    envelope,
    note,
    progress,
)
from carms_lake.domains.carms.commands.options import IterationOption
from carms_lake.domains.carms.commands.shared import app, lake

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.domains.carms.match.scenario import Setting
    from carms_lake.domains.carms.match.simulation import Simulation

By = Literal["all", "discipline", "province", "stream", "group"]

Scenario = Annotated[
    Path | None, Argument(metavar="[SCENARIO]", help="A TOML file; `match template` writes one.")
]
Repetitions = Annotated[
    int, Option("--reps", min=1, max=10_000, help="How many repetitions: 60 to 100 are enough.")
]
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
) -> None:
    """Compare the match with a scenario of it.

    Both are of the same applicants, who are drawn from a model; the seats are those of the lake.
    It says what would follow if demand were as assumed and people behaved as the model does: never
    a forecast.

    A table has the means; other formats the bands and every measure, a row for each.
    """
    from carms_lake.domains.carms.match import simulation as sim

    settings = _settings(scenario, quota, shift)
    offered, plan = sim.plan_of(
        lake(call), settings, iteration=iteration, demand=demand, parameters=parameters, seed=seed,
        iterations=iterations, couples=couples,
    )  # fmt: skip
    if export:
        sim.export(plan, export)
    with progress(call) as advance:
        found = sim.simulation(
            offered,
            plan,
            reps,
            lambda done: advance("repetitions", done, reps) if advance else None,
        )
    rows = found.table if by is None else found.table.filter(level=by)
    if call.json:
        envelope({**_said(found, demand, parameters), "rows": rows.to_dicts()}, to=to)
        return
    emit(call, _shown(rows) if to.format is Format.TABLE else rows, to)
    for name, text in _said(found, demand, parameters).items():
        note(call, f"{name.replace('_', ' ')}: {text}")
    if export:
        note(call, f"wrote the first market and its matching to `{export}`")


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


def _shown(rows: pl.DataFrame) -> pl.DataFrame:
    """What fits a terminal: one row per name; where base and scenario differ, both."""
    import polars as pl

    found: dict[tuple[str, str], dict[str, dict[str, float | None]]] = {}
    for row in rows.filter(~pl.col("level").is_in(["applicants", "group"])).to_dicts():
        found.setdefault((row["level"], row["name"]), {})[row["measure"]] = row
    lines = [
        {
            "level": level,
            "name": name,
            "seats": _both(row.get("seats"), 0),
            "filled": _one(row["filled_first"]["base"], 1),
            "change": _change(row["filled_first"]),
            "unfilled": _both(row.get("unfilled"), 1),
            "first choice": _both(row.get("first_choice_success"), 2),
            "curve": _both(row.get("curve_success"), 2),
        }
        for (level, name), row in found.items()
    ]
    names = ("level", "name", "seats", "filled", "change", "unfilled", "first choice", "curve")
    shown = pl.DataFrame(lines, schema=dict.fromkeys(names, pl.String))
    empty = [name for name in ("first choice", "curve") if not shown[name].str.len_chars().sum()]
    return shown.drop(*empty, *(["level"] if shown["level"].n_unique() == 1 else []))


def _one(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _both(row: dict[str, float | None] | None, digits: int) -> str:
    """The base, and the scenario where it is another one."""
    if row is None:
        return ""
    base, scenario = _one(row["base"], digits), _one(row["scenario"], digits)
    return base if base == scenario else f"{base} > {scenario}"


def _change(row: dict[str, float | None]) -> str:
    """How many more seats are filled, with the bounds of 90 % of the repetitions."""
    change, low, high = (row[f"difference{end}"] or 0.0 for end in ("", "_low", "_high"))
    return "0" if change == low == high == 0 else f"{change:+.1f} [{low:+.0f}, {high:+.0f}]"


def _said(found: Simulation, demand: Path | None, parameters: Path | None) -> dict[str, str]:
    """What has to be known with the figures."""
    from carms_lake.domains.carms.match.parameters import HOLD_OUT, NOT_MODELLED

    rates = {
        (name, measure): (base, scenario)
        for name, measure, base, scenario in found.table.filter(level="applicants")
        .select("name", "measure", "base", "scenario")
        .rows()
    }

    def rate(kind: str, measure: str) -> str:
        base, scenario = rates[kind, measure]
        return "none" if base is None or scenario is None else f"{base:.1%} -> {scenario:.1%}"

    unsolved = f", {found.unsolved} without a stable matching left out" if found.unsolved else ""
    return {
        "what_it_is": "a what-if under the assumptions named here, not a forecast",
        "seats": f"match iteration {found.supply.iteration}; {found.supply.left_out_seats} seats of"
        " the Forces left out",
        "matched": "; ".join(
            f"{kind} {rate(kind, 'match_rate')}, {rate(kind, 'match_rate_first')} in the first"
            " iteration"
            for kind in ("CMG", "IMG")
        ),
        "first_program": f"CMG {rate('CMG', 'first_program')}",
        "first_discipline": f"CMG {rate('CMG', 'first_discipline')}",
        "demand": f"`{demand}`"
        if demand
        else "invented shares of ours; give yours with `--demand`",
        "parameters": f"`{parameters}`" if parameters else "as shipped",
        "seed_and_repetitions": f"seed {found.plan.seed}, {found.repetitions} repetitions"
        f"{unsolved}; low and high bound 90 % of them",
        "certificate": "every matching passed it: feasible, no blocking pair, no blocking couple",
        "errors": HOLD_OUT,
        "not_modelled": NOT_MODELLED,
    }
