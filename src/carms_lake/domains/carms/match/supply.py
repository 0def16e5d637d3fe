"""The seats of a match: one `Program` per program stream of an iteration, read from gold."""

from __future__ import annotations

from typing import Any, NamedTuple

import carms_lake

KINDS = ("CMG", "IMG", "USMG")
"""Who applies: graduates of Canadian, of other, and of United States schools of medicine."""

SUPPLY = """
with called as (
    select kind, code, list(distinct name order by name) as names
    from other_name
    group by kind, code
)
select
    program_stream_id, match_iteration_id, discipline_name, school_name, school_province,
    coalesce(training_province, school_province) as training_province, program_stream,
    eligibility, eligible_cmg, eligible_img, eligible_usmg,
    coalesce(application_language, document_language, 'en') as application_language, quota,
    list_concat(school.names, discipline.names) as names
from program_profile_all_iterations as program
left join called as school
    on school.kind = 'school' and school.code = program.school_code::varchar
left join called as discipline
    on discipline.kind = 'discipline' and discipline.code = program.discipline_id
where case
    when $iteration is null then is_newest_iteration else match_iteration_id = $iteration
end
order by program_stream_id
"""
"""The programs of one iteration, the newest if none is named, with their other names."""


class Program(NamedTuple):
    """One program stream.

    `appeal` is the seats that applicants have in mind when they rank, which no change of seats
    changes; `names` are all that its school and its discipline are called.
    """

    id: str
    discipline: str
    school: str
    school_province: str
    province: str
    stream: str
    eligibility: str
    kinds: tuple[str, ...]
    language: str
    seats: int
    appeal: int
    names: tuple[str, ...] = ()


class Supply(NamedTuple):
    """The programs of an iteration, and the seats for which no applicant of the model may apply."""

    iteration: str
    programs: tuple[Program, ...]
    left_out_seats: int


def supply(lake: carms_lake.Lake, iteration: str | None = None) -> Supply:
    """The supply of one match iteration, the newest one if none is named.

    Streams for the Forces alone are left out, for they rank their own applicants. A program whose
    quota is not known has no seats.

    Raises:
        carms_lake.UnknownKey: the iteration has no programs.
        carms_lake.GoldMissing: gold is not built yet.
    """
    rows = lake.query(SUPPLY, {"iteration": iteration}).to_dicts()
    if not rows:
        raise carms_lake.UnknownKey(
            f"no program of match iteration `{iteration}`" if iteration else "there is no program",
            "`carms programs` lists those of the newest one",
        )
    made = [_program(row) for row in rows]
    return Supply(
        rows[0]["match_iteration_id"],
        tuple(program for program in made if program.kinds),
        sum(program.seats for program in made if not program.kinds),
    )


def _program(row: dict[str, Any]) -> Program:
    text = {key: str(value or "unknown") for key, value in row.items()}
    seats = int(text["quota"]) if text["quota"].isdigit() else 0
    return Program(
        id=text["program_stream_id"],
        discipline=text["discipline_name"],
        school=text["school_name"],
        school_province=text["school_province"],
        province=text["training_province"],
        stream=text["program_stream"],
        eligibility=text["eligibility"],
        kinds=tuple(kind for kind in KINDS if row[f"eligible_{kind.lower()}"]),
        language=text["application_language"],
        seats=seats,
        appeal=seats,
        names=tuple(row["names"] or ()),
    )
