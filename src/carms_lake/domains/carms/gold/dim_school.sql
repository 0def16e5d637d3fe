-- Grain: one row per school, and -1 for the unknown one; the newest iteration names it.
-- Question: who offers the program?
with seen as (
    select school_code, min(valid_from) as created_at, max(valid_from) as updated_at
    from silver.program_history
    group by school_code
),
newest as (
    select school_code, school_name, school_province
    from silver.program_history
    left join gold.dim_match_iteration as iteration using (match_iteration_id)
    qualify row_number() over (
        partition by school_code
        order by iteration.iteration_number desc nulls last, valid_from desc, program_stream_id desc
    ) = 1
),
named as (
    select
        code,
        max(name) filter (where language = 'fr' and name_type = 'name') as name_fr,
        max(name) filter (where name_type = 'short') as short_name
    from silver.other_name
    where kind = 'school'
    group by code
)
select
    surrogate_key([seen.school_code::varchar])::bigint as school_key,
    seen.school_code,
    coalesce(school.school_name, newest.school_name) as school_name,
    named.name_fr as school_name_fr,
    coalesce(named.short_name, school.school_name, newest.school_name) as school_short_name,
    coalesce(school.school_province, newest.school_province) as school_province,
    seen.created_at::timestamp as created_at,
    seen.updated_at::timestamp as updated_at
from seen
join newest on newest.school_code = seen.school_code
left join silver.school as school on school.school_code = seen.school_code
left join named on named.code = seen.school_code::varchar
union all
select
    (-1)::bigint, (-1)::integer, 'Unknown', null::varchar, 'Unknown', null::varchar,
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by school_key
