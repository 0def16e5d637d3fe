-- Grain: one row per stream, and -1 for the unknown one.
-- Question: who may apply, and on what terms?
with seen as (
    select program_stream, min(valid_from) as created_at, max(valid_from) as updated_at
    from silver.program_history
    group by program_stream
),
newest as (
    select program_stream, eligibility
    from silver.program_history
    left join gold.dim_match_iteration as iteration using (match_iteration_id)
    qualify row_number() over (
        partition by program_stream
        order by iteration.iteration_number desc nulls last, valid_from desc, program_stream_id desc
    ) = 1
)
select
    surrogate_key([seen.program_stream])::bigint as stream_key,
    seen.program_stream,
    coalesce(stream.stream_name, seen.program_stream) as stream_name,
    coalesce(stream.eligibility, newest.eligibility) as eligibility,
    stream.is_return_of_service,
    stream.is_competitive,
    stream.includes_military,
    seen.created_at::timestamp as created_at,
    seen.updated_at::timestamp as updated_at
from seen
join newest on newest.program_stream = seen.program_stream
left join silver.stream as stream on stream.program_stream = seen.program_stream
union all
select
    (-1)::bigint, 'Unknown', 'Unknown', null::varchar, null::boolean, null::boolean, null::boolean,
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by stream_key
