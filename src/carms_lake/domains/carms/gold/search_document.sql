-- Grain: one row per current program that is not deleted.
-- Question: what is a program called, and which programs have the same text?
with named as (
    select
        profile.match_iteration_id,
        profile.program_stream_id,
        string_agg(distinct known.name, ', ' order by known.name) as names
    from gold.program_profile_all_iterations as profile
    join gold.other_name as known
        on (known.kind = 'school' and known.code = profile.school_code::varchar)
        or (known.kind = 'discipline' and known.code = profile.discipline_id)
        or (known.kind = 'province' and known.code = profile.training_province)
    group by profile.match_iteration_id, profile.program_stream_id
),
described as (
    select program_key, md5(string_agg(content, chr(30) order by section_ordinal)) as text_hash
    from gold.program_section_all_iterations
    -- What is said about applying differs from stream to stream, where the training is the same.
    where section_code in ('program_highlights', 'program_curriculum', 'training_sites')
    group by program_key
)
select
    program.program_key,
    program.match_iteration_id,
    program.is_newest_iteration,
    program.program_stream_id,
    program.program_name,
    concat_ws(
        ', ',
        named.names,
        program.training_province,
        case when program.eligible_cmg then 'CMG' end,
        case when program.eligible_img then 'IMG' end,
        case when program.eligible_usmg then 'USMG' end
    ) as other_names,
    min(program.program_stream_id) over (
        partition by program.match_iteration_id, coalesce(described.text_hash, program.program_stream_id)
    ) as same_text_as
from gold.fact_program as program
left join named
    on named.match_iteration_id = program.match_iteration_id
    and named.program_stream_id = program.program_stream_id
left join described on described.program_key = program.program_key
where program.is_current
    and not program.is_deleted
order by program.match_iteration_id, program.program_stream_id
