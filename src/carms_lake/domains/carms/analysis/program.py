"""One program: its profile, its lists, the text of its sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis import nearest
from carms_lake.domains.carms.analysis.known import gold_of_this_version, nearest_ids

if TYPE_CHECKING:
    import polars as pl

LISTS = ("interview_dates", "requirements", "selection_criteria", "sections")
"""What a program has several of: these columns of `program` hold lists."""

_PROGRAM = """
with offered as (
    select profile.*, null::date as deleted_on
    from program_profile_all_iterations as profile
),
known as (
    select * from offered
    union all by name
    -- A program that a later delivery does not have: its last version, its description is gone.
    select
        fact.match_iteration_id, fact.is_newest_iteration, fact.program_stream_id,
        fact.program_name, school.school_code, school.school_name,
        discipline.discipline_id, discipline.discipline_name, discipline.discipline_group,
        site.program_site, stream.program_stream, stream.eligibility,
        fact.eligible_cmg, fact.eligible_img, fact.eligible_usmg,
        fact.school_province, fact.training_province, fact.quota, fact.accreditation_status,
        fact.approved_on, fact.document_language, fact.application_language, fact.length_years,
        fact.reference_letters, fact.applications_min, fact.applications_max,
        fact.interviewed_pct_min, fact.interviewed_pct_max,
        fact.return_of_service_cmg, fact.return_of_service_cmg_text,
        fact.return_of_service_img, fact.return_of_service_img_text, fact.has_return_of_service,
        fact.program_url, fact.valid_from, fact.is_current, fact.deleted_on
    from fact_program as fact
    join dim_school as school using (school_key)
    join dim_discipline as discipline using (discipline_key)
    join dim_training_site as site using (training_site_key)
    join dim_stream as stream using (stream_key)
    where fact.is_current and fact.is_deleted
),
chosen as (
    select fact.program_key, known.*
    from known
    join dim_match_iteration as iteration
        on iteration.match_iteration_id = known.match_iteration_id
    join fact_program as fact
        on fact.match_iteration_id = known.match_iteration_id
        and fact.program_stream_id = known.program_stream_id
        and fact.is_current
    where known.program_stream_id = $program
        and ($iteration is null or known.match_iteration_id = $iteration)
    order by iteration.iteration_number desc nulls last
    limit 1
)
select
    chosen.* exclude (program_key),
    (
        select list(interview_on order by interview_on)
        from fact_interview_date as interview
        where interview.program_key = chosen.program_key
    ) as interview_dates,
    (
        select list({
            'requirement_code': requirement_code, 'requirement_name': requirement_name,
            'requirement_category': requirement_category,
            'requirement_level': requirement_level, 'applies_to': applies_to,
            'is_alternative': is_alternative,
            'requested_number': requested_number, 'max_words': max_words
        } order by requirement_ordinal)
        from bridge_program_requirement as asked
        join dim_requirement using (requirement_key)
        where asked.program_key = chosen.program_key
    ) as requirements,
    (
        select list({
            'stage': stated.stage, 'component_code': component_code,
            'component_name': component_name, 'is_evaluated': is_evaluated,
            'criterion_text': criterion_text
        } order by stated.stage, criterion_ordinal)
        from bridge_program_selection_criterion as stated
        join dim_selection_criterion using (selection_criterion_key)
        where stated.program_key = chosen.program_key
    ) as selection_criteria,
    (
        select list({
            'section_code': section_code, 'heading': heading, 'character_count': character_count
        } order by section_ordinal)
        from program_section_all_iterations as section
        where section.program_key = chosen.program_key
    ) as sections
from chosen
"""

_SECTIONS = """
select section_code, heading, content
from program_section_all_iterations
where match_iteration_id = $iteration
    and program_stream_id = $program
    and ($section is null or section_code = $section)
order by section_ordinal
"""


def program(lake: carms_lake.Lake, program_id: str, iteration: str | None = None) -> pl.DataFrame:
    """One row: the profile of a program in the newest iteration that has it, and its lists.

    The columns are those of program_profile, then `deleted_on` (the day of the delivery that no
    longer had it, else null), then `LISTS`, each a list or null.

    Raises:
        UnknownKey: no delivery has had such a program.
        GoldMissing: gold is not built yet, or by an earlier version.
    """
    with gold_of_this_version():
        found = lake.query(_PROGRAM, {"program": program_id, "iteration": iteration})
    if found.is_empty():
        where = f" in match iteration `{iteration}`" if iteration else ""
        raise carms_lake.UnknownKey(
            f"no program has the id `{program_id}`{where}", nearest_ids(lake, program_id)
        )
    return found


def sections(lake: carms_lake.Lake, profile: dict[str, Any], section: str | None) -> pl.DataFrame:
    """The text of a program: `section_code`, `heading`, `content`, a row for each section.

    `profile` is a row of `program`; `section` is the code of the one that is wanted, None for all.

    Raises:
        UnknownKey: the program does not have the section.
    """
    program_id, iteration = profile["program_stream_id"], profile["match_iteration_id"]
    asked = {"program": program_id, "iteration": iteration, "section": section}
    found = lake.query(_SECTIONS, asked)
    if section and found.is_empty():
        known = [entry["section_code"] for entry in profile["sections"] or []]
        raise carms_lake.UnknownKey(
            f"program `{program_id}` has no section `{section}`",
            nearest.hint(section, known),
        )
    return found
