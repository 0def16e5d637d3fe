"""Programs side by side: their facts, what they ask for, what they look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

import carms_lake
from carms_lake.domains.carms.analysis.program import program
from carms_lake.domains.carms.profile_text import (
    LEVELS,
    facts,
    requirement_name,
    requirement_notes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = {
    "part": pl.String(),
    "fact": pl.String(),
    "label": pl.String(),
    "match_iteration_id": pl.String(),
    "program_stream_id": pl.String(),
    "program_name": pl.String(),
    "value": pl.String(),
    "is_different": pl.Boolean(),
}
"""The columns of a comparison."""

IN_PROSE = "see `--section"
"""What a value has whose fact is only in prose, so that nobody can tell whether it differs."""

_NO_FACTS = ("program", "page")
"""Labels of what is another one for each program."""

_NAMES = {"dropped on": "deleted_on"}
"""Facts that have another name than their label."""

_STAGES = {"file_review": "file review", "interview": "interview"}
_EVALUATED = {True: "looked at", False: "not looked at"}
_ORDER = {True: 0, None: 1, False: 2}

_COUNTERPART = """
select
    there.program_stream_id,
    there.program_site = here.program_site and there.program_stream = here.program_stream as is_same
from program_profile_all_iterations as here
join program_profile_all_iterations as there
    on there.school_code = here.school_code
    and there.discipline_id = here.discipline_id
where here.match_iteration_id = $here
    and here.program_stream_id = $program
    and there.match_iteration_id = $there
    and (is_same or there.program_stream_id = here.program_stream_id)
order by is_same desc, there.program_stream_id
limit 1
"""

Fact = tuple[str, str, str]
"""Part, name and label."""


def compare(
    lake: carms_lake.Lake, program_ids: Sequence[str], iteration: str | None = None
) -> pl.DataFrame:
    """The facts of programs, one row per fact and program; columns as in `SCHEMA`.

    First the facts that differ, then those that are only in prose, then those that are equal; the
    programs of a fact are in the order of `program_ids`. `part` is facts, requirements, file
    review or interview; `fact` is a name that `analysis.evidence.why` takes, `label` and `value`
    are words. A value is null where it is not known; facts that are not known of any program are
    left out. `is_different` is null where a value is only in prose. Each program is of the
    iteration, or of the newest one that has it; one that was dropped is as it was before.

    Raises:
        UsageError: fewer than two programs, or one of them twice.
        UnknownKey: no delivery has had such a program.
        GoldMissing: gold is not built yet.
    """
    if len(program_ids) < 2:  # noqa: PLR2004 - one cannot be compared
        raise carms_lake.UsageError(
            "one program cannot be compared", "name two or more, or two `--iterations`"
        )
    if twice := [each for at, each in enumerate(program_ids) if each in program_ids[:at]]:
        raise carms_lake.UsageError(f"program `{twice[0]}` was named twice", "name it once")
    return compared([program(lake, each, iteration).row(0, named=True) for each in program_ids])


def compare_in_iterations(
    lake: carms_lake.Lake, program_id: str, before: str, after: str
) -> pl.DataFrame:
    """One program in two match iterations, as `compare` has two programs.

    `program_id` is its id in either. It is the same program where school, discipline, site and
    stream are, else where id, school and discipline are.

    Raises:
        UsageError: the iterations are one.
        UnknownKey: the program is not in one of them.
        GoldMissing: gold is not built yet.
    """
    if before == after:
        raise carms_lake.UsageError(
            f"match iteration `{before}` was named twice", "name two different ones"
        )
    for here, there in ((before, after), (after, before)):
        asked = {"program": program_id, "here": here, "there": there}
        found = lake.query(_COUNTERPART, asked)["program_stream_id"].to_list()
        if found:
            ids = {here: program_id, there: found[0]}
            both = ((before, ids[before]), (after, ids[after]))
            return compared(
                [program(lake, its_id, each).row(0, named=True) for each, its_id in both]
            )
    raise carms_lake.UnknownKey(
        f"program `{program_id}` is not in both match iterations, `{before}` and `{after}`",
        f"`carms programs compare {before} {after}` lists what came and went",
    )


def compared(profiles: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The same of programs that were read already: rows of `analysis.program`, with their lists."""
    tables = [dict(_stated(profile)) for profile in profiles]
    known: dict[Fact, None] = {}
    for table in tables:
        known |= dict.fromkeys(table)
    places = {fact: place for place, fact in enumerate(sorted(known, key=_part))}
    said = {
        fact: [
            table.get(fact, _absent(fact[0], profile))
            for table, profile in zip(tables, profiles, strict=True)
        ]
        for fact in places
    }
    differs = {fact: _differs(values) for fact, values in said.items()}
    rows = [
        (*fact, *(profile[key] for key in list(SCHEMA)[3:6]), value, differs[fact])
        for fact in sorted(places, key=lambda fact: (_ORDER[differs[fact]], places[fact]))
        if any(value is not None for value in said[fact])
        for profile, value in zip(profiles, said[fact], strict=True)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _part(fact: Fact) -> int:
    return ("facts", "requirements", *_STAGES.values()).index(fact[0])


def _differs(values: Sequence[str | None]) -> bool | None:
    if any(value is not None and IN_PROSE in value for value in values):
        return None
    return len(set(values)) > 1


def _stated(profile: Mapping[str, Any]) -> Iterator[tuple[Fact, str]]:
    """What is known of a program: each fact with its value in words."""
    for label, value in facts(profile):
        if value and label not in _NO_FACTS:
            name = _NAMES.get(label, label.replace(" ", "_"))
            yield ("facts", name, label), value.removesuffix("; what it was before that day:")
    asked: dict[Fact, list[str]] = {}
    for entry in profile["requirements"] or []:
        fact = ("requirements", entry["requirement_code"], requirement_name(entry))
        notes = filter(
            None, (requirement_notes(entry), entry["is_alternative"] and "one of several")
        )
        level = LEVELS[entry["requirement_level"]]
        asked.setdefault(fact, []).append(", ".join((level, *notes)))
    yield from ((fact, "; ".join(dict.fromkeys(values))) for fact, values in asked.items())
    for entry in profile["selection_criteria"] or []:
        stage, code = entry["stage"], entry["component_code"]
        unsaid = "may be looked at" if entry["criterion_text"] else "nothing is said"
        value = _EVALUATED.get(entry["is_evaluated"], unsaid)
        yield (_STAGES[stage], f"{stage}.{code}", entry["component_name"]), value


def _absent(part: str, profile: Mapping[str, Any]) -> str | None:
    """The value of a fact that a program has not; null where it may just not be known."""
    if part == "facts" or profile["document_language"] is None:
        return None
    return "not asked" if part == "requirements" else "not listed"
