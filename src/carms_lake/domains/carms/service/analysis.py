"""Search, likeness, comparison, ranking and requirements over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis import compare, search, similar
from carms_lake.domains.carms.analysis.known import gold_of_this_version
from carms_lake.domains.carms.service.filters import FILTERS, given, named
from carms_lake.domains.carms.service.programs import ITERATION, PROGRAM_ID
from carms_lake.serve import paging
from carms_lake.serve.routes import Asked, Parameter, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

_REQUIREMENTS = """
select
    program.match_iteration_id, program.program_stream_id, asked.requirement_ordinal,
    requirement.requirement_code, requirement.requirement_name,
    requirement.requirement_category, asked.requirement_level, asked.applies_to,
    asked.is_alternative, asked.requested_number, asked.max_words
from bridge_program_requirement as asked
join dim_requirement as requirement using (requirement_key)
join fact_program as program using (program_key)
where program.is_current
    and program.is_newest_iteration
    and not program.is_deleted
    and ($program is null or program.program_stream_id = $program)
    and ($code is null or requirement.requirement_code = $code)
    and ($level is null or asked.requirement_level = $level)
order by program.program_stream_id, asked.requirement_ordinal, requirement.requirement_code
"""

_ID = {"type": "string", "minLength": 1, "maxLength": 50}
_LIMIT = Parameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}, "How many at most."
)


def _rows(*required: str) -> dict[str, Any]:
    """The schema of a list of rows with these columns at least."""
    return {"type": "array", "items": {"type": "object", "required": list(required)}}


def _requirements(asked: Asked) -> object:
    values = asked.values
    wanted = {name: values.get(name) for name in ("program", "code", "level")}
    with gold_of_this_version():
        return paging.selected(asked, "requirements", _REQUIREMENTS, wanted)


def _search(asked: Asked) -> object:
    values, filters = asked.values, given(asked.values)

    def ask(sql: str, parameters: Mapping[str, Any]) -> list[Any]:
        return asked.lake.rows(sql, parameters)[1]

    with named(asked.lake, filters):
        found = search.answer(
            ask,
            values["q"],
            filters,
            section=values.get("section"),
            limit=values.get("limit", 10),
            explain=values.get("explain", False),
        )
    names = (*search.COLUMNS, "explanation") if values.get("explain") else search.COLUMNS
    rows = [
        dict(zip(names, hit.row(explain="explanation" in names), strict=True)) for hit in found.hits
    ]
    return {
        "programs": rows,
        "total": found.programs,
        "read_as": {word: list(terms) for word, terms in found.read_as.items()},
    }


def _similar(asked: Asked) -> object:
    values, filters = asked.values, given(asked.values)
    with named(asked.lake, filters):
        found = similar.similar(
            asked.lake, values["program_stream_id"], filters, values.get("limit", 10)
        )
    return {"programs": found.to_dicts()}


def _compare(asked: Asked) -> object:
    values = asked.values
    programs = values["programs"]
    if "before" in values or "after" in values:
        if len(programs) != 1 or not {"before", "after"} <= values.keys():
            raise carms_lake.UsageError(
                "two iterations are compared for one program",
                "give one id in `programs`, with `before` and `after`",
            )
        found = compare.compare_in_iterations(
            asked.lake, programs[0], values["before"], values["after"]
        )
    else:
        found = compare.compare(asked.lake, programs, values.get("iteration"))
    return {"facts": found.to_dicts()}


ROUTES = (
    Route(
        "/api/v1/requirements",
        _requirements,
        "What programs of the newest match ask of their applicants",
        paging.response(
            "requirements",
            {"type": "object", "required": ["program_stream_id", "requirement_code"]},
        ),
        (
            Parameter("program", _ID, "Of one program stream."),
            Parameter("code", _ID, "Of one requirement, as `casper`."),
            Parameter("level", _ID, "As it is asked, as `required`."),
            *paging.PARAMETERS,
        ),
    ),
    Route(
        "/api/v1/search",
        _search,
        "The programs whose descriptions and names have some words, the best first",
        {
            "type": "object",
            "required": ["programs", "total", "read_as"],
            "properties": {
                "programs": _rows("program_stream_id", "score", "snippet"),
                "total": {"type": "integer"},
                "read_as": {"type": "object"},
            },
        },
        (
            Parameter(
                "q",
                {"type": "string", "minLength": 1, "maxLength": 500, "pattern": "[A-Za-z0-9]"},
                "Words in English or French.",
                is_required=True,
            ),
            Parameter("section", _ID, "Only in this section, as `interviews`."),
            Parameter("explain", {"type": "boolean"}, "Say what each word brings."),
            _LIMIT,
            *FILTERS,
        ),
        contradiction=404,
        example={"q": "rural obstetrics"},
    ),
    Route(
        "/api/v1/similar/{program_stream_id}",
        _similar,
        "The programs most like one, with the reasons",
        {
            "type": "object",
            "required": ["programs"],
            "properties": {"programs": _rows("program_stream_id", "score", "reasons")},
        },
        (PROGRAM_ID, _LIMIT, *FILTERS),
    ),
    Route(
        "/api/v1/compare",
        _compare,
        "Programs side by side, or one in two iterations; what differs comes first",
        {
            "type": "object",
            "required": ["facts"],
            "properties": {"facts": _rows("part", "fact", "value", "is_different")},
        },
        (
            Parameter(
                "programs",
                {"type": "array", "items": _ID, "minItems": 1, "maxItems": 20, "uniqueItems": True},
                "Ids of program streams, with commas.",
                is_required=True,
            ),
            Parameter("before", _ID, "A match iteration, with one program."),
            Parameter("after", _ID, "Another one, to compare it with."),
            ITERATION,
        ),
        contradiction=409,
    ),
)
