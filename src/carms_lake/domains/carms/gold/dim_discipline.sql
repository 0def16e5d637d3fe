-- Grain: one row per discipline, and -1 for the unknown one; the newest iteration names it.
-- Question: what is learned?
with seen as (
    select discipline_id, min(valid_from) as created_at, max(valid_from) as updated_at
    from silver.program_history
    group by discipline_id
),
newest as (
    select discipline_id, discipline_name
    from silver.program_history
    left join gold.dim_match_iteration as iteration using (match_iteration_id)
    qualify row_number() over (
        partition by discipline_id
        order by iteration.iteration_number desc nulls last, valid_from desc, program_stream_id desc
    ) = 1
),
members as (
    select discipline_id from silver.discipline
    union
    select discipline_id from seen
),
named as (
    select
        code,
        max(name) filter (where language = 'fr' and name_type = 'name') as name_fr,
        max(name) filter (where name_type = 'short') as short_name
    from silver.other_name
    where kind = 'discipline'
    group by code
)
select
    surrogate_key([members.discipline_id])::bigint as discipline_key,
    members.discipline_id,
    coalesce(discipline.discipline_name, newest.discipline_name) as discipline_name,
    named.name_fr as discipline_name_fr,
    coalesce(named.short_name, discipline.discipline_name, newest.discipline_name) as discipline_short_name,
    coalesce(discipline.discipline_group, 'Other') as discipline_group,
    discipline.parent_discipline_id,
    discipline.parent_discipline_name,
    discipline.certifying_college,
    coalesce(seen.created_at, timestamp '1970-01-01 00:00:00')::timestamp as created_at,
    coalesce(seen.updated_at, timestamp '1970-01-01 00:00:00')::timestamp as updated_at
from members
left join silver.discipline as discipline on discipline.discipline_id = members.discipline_id
left join named on named.code = members.discipline_id
left join seen on seen.discipline_id = members.discipline_id
left join newest on newest.discipline_id = members.discipline_id
union all
select
    (-1)::bigint, 'unknown', 'Unknown', null::varchar, 'Unknown', 'Unknown', null::varchar, null::varchar, null::varchar,
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by discipline_key
