"""How the commands of `match` compute a simulation, and how they print it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from carms_lake.cli.command import Call, Format, Target, emit, envelope, note, progress

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.domains.carms.match.runs import Asked
    from carms_lake.domains.carms.match.simulate import Plan
    from carms_lake.domains.carms.match.simulation import Simulation
    from carms_lake.domains.carms.match.supply import Supply


@contextmanager
def repetitions(call: Call, whole: int) -> Iterator[Callable[[int], None]]:
    """What shows how many of so many repetitions are done."""
    with progress(call) as advance:
        yield lambda done: advance("repetitions", done, whole) if advance else None


def computed(call: Call, offered: Supply, plan: Plan, number: int) -> Simulation:
    """The simulation of a plan, with its progress shown."""
    from carms_lake.domains.carms.match.simulation import simulation

    with repetitions(call, number) as done:
        return simulation(offered, plan, number, done)


def note_all(call: Call, said: Mapping[str, str]) -> None:
    """Print what has to be known with the figures, a line each."""
    for name, text in said.items():
        note(call, f"{name.replace('_', ' ')}: {text}")


def left_out(unsolved: int) -> str:
    """How many repetitions are in no figure, as the end of a sentence about all of them."""
    return f", {unsolved} without a stable matching left out" if unsolved else ""


def show(
    call: Call,
    to: Target,
    found: Simulation,
    asked: Asked,
    run_id: str | None,
    not_kept: str = "",
) -> None:
    """Print a simulation; `run_id` is that of the run that kept it, `not_kept` why none could."""
    rows = found.table if asked.by is None else found.table.filter(level=asked.by)
    if call.json:
        more = {"not_kept": not_kept} if not_kept else {}
        data = {**_said(found, asked), **more, "rows": rows.to_dicts()}
        envelope(data, run_id=run_id, to=to)
        return
    emit(call, shown(rows) if to.format is Format.TABLE else rows, to)
    note_all(call, _said(found, asked))


def shown(rows: pl.DataFrame) -> pl.DataFrame:
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


def _said(found: Simulation, asked: Asked) -> dict[str, str]:
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

    return {
        "what_it_is": "a what-if under the assumptions named here, not a forecast",
        "seats": f"match iteration {found.supply.iteration}; seats of the Forces left out:"
        f" {found.supply.left_out_seats}",
        "matched": "; ".join(
            f"{kind} {rate(kind, 'match_rate')}, {rate(kind, 'match_rate_first')} in the first"
            " iteration"
            for kind in ("CMG", "IMG")
        ),
        "first_program": f"CMG {rate('CMG', 'first_program')}",
        "first_discipline": f"CMG {rate('CMG', 'first_discipline')}",
        "demand": f"`{asked.demand}`"
        if asked.demand
        else "invented shares of ours; give yours with `--demand`",
        "parameters": f"`{asked.parameters}`" if asked.parameters else "as shipped",
        "seed_and_repetitions": f"seed {found.plan.seed}, {found.repetitions} repetitions"
        f"{left_out(found.unsolved)}; low and high bound 90 % of them",
        "certificate": "every matching passed it: feasible, no blocking pair, no blocking couple",
        "errors": HOLD_OUT,
        "not_modelled": NOT_MODELLED,
    }
