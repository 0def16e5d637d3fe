"""`POST /api/v1/rank`: programs in the order of one applicant's wishes."""

from __future__ import annotations

from datetime import date
from typing import Any

from carms_lake.domains.carms.analysis import ranking
from carms_lake.serve import paging
from carms_lake.serve.routes import Asked, Route

_ID = {"type": "string", "minLength": 1, "maxLength": 50}
_TEXTS = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": 100},
    "maxItems": 50,
}
_WHOLE = {"type": "integer", "minimum": 0, "maximum": 10_000}


def _rank(asked: Asked) -> object:
    body: dict[str, Any] = dict(asked.body)
    draws, seed = body.pop("draws", ranking.DRAWS), body.pop("seed", ranking.SEED)
    limit = body.pop("limit", paging.LIMIT)
    wishes = tuple(
        ranking.Wish(one["kind"], tuple(one["values"]), one.get("weight"))
        for one in body.pop("wishes", ())
    )
    body |= {name: tuple(body[name]) for name in body.keys() & set(_LISTS)}
    if "busy" in body:
        body["busy"] = tuple(date.fromisoformat(day) for day in body["busy"])
    profile = ranking.Profile(**body, wishes=wishes)
    profile.ensure_sound()
    found = ranking.rank(asked.lake, profile, draws=draws, seed=seed)
    return {
        "programs": found.programs.head(limit).to_dicts(),
        "ranked": found.programs.height,
        "considered": found.considered,
        "left_out": found.left_out_by(),
        "note": ranking.NO_CHANCE,
    }


_LISTS = ("apply_in", "tests", "disciplines", "schools", "provinces", "fixed")
_WISH = {
    "type": "object",
    "required": ["kind", "values"],
    "additionalProperties": False,
    "properties": {
        "kind": {"type": "string", "enum": list(ranking.WISHES)},
        "values": {**_TEXTS, "minItems": 1},
        "weight": {"type": "number", "minimum": 0, "maximum": 1_000},
    },
}
_PROFILE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "applicant": {"type": "string", "enum": ["CMG", "IMG", "USMG"]},
        "apply_in": {
            "type": "array",
            "items": {"type": "string", "enum": ["en", "fr"]},
            "maxItems": 2,
        },
        **dict.fromkeys(("tests", "disciplines", "schools", "provinces", "fixed"), _TEXTS),
        "return_of_service": {"type": "string", "enum": ["none", "required"]},
        **dict.fromkeys(("min_length", "max_length", "min_seats", "max_seats"), _WHOLE),
        "busy": {"type": "array", "items": {"type": "string", "format": "date"}, "maxItems": 100},
        "strict": {"type": "boolean"},
        "iteration": _ID,
        "wishes": {"type": "array", "items": _WISH, "maxItems": 30},
        "draws": {"type": "integer", "minimum": 1, "maximum": 2_000, "default": ranking.DRAWS},
        "seed": {"type": "integer", "minimum": 0, "maximum": 1 << 31, "default": ranking.SEED},
        "limit": {"type": "integer", "minimum": 1, "maximum": paging.MOST},
    },
}

ROUTE = Route(
    "/api/v1/rank",
    _rank,
    "Programs in the order of one applicant's wishes, after the constraints",
    {
        "type": "object",
        "required": ["programs", "ranked", "considered", "left_out", "note"],
        "properties": {
            "programs": {
                "type": "array",
                "items": {"type": "object", "required": ["rank", "program_stream_id", "fit"]},
            }
        },
    },
    method="POST",
    body=_PROFILE,
    contradiction=409,
    description="The body is a profile as `carms rank --template` writes it. Nothing of it is "
    "kept or logged.",
)
