-- Grain: one row per current program version and thing asked, in the order of the description.
-- Question: what does a program ask of its applicants?
select
    program.program_key,
    asked.requirement_ordinal,
    coalesce(requirement.requirement_key, -1)::bigint as requirement_key,
    asked.requirement_level,
    asked.applies_to,
    asked.is_alternative,
    asked.requested_number,
    asked.min_words,
    asked.max_words,
    asked.label
from silver.requirement as asked
join gold.fact_program as program
    on program.match_iteration_id = asked.match_iteration_id
    and program.program_stream_id = asked.program_stream_id
    and program.is_current
left join gold.dim_requirement as requirement
    on requirement.requirement_category = asked.requirement_category
    and requirement.requirement_code = asked.requirement_code
order by asked.match_iteration_id, asked.program_stream_id, asked.requirement_ordinal
