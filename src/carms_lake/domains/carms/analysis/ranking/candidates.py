"""The programs that are ranked, with the facts that constraints and wishes are about."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis import nearest
from carms_lake.domains.carms.analysis.filters import matching

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Examination:
    """An examination that a description mentions.

    `level` is required, conditional or optional, or None where the text only mentions it;
    `applies_to` the only kind of applicant that it is asked of, or None.
    """

    code: str
    level: str | None = None
    applies_to: str | None = None


@dataclass(frozen=True)
class Candidate:
    """One program. The fields are columns of program_profile; None is what is not known."""

    program_stream_id: str
    match_iteration_id: str = ""
    program_name: str = ""
    discipline_id: str | None = None
    discipline_name: str | None = None
    school_code: int | None = None
    school_name: str | None = None
    program_site: str | None = None
    program_stream: str | None = None
    training_province: str | None = None
    eligible_cmg: bool | None = None
    eligible_img: bool | None = None
    eligible_usmg: bool | None = None
    application_language: str | None = None
    document_language: str | None = None
    length_years: int | None = None
    quota: int | None = None
    applications_min: int | None = None
    applications_max: int | None = None
    interviewed_pct_min: int | None = None
    interviewed_pct_max: int | None = None
    return_of_service_cmg: str | None = None
    return_of_service_cmg_text: str | None = None
    return_of_service_img: str | None = None
    return_of_service_img_text: str | None = None
    tests: tuple[Examination, ...] = ()
    interview_dates: tuple[date, ...] = ()
    themes: tuple[tuple[str, float], ...] = ()
    """How often the description speaks of a theme, per 10,000 characters."""
    likeness: tuple[tuple[str, float], ...] = ()
    """How similar the program is, 0 to 1, to each program that a wish names."""

    def service(self, applicant: str | None) -> tuple[str, str | None, str | None]:
        """The column about this kind of applicant's return of service, its value, the sentence.

        What is asked of graduates of US schools is what is asked of those of Canadian ones.
        """
        kind = "img" if applicant == "IMG" else "cmg"
        column = f"return_of_service_{kind}"
        return column, getattr(self, column), getattr(self, f"{column}_text")


_LISTS = ("tests", "interview_dates", "themes", "likeness")
_COLUMNS = [field.name for field in fields(Candidate) if field.name not in _LISTS]

_CANDIDATES = """
select
    <columns>,
    (
        select list({
            'code': requirement_code, 'level': requirement_level, 'applies_to': applies_to
        } order by requirement_ordinal)
        from bridge_program_requirement as asked
        join dim_requirement using (requirement_key)
        where asked.program_key = fact.program_key and requirement_category = 'examination'
    ) as tests,
    (
        select list(interview_on order by interview_on)
        from fact_interview_date as interview
        where interview.program_key = fact.program_key
    ) as interview_dates,
    (
        select list({'theme': feature, 'amount': amount} order by feature)
        from program_feature as of_program
        where of_program.program_key = fact.program_key
            and feature <> 'seats'
            and amount is not null
    ) as themes
from matching
join fact_program as fact
    on fact.match_iteration_id = matching.match_iteration_id
    and fact.program_stream_id = matching.program_stream_id
    and fact.is_current
order by matching.program_stream_id
""".replace("<columns>", ", ".join(f"matching.{column}" for column in _COLUMNS))


_SIMILAR = """
select program_stream_id, score from similar_programs($program, in_iteration := $iteration)
"""
SIMILAR_AT_MOST = 4.05
"""The score of two programs that agree in all that `similar_programs` compares."""


def candidates(
    lake: carms_lake.Lake, iteration: str | None, similar_to: Iterable[str] = ()
) -> list[Candidate]:
    """The programs of an iteration (None: the newest), sorted by id.

    Each has its likeness to the programs of `similar_to`.

    Raises:
        UsageError: a program of `similar_to` is not one of them.
        GoldMissing: gold is not built yet.
    """
    found = matching(lake, _CANDIDATES, {"iteration": iteration}).to_dicts()
    known = [row["program_stream_id"] for row in found]
    like: dict[str, list[tuple[str, float]]] = {one: [] for one in known}
    for program in similar_to:
        if program not in like:
            raise carms_lake.UsageError(
                f"`similar_to`: no program of this iteration has the id `{program}`",
                nearest.hint(program, known),
            )
        like[program].append((program, 1.0))
        asked = {"program": program, "iteration": iteration}
        for other, score in lake.query(_SIMILAR, asked).rows():
            if other in like:
                like[other].append((program, min(max(score / SIMILAR_AT_MOST, 0.0), 1.0)))
    return [_candidate(row, like[row["program_stream_id"]]) for row in found]


def _candidate(row: dict[str, Any], like: list[tuple[str, float]]) -> Candidate:
    row["tests"] = tuple(Examination(**one) for one in row["tests"] or ())
    row["interview_dates"] = tuple(row["interview_dates"] or ())
    row["themes"] = tuple((one["theme"], one["amount"]) for one in row["themes"] or ())
    return Candidate(**row, likeness=tuple(like))
