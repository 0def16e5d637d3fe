-- Grain: one row per school and site, and -1 for the unknown one.
-- Question: where does the training take place?
with seen as (
    select school_code, program_site, min(valid_from) as created_at, max(valid_from) as updated_at
    from silver.program_history
    group by school_code, program_site
),
newest as (
    select school_code, program_site, training_province
    from silver.program_history
    left join gold.dim_match_iteration as iteration using (match_iteration_id)
    qualify row_number() over (
        partition by school_code, program_site
        order by iteration.iteration_number desc nulls last, valid_from desc, program_stream_id desc
    ) = 1
)
select
    surrogate_key([seen.school_code::varchar, seen.program_site])::bigint as training_site_key,
    seen.school_code,
    seen.program_site,
    coalesce(site.training_province, newest.training_province) as training_province,
    site.is_place,
    site.has_several_places,
    seen.created_at::timestamp as created_at,
    seen.updated_at::timestamp as updated_at
from seen
join newest on newest.school_code = seen.school_code and newest.program_site = seen.program_site
left join silver.site as site on site.school_code = seen.school_code and site.program_site = seen.program_site
union all
select
    (-1)::bigint, (-1)::integer, 'Unknown', null::varchar, null::boolean, null::boolean,
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by training_site_key
