"""The form of `/rank` as a profile of `analysis.ranking`, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from carms_lake.domains.carms.analysis.ranking import WISHES, Profile, Wish
from carms_lake.domains.carms.service.filters import FILTERS
from carms_lake.serve.pages.page import Pairs
from carms_lake.serve.paging import MOST_OFFSET
from carms_lake.serve.routes import Parameter

MOST_WISHES = 12
TYPED = ("site", "similar_to")
"""Wishes whose value is typed; each has a field of its own, and others are chosen from a list."""
NONE = "none"
"""The box for no examination at all."""

_TEXT = {"type": "string", "minLength": 1, "maxLength": 120}
_TEXTS = {"type": "array", "items": _TEXT, "maxItems": 60}
_WHOLE = {"type": "integer", "minimum": 0, "maximum": 10_000}
_WEIGHT = {"type": "number", "minimum": 0, "maximum": 1_000}
_APPLICANT = next(one for one in FILTERS if one.name == "applicant")

LISTS = ("apply_in", "tests", "disciplines", "schools", "provinces", "fixed")
LIMITS = ("min_length", "max_length", "min_seats", "max_seats")

PARAMETERS = (
    _APPLICANT,
    *(Parameter(name, _TEXTS, f"As `{name}` of a profile.") for name in LISTS),
    Parameter("return_of_service", {"type": "string", "enum": ["none", "required"]}, "Of you."),
    *(Parameter(name, _WHOLE, f"As `{name}` of a profile.") for name in LIMITS),
    Parameter("busy", {**_TEXTS, "items": {"type": "string", "format": "date"}}, "Days."),
    Parameter("strict", {"type": "boolean"}, "As `strict` of a profile."),
    FILTERS[-1],
    *(
        one
        for n in range(1, MOST_WISHES + 1)
        for one in (
            Parameter(f"wish{n}", {**_TEXT, "pattern": "^[a-z_]+=."}, "As `province=ON`."),
            Parameter(f"weight{n}", _WEIGHT, "How much the wish counts."),
        )
    ),
    *(
        one
        for name in TYPED
        for one in (
            Parameter(name, _TEXT, WISHES[name]),
            Parameter(f"{name}_weight", _WEIGHT, "How much the wish counts."),
        )
    ),
    Parameter(
        "offset", {"type": "integer", "minimum": 0, "maximum": MOST_OFFSET}, "So many first."
    ),
)


def wishes(values: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    """The wishes of the list, as `province=ON`, with their weights."""
    found = [(values.get(f"wish{n}"), values.get(f"weight{n}")) for n in range(1, MOST_WISHES + 1)]
    return [(wish, weight) for wish, weight in found if wish is not None]


def profile(values: Mapping[str, Any]) -> Profile:
    """What the values of the page ask for.

    Raises:
        UsageError: the wishes, or values together, cannot be.
    """
    stated: dict[str, Any] = {
        name: tuple(values[name]) for name in LISTS if name in values and name != "tests"
    }
    if "tests" in values:
        stated["tests"] = tuple(one for one in values["tests"] if one != NONE)
    single = ("applicant", "return_of_service", "strict", "iteration", *LIMITS)
    stated |= {name: values[name] for name in single if name in values}
    stated["busy"] = tuple(date.fromisoformat(day) for day in values.get("busy", ()))
    asked = []
    for wish, weight in wishes(values):
        kind, _, value = wish.partition("=")
        asked.append(Wish(kind, (value,), weight))
    typed = [name for name in TYPED if name in values]
    asked += [Wish(name, (values[name],), values.get(f"{name}_weight")) for name in typed]
    found = Profile(**stated, wishes=tuple(asked))
    found.ensure_sound()
    return found


def tidy(pairs: Pairs) -> Pairs:
    """Wishes one after the other, each with its weight; weights of nothing are left out."""
    said = dict(pairs)
    rows = [(said.get(f"wish{n}"), said.get(f"weight{n}")) for n in range(1, MOST_WISHES + 1)]
    kept = {wish: weight for wish, weight in rows if wish}
    numbered: list[tuple[str, str]] = []
    for n, (wish, weight) in enumerate(kept.items(), 1):
        numbered += [(f"wish{n}", wish), *([(f"weight{n}", weight)] if weight else [])]
    own = {f"{kind}{n}" for kind in ("wish", "weight") for n in range(1, MOST_WISHES + 1)}
    own |= {f"{name}_weight" for name in TYPED if name not in said}
    return [*(pair for pair in pairs if pair[0] not in own), *numbered]
