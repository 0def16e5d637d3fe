-- Grain: one row per match iteration, and -1 for the unknown one.
-- Question: which round of the match is it, and is it the newest?
with seen as (
    select match_iteration_id, min(valid_from) as created_at, max(valid_from) as updated_at
    from silver.program_history
    group by match_iteration_id
)
select
    surrogate_key([seen.match_iteration_id])::bigint as match_iteration_key,
    seen.match_iteration_id,
    iteration.iteration_number,
    iteration.match_iteration_id is not null and row_number() over (
        order by iteration.match_iteration_id is null, iteration.iteration_number desc nulls last,
            seen.match_iteration_id desc
    ) = 1 as is_newest_iteration,
    iteration.match_iteration_name,
    iteration.match_year,
    iteration.match_round,
    seen.created_at::timestamp as created_at,
    seen.updated_at::timestamp as updated_at
from seen
left join silver.match_iteration as iteration on iteration.match_iteration_id = seen.match_iteration_id
union all
select
    (-1)::bigint, 'unknown', null::bigint, false, 'Unknown', null::integer, null::integer,
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by match_iteration_key
