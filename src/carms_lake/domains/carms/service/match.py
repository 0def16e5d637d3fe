"""`POST /api/v1/match/simulate`: `carms match simulate` in a process of its own, and its runs."""

from __future__ import annotations

from carms_lake.serve.routes import Asked, Command, Route

MOST_REPETITIONS = 200
MOST_COUPLES = 50

_CHANGES = {
    "type": "array",
    "maxItems": 20,
    "items": {"type": "string", "minLength": 3, "maxLength": 200},
}
_SCENARIO = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "repetitions": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_REPETITIONS,
            "default": 60,
        },
        "seed": {"type": "integer", "minimum": 0, "maximum": 1 << 31, "default": 1},
        "couples": {"type": "integer", "minimum": 0, "maximum": MOST_COUPLES, "default": 0},
        "iterations": {"type": "integer", "minimum": 1, "maximum": 2, "default": 2},
        "quota": {**_CHANGES, "description": "Seats, as `Psychiatry/Toronto+10` or `27447=0`."},
        "shift": {**_CHANGES, "description": "Wishes for a province, as `BC=+10%`."},
        "iteration": {"type": "string", "minLength": 1, "maxLength": 50},
    },
}


def _simulate(asked: Asked) -> Command:
    """The command of a scenario; value and option are one word, so that a value stays a value."""
    body = asked.body
    words = ["--no-keep", f"--reps={body.get('repetitions', 60)}"]
    numbers = ("seed", "couples", "iterations")
    words += [f"--{name}={body[name]}" for name in numbers if name in body]
    changes = [(name, one) for name in ("quota", "shift") for one in body.get(name, ())]
    words += [f"--{name}={one}" for name, one in changes]
    if "iteration" in body:
        words.append(f"--iteration={body['iteration']}")
    return Command(("match", "simulate", *words))


ROUTES = (
    Route(
        "/api/v1/match/simulate",
        _simulate,
        "Compare the match with a scenario of it: a what-if, never a forecast",
        method="POST",
        body=_SCENARIO,
        outcomes="/api/v1/match/runs",
        description="One runs at a time, with 200 repetitions at most. Its outcome is what "
        "`carms match simulate --no-keep --json` says; the lake is not written to.",
    ),
)
