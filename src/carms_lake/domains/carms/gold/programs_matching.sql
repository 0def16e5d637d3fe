-- Grain: one row per current program of one match iteration that is not deleted and matches.
-- Question: which programs are there for an applicant, a place, a school, a discipline, a wish?
with examinations as (
    select
        version.match_iteration_id,
        version.program_stream_id,
        list(requirement.requirement_code) as codes
    from gold.bridge_program_requirement as asked
    join gold.dim_requirement as requirement on requirement.requirement_key = asked.requirement_key
    join gold.fact_program as version on version.program_key = asked.program_key
    where version.is_current
        and (asked.applies_to is null or asked.applies_to = coalesce(upper(for_applicant), asked.applies_to))
    group by version.match_iteration_id, version.program_stream_id
)
select program.*
from gold.program_profile_all_iterations as program
left join examinations
    on examinations.match_iteration_id = program.match_iteration_id
    and examinations.program_stream_id = program.program_stream_id
where (program.match_iteration_id = in_iteration or (in_iteration is null and program.is_newest_iteration))
    and (
        in_province is null
        or program.training_province in (select code from gold.codes_named('province', in_province))
    )
    and (for_eligibility is null or upper(program.eligibility) = upper(for_eligibility))
    and (
        for_applicant is null
        or case upper(for_applicant)
            when 'CMG' then program.eligible_cmg
            when 'IMG' then program.eligible_img
            when 'USMG' then program.eligible_usmg
        end
    )
    and (in_language is null or program.document_language = lower(in_language))
    and (
        of_discipline is null
        or program.discipline_id in (select code from gold.codes_named('discipline', of_discipline))
    )
    and (
        of_school is null
        or program.school_code::varchar in (select code from gold.codes_named('school', of_school))
    )
    and (at_site is null or program.program_site in (select code from gold.codes_named('site', at_site)))
    and (in_stream is null or program.program_stream in (select code from gold.codes_named('stream', in_stream)))
    and (min_seats is null or program.quota >= min_seats)
    and (max_seats is null or program.quota <= max_seats)
    and (of_length is null or program.length_years = of_length)
    and (apply_in is null or program.application_language in (lower(apply_in), 'either'))
    and (
        coalesce(casper, fmproc, mccqe1, nac) is null
        or (
            program.document_language is not null
            and coalesce(casper = list_contains(coalesce(examinations.codes, []), 'casper'), true)
            and coalesce(fmproc = list_contains(coalesce(examinations.codes, []), 'fmproc'), true)
            and coalesce(mccqe1 = list_contains(coalesce(examinations.codes, []), 'mccqe1'), true)
            and coalesce(nac = list_contains(coalesce(examinations.codes, []), 'nac'), true)
        )
    )
    and (
        service is null
        or list_contains(
            string_split(lower(replace(service, ' ', '')), ','),
            case
                when upper(for_applicant) = 'IMG' then coalesce(program.return_of_service_img, 'not_mentioned')
                when for_applicant is not null then coalesce(program.return_of_service_cmg, 'not_mentioned')
                -- Of all whom the stream takes: what is the least free, and what is not known.
                when 'required' in (program.return_of_service_cmg, program.return_of_service_img) then 'required'
                when 'unclear' in (program.return_of_service_cmg, program.return_of_service_img) then 'unclear'
                when program.return_of_service_cmg is null and program.eligible_cmg then 'not_mentioned'
                when program.return_of_service_img is null and program.eligible_img then 'not_mentioned'
                when 'not_applicable' in (program.return_of_service_cmg, program.return_of_service_img)
                    then 'not_applicable'
                else coalesce(program.return_of_service_cmg, program.return_of_service_img, 'not_mentioned')
            end
        )
    )
    and (
        coalesce(interviews_from::varchar, interviews_to::varchar, interview_month::varchar) is null
        or exists (
            select 1
            from gold.fact_interview_date as interview
            where interview.match_iteration_id = program.match_iteration_id
                and interview.program_stream_id = program.program_stream_id
                and interview.is_current
                and (interviews_from is null or interview.interview_on >= interviews_from::date)
                and (interviews_to is null or interview.interview_on <= interviews_to::date)
                and (
                    interview_month is null
                    or lower(interview_month::varchar) in (
                        strftime(interview.interview_on, '%Y-%m'),
                        strftime(interview.interview_on, '%m'),
                        month(interview.interview_on)::varchar,
                        lower(monthname(interview.interview_on))
                    )
                )
        )
    )
