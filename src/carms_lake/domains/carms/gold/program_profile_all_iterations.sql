-- Grain: one row per match iteration and program of it that is not deleted, in its current version.
-- Question: what is known of a program, at a glance, in the newest match and in those before?
with interviews as (
    select program_key, min(interview_on) as first_interview_on, max(interview_on) as last_interview_on
    from gold.fact_interview_date
    group by program_key
),
asked_for as (
    select
        asked.program_key,
        bool_or(requirement.requirement_code = 'casper') as casper,
        bool_or(requirement.requirement_code = 'fmproc') as fmproc,
        bool_or(requirement.requirement_code = 'mccqe1') as mccqe1,
        bool_or(requirement.requirement_code = 'nac') as nac
    from gold.bridge_program_requirement as asked
    join gold.dim_requirement as requirement on requirement.requirement_key = asked.requirement_key
    group by asked.program_key
)
select
    program.match_iteration_id,
    program.is_newest_iteration,
    program.program_stream_id,
    program.program_name,
    school.school_code,
    school.school_name,
    discipline.discipline_id,
    discipline.discipline_name,
    discipline.discipline_group,
    site.program_site,
    stream.program_stream,
    stream.eligibility,
    program.eligible_cmg,
    program.eligible_img,
    program.eligible_usmg,
    program.school_province,
    program.training_province,
    program.quota,
    program.accreditation_status,
    program.approved_on,
    program.document_language,
    program.application_language,
    program.length_years,
    program.reference_letters,
    program.applications_min,
    program.applications_max,
    program.interviewed_pct_min,
    program.interviewed_pct_max,
    interviews.first_interview_on,
    interviews.last_interview_on,
    program.return_of_service_cmg,
    program.return_of_service_cmg_text,
    program.return_of_service_img,
    program.return_of_service_img_text,
    program.has_return_of_service,
    case when program.document_language is not null then coalesce(asked_for.casper, false) end as needs_casper,
    case when program.document_language is not null then coalesce(asked_for.fmproc, false) end as needs_fmproc,
    case when program.document_language is not null then coalesce(asked_for.mccqe1, false) end as needs_mccqe1,
    case when program.document_language is not null then coalesce(asked_for.nac, false) end as needs_nac,
    program.program_url,
    program.valid_from,
    program.is_current
from gold.fact_program as program
join gold.dim_school as school on school.school_key = program.school_key
join gold.dim_discipline as discipline on discipline.discipline_key = program.discipline_key
join gold.dim_training_site as site on site.training_site_key = program.training_site_key
join gold.dim_stream as stream on stream.stream_key = program.stream_key
left join interviews on interviews.program_key = program.program_key
left join asked_for on asked_for.program_key = program.program_key
where program.is_current
    and not program.is_deleted
