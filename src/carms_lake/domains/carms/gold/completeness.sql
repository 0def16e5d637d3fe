-- Grain: one row per language of the description and fact.
-- Question: how many programs of the newest match have a fact, in each language?
with counted as (
    select
        program.match_iteration_id,
        coalesce(program.document_language, 'none') as document_language,
        count(*)::bigint as total,
        unnest([
            {'field': 'quota', 'filled': count(program.quota)},
            {'field': 'accreditation_status', 'filled': count(program.accreditation_status)},
            {'field': 'approved_on', 'filled': count(program.approved_on)},
            {'field': 'application_language', 'filled': count(program.application_language)},
            {'field': 'school_province', 'filled': count(program.school_province)},
            {'field': 'training_province', 'filled': count(program.training_province)},
            {'field': 'length_years', 'filled': count(program.length_years)},
            {'field': 'reference_letters', 'filled': count(program.reference_letters)},
            {'field': 'applications_min', 'filled': count(program.applications_min)},
            {'field': 'interviewed_pct_min', 'filled': count(program.interviewed_pct_min)},
            {'field': 'has_return_of_service', 'filled': count(program.has_return_of_service)},
            {'field': 'interview_dates', 'filled': count(interviews.program_key)},
            {'field': 'requirements', 'filled': count(requirements.program_key)},
            {'field': 'selection_criteria', 'filled': count(criteria.program_key)},
            {'field': 'sections', 'filled': count(sections.program_key)}
        ]) as fact
    from gold.fact_program as program
    left join (select distinct program_key from gold.fact_interview_date) as interviews
        on interviews.program_key = program.program_key
    left join (select distinct program_key from gold.bridge_program_requirement) as requirements
        on requirements.program_key = program.program_key
    left join (select distinct program_key from gold.bridge_program_selection_criterion) as criteria
        on criteria.program_key = program.program_key
    left join (select distinct program_key from gold.program_section_all_iterations) as sections
        on sections.program_key = program.program_key
    where program.is_current
        and not program.is_deleted
        and program.is_newest_iteration
    group by program.match_iteration_id, program.document_language
)
select
    match_iteration_id,
    document_language,
    fact.field as field,
    fact.filled::bigint as filled,
    total,
    (100.0 * fact.filled / total)::double as filled_pct
from counted
