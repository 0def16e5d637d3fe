"""`/api/v1/match/...`: simulations, each in a process of its own, and the runs that are kept."""

from __future__ import annotations

import json
from typing import Any

import carms_lake
from carms_lake.domains.carms.match import runs
from carms_lake.domains.carms.match.tables import COLUMNS, LEVELS
from carms_lake.serve import paging
from carms_lake.serve.routes import Asked, Command, Parameter, Route

MOST_REPETITIONS = 200
MOST_COUPLES = 50
JOBS = "/api/v1/match/jobs"

_CHANGES = {
    "type": "array",
    "maxItems": 20,
    "items": {"type": "string", "minLength": 3, "maxLength": 200},
}
_REPETITIONS = {"type": "integer", "minimum": 1, "maximum": MOST_REPETITIONS}
_RUN = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9][A-Za-z0-9.-]*$"}
_SCENARIO = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "repetitions": {**_REPETITIONS, "default": 60},
        "seed": {"type": "integer", "minimum": 0, "maximum": 1 << 31, "default": 1},
        "couples": {"type": "integer", "minimum": 0, "maximum": MOST_COUPLES, "default": 0},
        "iterations": {"type": "integer", "minimum": 1, "maximum": 2, "default": 2},
        "quota": {**_CHANGES, "description": "Seats, as `Psychiatry/Toronto+10` or `27447=0`."},
        "shift": {**_CHANGES, "description": "Wishes for a province, as `BC=+10%`."},
        "iteration": {"type": "string", "minLength": 1, "maxLength": 50},
        "keep": {
            "type": "boolean",
            "default": False,
            "description": "Keep the run in the lake; this needs a key.",
        },
    },
}
_PAIR = {
    "type": "object",
    "additionalProperties": False,
    "required": ["base", "scenario"],
    "properties": {
        "base": {**_RUN, "description": "A kept run: its id, the end of it, `last`, `previous`."},
        "scenario": {**_RUN, "description": "Another one."},
        "repetitions": {**_REPETITIONS, "default": 60},
        "anyway": {"type": "boolean", "description": "Also where their seats differ."},
    },
}


def _simulate(asked: Asked) -> Command:
    """The command of a scenario; value and option are one word, so that a value stays a value."""
    body = asked.body
    if body.get("keep"):
        asked.lake.ensure_unlocked()
    words = ["--keep" if body.get("keep") else "--no-keep"]
    words.append(f"--reps={body.get('repetitions', 60)}")
    numbers = ("seed", "couples", "iterations")
    words += [f"--{name}={body[name]}" for name in numbers if name in body]
    changes = [(name, one) for name in ("quota", "shift") for one in body.get(name, ())]
    words += [f"--{name}={one}" for name, one in changes]
    if "iteration" in body:
        words.append(f"--iteration={body['iteration']}")
    return Command(("match", "simulate", *words))


def _compare(asked: Asked) -> Command:
    """The command of a comparison; what it refuses is refused before it is started."""
    body = asked.body
    base, scenario = _found(asked, body["base"]), _found(asked, body["scenario"])
    anyway = body.get("anyway", False)
    runs.plan_of_both(asked.lake, base, scenario, anyway=anyway)
    words = [base.run_id, scenario.run_id, f"--reps={body.get('repetitions', 60)}"]
    return Command(("match", "compare", *words, *["--anyway"] * anyway))


def _found(asked: Asked, name: str) -> runs.Kept:
    """The kept run of a name.

    Raises:
        UnknownKey: no run, or several.
    """
    try:
        return runs.find(asked.lake, name)
    except carms_lake.UsageError as error:
        raise carms_lake.UnknownKey(error.message, error.hint) from None


def _about(run: runs.Kept) -> dict[str, Any]:
    """A kept run as it is answered; not the paths of files on the machine where it was run."""
    said = run._asdict()
    del said["scenario"]
    own = {f"has_own_{name}": said.pop(f"{name}_file") is not None for name in _FILES}
    return {**said, **own}


_FILES = ("demand", "parameters")


def _runs(asked: Asked) -> object:
    rows = [_about(run) for run in runs.kept(asked.lake)]
    held = asked.snapshot.hold(
        tuple(rows[0]) if rows else (), [tuple(row.values()) for row in rows]
    )
    return paging.page(asked, "runs", held.encoded, range(len(rows)))


def _one(asked: Asked) -> object:
    run = _found(asked, asked.values["run"])
    wanted = {name: asked.values[name] for name in ("level", "measure") if name in asked.values}
    found = runs.result_of(asked.lake, run).filter(**wanted).sort("level", "name", "measure")
    held = asked.snapshot.hold(tuple(COLUMNS), found.rows())
    more = asked.snapshot.members({"run": _about(run), "scenario": json.loads(run.scenario)})
    return paging.page(asked, "rows", held.encoded, range(found.height), more)


_KEPT = {"type": "object", "required": ["run_id", "settings", "seed", "repetitions"]}
_ROW = {"type": "object", "required": ["level", "name", "measure", "base", "scenario"]}
_WORD = {"type": "string", "minLength": 1, "maxLength": 50}

ROUTES = (
    Route(
        "/api/v1/match/simulate",
        _simulate,
        "Compare the match with a scenario of it: a what-if, never a forecast",
        method="POST",
        body=_SCENARIO,
        outcomes=JOBS,
        contradiction=409,
        needs_key_for=lambda body: bool(body.get("keep")),
        description="One runs at a time, with 200 repetitions at most. Its outcome is what "
        "`carms match simulate --json` says. With `keep`, the run is kept in `match.run`, "
        "`match.result` and `match.supply`, and `run_id` of the job names it; else nothing is "
        "written.",
    ),
    Route(
        "/api/v1/match/compare",
        _compare,
        "Compare the scenarios of two kept runs on the same draws",
        method="POST",
        body=_PAIR,
        outcomes=JOBS,
        contradiction=409,
        description="Its outcome is what `carms match compare --json` says. Nothing is written.",
    ),
    Route(
        "/api/v1/match/runs",
        _runs,
        "The simulations that are kept, the newest first",
        paging.response("runs", _KEPT),
        paging.PARAMETERS,
        is_live=True,
    ),
    Route(
        "/api/v1/match/runs/{run}",
        _one,
        "A kept simulation and its figures",
        paging.response("rows", _ROW, run=_KEPT, scenario={"type": "object"}),
        (
            Parameter("run", _RUN, "Its id, the end of it, `last` or `previous`.", True),
            Parameter("level", {"type": "string", "enum": list(LEVELS)}, "Only these rows."),
            Parameter("measure", _WORD, "Only this measure, as `filled_first`."),
            *paging.PARAMETERS,
        ),
        is_live=True,
    ),
)
