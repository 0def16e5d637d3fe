-- Grain: one row per current program of one match iteration that is not deleted and matches.
-- Question: which programs are there for an applicant, a province, a school, a discipline?
select *
from gold.program_profile_all_iterations as program
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
