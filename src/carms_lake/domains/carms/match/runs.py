"""Kept simulations: what is kept of one, how one is found again, and how it is run again.

`match.run` has the whole scenario as JSON, `match.supply` the seats that it was about, and
`match.result` what came out; so a run can be given again whatever became of the lake since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any, NamedTuple

import polars as pl

import carms_lake
from carms_lake.domains.carms.match.parameters import Parameters
from carms_lake.domains.carms.match.population import Behaviour
from carms_lake.domains.carms.match.scenario import Setting, apply
from carms_lake.domains.carms.match.simulate import Plan, World
from carms_lake.domains.carms.match.simulation import Simulation
from carms_lake.domains.carms.match.supply import Program, Supply
from carms_lake.domains.carms.match.tables import COLUMNS
from carms_lake.run_names import run_named, short_id

COMMAND = "match simulate"
_LISTED = 5
_FIELDS = (
    "discipline", "school", "school_province", "province", "stream", "eligibility", "kinds",
    "language", "seats", "names",
)  # fmt: skip
_SUPPLY: dict[str, Any] = {
    "supply_hash": pl.String, "program_id": pl.String, "position": pl.Int64,
    **dict.fromkeys(_FIELDS, pl.String), "kinds": pl.List(pl.String), "seats": pl.Int64,
    "names": pl.List(pl.String),
}  # fmt: skip


class Asked(NamedTuple):
    """What the plan of a simulation does not say, of what was asked for."""

    settings: Sequence[Setting] = ()
    demand: str | None = None
    """The file with the shares of first choices."""
    parameters: str | None = None
    """The file with the parameters of the model."""
    by: str | None = None


class Kept(NamedTuple):
    """A row of `match.run`."""

    run_id: str
    ingestion_ts: datetime
    name: str | None
    scenario_hash: str
    scenario: str
    settings: str
    seed: int
    repetitions: int
    unsolved: int
    iterations: int
    couples: int
    by_level: str | None
    demand_file: str | None
    parameters_file: str | None
    match_iteration_id: str
    left_out_seats: int
    supply_hash: str
    gold_run_id: str
    tool_version: str

    @property
    def short(self) -> str:
        """The end of its id, which names it."""
        return short_id(self.run_id)


def keep(lake: carms_lake.Lake, found: Simulation, asked: Asked) -> str:
    """Keep a simulation: its scenario, its seats and its figures; the id of its run.

    Raises:
        carms_lake.StoreLocked: another process is writing.
        carms_lake.StoreError: the lake cannot be written.
    """
    scenario = scenario_json(found.plan, asked.settings)
    supplied = supply_rows(found.supply)
    supply_hash = str(supplied["supply_hash"][0])
    names = [str(one.value) for one in asked.settings if one.table == "name"]
    run = {
        "name": names[-1] if names else None,
        "scenario_hash": _hash(scenario),
        "scenario": scenario,
        "settings": in_words(asked.settings),
        "seed": found.plan.seed,
        "repetitions": found.repetitions,
        "unsolved": found.unsolved,
        "iterations": found.plan.iterations,
        "couples": found.plan.couples,
        "by_level": asked.by,
        "demand_file": asked.demand,
        "parameters_file": asked.parameters,
        "match_iteration_id": found.supply.iteration,
        "left_out_seats": found.supply.left_out_seats,
        "supply_hash": supply_hash,
        "gold_run_id": lake.query("select run_id from ops.build").item(),
        "tool_version": carms_lake.__version__,
    }
    texts = dict.fromkeys(("name", "by_level", "demand_file", "parameters_file"), pl.String)
    rows = {"match.result": found.table, "match.run": pl.DataFrame([run], schema_overrides=texts)}
    if _has_supply(lake, supply_hash):
        return lake.append(rows, COMMAND).run_id
    try:
        return lake.append({"match.supply": supplied, **rows}, COMMAND).run_id
    except carms_lake.DataError:
        if not _has_supply(lake, supply_hash):
            raise
        return lake.append(rows, COMMAND).run_id  # another process has kept the seats meanwhile


def kept(lake: carms_lake.Lake) -> list[Kept]:
    """All kept simulations, the newest first."""
    rows = lake.table("match.run").select(Kept._fields).collect()
    return [Kept(*row) for row in rows.sort("run_id", descending=True).iter_rows()]


def find(lake: carms_lake.Lake, text: str) -> Kept:
    """The simulation that a text names, as `run_names.runs_named` reads it.

    Raises:
        carms_lake.UsageError: none, or several; the hint has the nearest, or the newest.
    """
    runs = {run.run_id: run for run in kept(lake)}
    if not runs:
        raise carms_lake.UsageError(
            "no simulation is kept yet", "`carms match simulate` keeps what it finds"
        )
    shorts = [run.short for run in runs.values()]
    near = get_close_matches(text.casefold(), shorts, 3, 0.5)
    names = ", ".join(f"`{name}`" for name in near or shorts[:_LISTED])
    listed = f"did you mean {names}?" if near else f"the newest are {names}"
    listed += "; `carms match runs` lists all"
    return runs[run_named(text, [*runs][::-1], listed=listed)]


def plan_of(lake: carms_lake.Lake, run: Kept) -> tuple[Supply, Plan]:
    """The supply and the plan of a kept simulation, as it had them.

    Raises:
        carms_lake.DataError: its seats are not in `match.supply` as they were, or the model of this
            version has other parameters.
    """
    said = json.loads(run.scenario)
    programs = _programs(lake, run)
    if said["parameters"].keys() != set(Parameters._fields):
        raise carms_lake.DataError(
            f"`{run.short}` was kept by carms {run.tool_version}, whose model has other parameters",
            f"its figures are in match.result; install carms {run.tool_version} to run it again",
        )
    shares = {kind: dict(pairs) for kind, pairs in said["shares"].items()}
    base = World(programs, Behaviour(Parameters(**said["parameters"]), shares))
    at = f"run `{run.short}`: "
    settings = [Setting(table, key, value, at) for table, key, value in said["settings"]]
    plan = Plan(base, apply(base, settings), run.seed, run.iterations, run.couples)
    return Supply(run.match_iteration_id, programs, run.left_out_seats), plan


def plan_of_both(
    lake: carms_lake.Lake, first: Kept, second: Kept, *, anyway: bool = False
) -> tuple[Supply, Plan]:
    """The supply of the first run, and a plan with its scenario as base and the other as scenario.

    Applicants and tastes come of the seed, the repetition and a program's id alone, so that the two
    share them: the difference is that of the scenarios, whatever seeds the runs had.

    Raises:
        carms_lake.UsageError: their seats differ and it is not to be done anyway, or their numbers
            of iterations or couples differ, which cannot share draws.
        carms_lake.DataError: as `plan_of`.
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
    supply, plan = plan_of(lake, first)
    _, other_plan = plan_of(lake, second)
    return supply, plan._replace(base=plan.scenario, scenario=other_plan.scenario)


def result_of(lake: carms_lake.Lake, run: Kept) -> pl.DataFrame:
    """The figures that were kept of a simulation, in no particular order."""
    rows = lake.table("match.result").filter(run_id=run.run_id)
    return rows.select(list(COLUMNS)).collect()


def differing(was: pl.DataFrame, now: pl.DataFrame) -> int:
    """How many rows of two tables of figures are in one of them only."""
    wide = list(COLUMNS)
    return sum(
        one.join(other, on=wide, how="anti", nulls_equal=True).height
        for one, other in ((was, now), (now, was))
    )


def scenario_json(plan: Plan, settings: Sequence[Setting]) -> str:
    """All that decides what a simulation compares, but its seats, its seed and its repetitions.

    Orders are kept: shares are drawn in theirs, settings are applied in theirs.
    """
    behaviour = plan.base.behaviour
    return json.dumps(
        {
            "settings": [[s.table, s.key, s.value] for s in settings if s.table != "name"],
            "shares": {kind: list(of.items()) for kind, of in behaviour.shares.items()},
            "parameters": behaviour.parameters._asdict(),
            "iterations": plan.iterations,
            "couples": plan.couples,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def in_words(settings: Sequence[Setting]) -> str:
    """What a scenario changes, as `quota Psychiatry/Toronto +10; shift BC +10%`."""
    return "; ".join(
        " ".join(filter(None, (one.table, one.key, _value(one.value))))
        for one in settings
        if one.table != "name"
    )


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def supply_rows(supply: Supply) -> pl.DataFrame:
    """The programs of a supply as rows of `match.supply`."""
    rows: list[dict[str, Any]] = []
    for position, program in enumerate(supply.programs):
        own: Mapping[str, Any] = program._asdict()
        fields = {name: _listed(own[name]) for name in _FIELDS}
        rows.append({"program_id": program.id, "position": position, **fields})
    said = _hash(json.dumps(rows, ensure_ascii=False, sort_keys=True))
    return pl.DataFrame([{"supply_hash": said, **row} for row in rows], schema=_SUPPLY)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _programs(lake: carms_lake.Lake, run: Kept) -> tuple[Program, ...]:
    rows = lake.table("match.supply").filter(supply_hash=run.supply_hash).sort("position")
    programs = tuple(_program(row) for row in rows.collect().to_dicts())
    found = supply_rows(Supply("", programs, 0))["supply_hash"].to_list()[:1]
    if found != [run.supply_hash]:
        raise carms_lake.DataError(
            f"the seats of `{run.short}` are not in match.supply as they were",
            "`carms history match.supply` shows its versions; its figures are in match.result",
        )
    return programs


def _program(row: Mapping[str, Any]) -> Program:
    fields: dict[str, Any] = {name: row[name] for name in _FIELDS}
    fields |= {name: tuple(fields[name]) for name in ("kinds", "names")}
    return Program(id=row["program_id"], appeal=row["seats"], **fields)


def _has_supply(lake: carms_lake.Lake, supply_hash: str) -> bool:
    there = lake.table("match.supply").filter(supply_hash=supply_hash).head(1).collect()
    return bool(there.height)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
