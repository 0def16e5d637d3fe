"""`/programs`: the programs that fit, from memory, and one of them with its lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carms_lake.domains.carms.analysis import program as one
from carms_lake.domains.carms.analysis import programs as several
from carms_lake.domains.carms.analysis.known import ensure_iterations, gold_of_this_version
from carms_lake.domains.carms.service.filters import FILTERS, bits, given
from carms_lake.serve import paging
from carms_lake.serve.routes import Asked, Encoded, Parameter, Route

_PROFILES = """
from program_profile_all_iterations
where match_iteration_id = $iteration or ($iteration is null and is_newest_iteration)
order by discipline_name, school_name, program_site, program_stream, program_stream_id
"""

_SORTED = (
    *several.HEADINGS, *several.HEADINGS.values(), "application_language", "applications_max",
    "applications_min", "approved_on", "first_interview_on", "interviewed_pct_max",
    "interviewed_pct_min", "last_interview_on", "length_years", "program_name", "program_stream",
    "reference_letters", "school_province",
)  # fmt: skip
_WORD = f"-?({'|'.join(_SORTED)})"

SORT = Parameter(
    "sort",
    {"type": "string", "pattern": f"^{_WORD}(,{_WORD})*$", "maxLength": 300},
    "Columns with commas, `-` before one for its greatest first; what is not known comes last.",
)
ITERATION = FILTERS[-1]
PROGRAM_ID = Parameter(
    "program_stream_id",
    {"type": "string", "minLength": 1, "maxLength": 50},
    "The id of a program stream, as `27447`.",
    is_required=True,
)
SECTION = Parameter(
    "section",
    {"type": "string", "minLength": 1, "maxLength": 100},
    "With the text of this section of the description, or of `all`.",
)
PROFILE = {
    "type": "object",
    "required": ["program_stream_id", "program_name", "match_iteration_id", "quota"],
    "properties": {
        "program_stream_id": {"type": "string"},
        "match_iteration_id": {"type": "string"},
        "program_name": {"type": "string"},
        "quota": {
            "type": ["integer", "null"],
            "description": "Seats of the iteration; null where they are not known.",
        },
    },
}
DISCIPLINES = {
    "type": "object",
    "required": ["disciplines"],
    "properties": {
        "disciplines": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["discipline_id", "discipline_name", "programs", "seats"],
                "properties": {
                    "discipline_id": {"type": "string"},
                    "discipline_name": {"type": "string"},
                    "discipline_group": {"type": ["string", "null"]},
                    "programs": {"type": "integer"},
                    "schools": {"type": "integer"},
                    "seats": {"type": ["integer", "null"]},
                },
            },
        }
    },
}


@dataclass(frozen=True)
class Profiles:
    """The programs of an iteration, in the order of `carms programs`."""

    held: Any
    ids: Sequence[str]
    seats: Sequence[int]


def profiles(asked: Asked, iteration: str | None) -> Profiles:
    """The programs of an iteration (None: the newest), read once for each published file.

    Raises:
        UnknownKey: unknown iteration.
        GoldMissing: the gold file is of an earlier version.
    """

    def read() -> Profiles:
        with gold_of_this_version():
            columns, rows = asked.lake.rows(_PROFILES, {"iteration": iteration})
        if not rows and iteration is not None:
            ensure_iterations(asked.lake, iteration)
        held = asked.snapshot.hold(columns, rows)
        at, quota = columns.index("program_stream_id"), columns.index("quota")
        return Profiles(held, [row[at] for row in rows], [row[quota] or 0 for row in rows])

    found: Profiles = asked.memory.once(("profiles", iteration), read)
    return found


def chosen(
    asked: Asked, values: Mapping[str, Any], *, may_ask: bool
) -> tuple[Profiles, Sequence[int], int] | None:
    """The programs that fit, in order, and their seats; None where DuckDB has to be asked first."""
    filters = given(values)
    iteration = filters.get("iteration")
    key = ("chosen", tuple(sorted(filters.items())), values.get("sort"))
    held = asked.memory.get(("profiles", iteration))
    if held is None and not may_ask:
        return None
    found: Profiles = held or profiles(asked, iteration)
    known = asked.memory.get(key)
    if known is None:
        fitting = bits(asked, found.ids, filters, may_ask=may_ask)
        if fitting is None:
            return None
        order = _order(found.held, values.get("sort"))
        positions = [at for at in order if fitting >> at & 1]
        seats = sum(found.seats[at] for at in positions)
        known = asked.memory.once(key, lambda: (positions, seats))
    return found, *known


def _order(held: Any, sort: str | None) -> Sequence[int]:
    if sort is None:
        return range(len(held.rows))
    columns = several.sort_columns(sort, list(held.columns))
    descending = [word.strip().startswith("-") for word in sort.split(",")]
    found: Sequence[int] = held.positions((), tuple(zip(columns, descending, strict=True)))
    return found


def _page(asked: Asked, *, may_ask: bool) -> Encoded | None:
    fitting = chosen(asked, asked.values, may_ask=may_ask)
    if fitting is None:
        return None
    found, positions, seats = fitting
    more = b'"seats":%d,' % seats
    return paging.page(asked, "programs", found.held.encoded, positions, more)


def _programs(asked: Asked) -> object:
    return _page(asked, may_ask=True)


def _quick(asked: Asked) -> Encoded | None:
    return _page(asked, may_ask=False)


def _program(asked: Asked) -> object:
    values = asked.values
    found = one.program(asked.lake, values["program_stream_id"], values.get("iteration"))
    profile: dict[str, Any] = found.row(0, named=True)
    if (section := values.get("section")) is not None:
        wanted = None if section == "all" else section
        texts = one.sections(asked.lake, profile, wanted)
        profile["texts"] = texts.to_dicts()
    return profile


def _disciplines(asked: Asked) -> object:
    iteration = asked.values.get("iteration")
    if iteration is not None:
        ensure_iterations(asked.lake, iteration)
    return {"disciplines": several.disciplines(asked.lake, iteration).to_dicts()}


def _routes(prefix: str) -> tuple[Route, ...]:
    seats = {"type": "integer", "description": "The seats of all that fit."}
    return (
        Route(
            f"{prefix}/programs",
            _programs,
            "The programs that fit, with their seats",
            paging.response("programs", PROFILE, seats=seats),
            (*FILTERS, *paging.PARAMETERS, SORT),
            quick=_quick,
            warm=lambda asked: profiles(asked, None),
            description="What is not known of a program fits no filter: unknown is not no.",
            example={"province": "ON", "limit": 5},
        ),
        Route(
            f"{prefix}/programs/{{program_stream_id}}",
            _program,
            "One program: its profile, interview dates, requirements and criteria",
            PROFILE,
            (PROGRAM_ID, ITERATION, SECTION),
        ),
    )


ROUTES = (
    *_routes(""),
    *_routes("/api/v1"),
    Route(
        "/disciplines",
        _disciplines,
        "The disciplines that an iteration offers",
        DISCIPLINES,
        (ITERATION,),
    ),
)
