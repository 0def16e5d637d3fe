"""What the commands of the domain ask, in SQL over gold."""

from __future__ import annotations

DISCIPLINES = """
select
    discipline_id,
    discipline_name,
    discipline_group,
    count(*) as programs,
    count(distinct school_code) as schools,
    sum(quota)::bigint as seats
from programs_matching(in_iteration := $iteration)
group by discipline_id, discipline_name, discipline_group
order by discipline_name, discipline_id
"""
"""The disciplines of an iteration."""

PROGRAM = """
with chosen as (
    select fact.program_key, profile.*
    from program_profile_all_iterations as profile
    join dim_match_iteration as iteration
        on iteration.match_iteration_id = profile.match_iteration_id
    join fact_program as fact
        on fact.match_iteration_id = profile.match_iteration_id
        and fact.program_stream_id = profile.program_stream_id
        and fact.is_current
    where profile.program_stream_id = $program
        and ($iteration is null or profile.match_iteration_id = $iteration)
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
            'requirement_level': requirement_level, 'applies_to': applies_to,
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
"""The profile of one program of the newest iteration that has it, with its lists."""

SECTIONS = """
select section_code, heading, content
from program_section_all_iterations
where match_iteration_id = $iteration
    and program_stream_id = $program
    and ($section is null or section_code = $section)
order by section_ordinal
"""
"""The text of one section of a program, or of all."""
