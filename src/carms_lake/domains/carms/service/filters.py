"""The filters of `carms programs` as parameters, and which programs they leave, from memory.

The answer to each filter comes from the macro `programs_matching`, once for each value and
published file, as one bit for each program; filters together are the bits that all have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import reduce
from operator import and_
from typing import Any

import carms_lake
from carms_lake.domains.carms.analysis.filters import (
    PARAMETERS,
    ensure_named,
    over_matching,
    parameters,
)
from carms_lake.domains.carms.analysis.known import gold_of_this_version
from carms_lake.serve.routes import Asked, Parameter

_NAME = {"type": "string", "minLength": 1, "maxLength": 100}
_SEATS = {"type": "integer", "minimum": 0, "maximum": 10_000}
_ASKS = {"type": "boolean"}
_DAY = {"type": "string", "format": "date"}
_SERVICE = "(required|none|unclear|not_applicable|not_mentioned)"

FILTERS = (
    Parameter("province", _NAME, "Where the training is: `ON`, `Ontario`, `Québec`."),
    Parameter("discipline", _NAME, "A name (English or French), abbreviation, id, or part."),
    Parameter("school", _NAME, "A name (English or French), abbreviation, code, or part."),
    Parameter(
        "applicant",
        {"type": "string", "enum": ["CMG", "IMG", "USMG"]},
        "Who applies: all streams that take them.",
    ),
    Parameter(
        "eligibility",
        {"type": "string", "enum": ["CMG", "IMG", "All", "MOTP/MMTP"]},
        "The stream; `applicant` also takes All.",
    ),
    Parameter(
        "language", {"type": "string", "enum": ["en", "fr"]}, "The language of the description."
    ),
    Parameter("site", _NAME, "A training site, or a part of its name."),
    Parameter("stream", _NAME, "A stream, or a part of its name."),
    Parameter("min_seats", _SEATS, "At least this many seats."),
    Parameter("max_seats", _SEATS, "At most this many seats."),
    Parameter("length", {"type": "integer", "minimum": 1, "maximum": 20}, "Its length in years."),
    Parameter(
        "apply_in",
        {"type": "string", "enum": ["en", "fr", "either"]},
        "The language to apply in; en and fr also take programs where either will do.",
    ),
    Parameter("casper", _ASKS, "Whether it asks `applicant` for Casper."),
    Parameter("fmproc", _ASKS, "The same for the FMProC."),
    Parameter("mccqe1", _ASKS, "The same for part I of the MCCQE."),
    Parameter("nac", _ASKS, "The same for the NAC examination."),
    Parameter(
        "return_of_service",
        {"type": "string", "pattern": f"^{_SERVICE}(,{_SERVICE})*$", "maxLength": 100},
        "Of `applicant`, else of all it takes; several with commas.",
    ),
    Parameter("interviews_from", _DAY, "Interviews on this day or later."),
    Parameter("interviews_to", _DAY, "Interviews on this day or before."),
    Parameter(
        "interview_month",
        {"type": "string", "pattern": "^(20[0-9]{2}-)?(0[1-9]|1[0-2])$"},
        "Interviews in it: `2025-01` or `01`.",
    ),
    Parameter("iteration", _NAME, "A match iteration (default: the newest)."),
)
"""The parameters; `analysis.filters.PARAMETERS` has the same names."""

_IDS = over_matching("select program_stream_id from matching")

_TOGETHER: tuple[tuple[str, ...], ...] = (
    ("applicant", "casper", "fmproc", "mccqe1", "nac", "return_of_service"),
    ("interviews_from", "interviews_to", "interview_month"),
)
"""Filters whose meaning depends on each other; every other one is asked by itself."""


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """The filters among the values of a request, as `analysis` takes them."""
    found = {name: values[name] for name in PARAMETERS if name in values}
    for name in ("interviews_from", "interviews_to"):
        if name in found:
            found[name] = date.fromisoformat(found[name])
    return found


def _parts(filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The filters in groups that can be asked each by itself."""
    left = {name: value for name, value in filters.items() if name != "iteration"}
    for names in _TOGETHER:
        together = {name: left.pop(name) for name in names if name in left}
        if together:
            yield together
    yield from ({name: value} for name, value in left.items())


def bits(
    asked: Asked, ids: Sequence[str], filters: Mapping[str, Any], *, may_ask: bool
) -> int | None:
    """The programs that fit, a bit for each of `ids`; None where that has to be asked and may not.

    Raises:
        UsageError: a filter cannot have that value.
        UnknownKey: a filter names what does not exist.
    """
    found = []
    for part in _parts(filters):
        key = ("bits", filters.get("iteration"), tuple(sorted(part.items())))
        known = asked.memory.get(key)
        if known is None:
            if not may_ask:
                return None
            known = (_asked(asked, ids, {**part, "iteration": filters.get("iteration")}),)
            asked.memory.once(key, lambda known=known: known)  # type: ignore[misc]  # its value of now
        found.append(known[0])
    return reduce(and_, found, (1 << len(ids)) - 1)


def _asked(asked: Asked, ids: Sequence[str], filters: Mapping[str, Any]) -> int:
    """The bits of some filters, by the macro."""
    wanted = parameters(filters)
    with gold_of_this_version():
        _, rows = asked.lake.rows(_IDS, wanted)
    if not rows:
        with named(asked.lake, filters):
            ensure_named(asked.lake, wanted)
    fitting = {row[0] for row in rows}
    return sum(1 << at for at, one in enumerate(ids) if one in fitting)


@contextmanager
def named(lake: carms_lake.Lake, filters: Mapping[str, Any]) -> Iterator[None]:
    """Errors about a name that nothing has become `UnknownKey`: it was not found.

    Raises:
        UnknownKey: a filter names what does not exist.
        LakeError: whatever else was raised.
    """
    try:
        yield
    except carms_lake.UsageError:
        try:
            ensure_named(lake, parameters(filters))
        except carms_lake.UsageError as unknown:
            raise carms_lake.UnknownKey(unknown.message, unknown.hint) from None
        raise
