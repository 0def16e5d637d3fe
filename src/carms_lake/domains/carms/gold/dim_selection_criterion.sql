-- Grain: one row per stage and component, and -1 for the unknown one.
-- Question: what can a program look at when it selects?
with stated as (
    select
        criterion.stage,
        criterion.component_code,
        criterion.label,
        document.document_language is not distinct from 'en' as is_english,
        program.valid_from
    from silver.selection_criterion as criterion
    join silver.document as document
        on document.match_iteration_id = criterion.match_iteration_id
        and document.program_stream_id = criterion.program_stream_id
    left join silver.program_history as program
        on program.match_iteration_id = criterion.match_iteration_id
        and program.program_stream_id = criterion.program_stream_id
        and program.is_current
),
labels as (
    select stage, component_code, label, is_english, count(*) as times
    from stated
    group by stage, component_code, label, is_english
),
named as (
    select stage, component_code, label
    from labels
    qualify row_number() over (
        partition by stage, component_code order by is_english desc, times desc, label
    ) = 1
),
seen as (
    select stage, component_code, min(valid_from) as created_at, max(valid_from) as updated_at
    from stated
    group by stage, component_code
)
select
    surrogate_key([seen.stage, seen.component_code])::bigint as selection_criterion_key,
    seen.stage,
    seen.component_code,
    named.label as component_name,
    coalesce(seen.created_at, timestamp '1970-01-01 00:00:00')::timestamp as created_at,
    coalesce(seen.updated_at, timestamp '1970-01-01 00:00:00')::timestamp as updated_at
from seen
join named on named.stage = seen.stage and named.component_code = seen.component_code
union all
select
    (-1)::bigint, 'unknown', 'unknown', 'Unknown',
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by selection_criterion_key
