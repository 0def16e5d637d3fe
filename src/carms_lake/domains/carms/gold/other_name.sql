-- Grain: one row per kind, code, language and name.
-- Question: what is a school, a discipline, a province, a site or a stream called?
with current as (
    select 'school' as kind, school_code::varchar as code, school_name as name
    from gold.dim_school
    where school_key <> -1
    union all
    select 'discipline', discipline_id, discipline_name
    from gold.dim_discipline
    where discipline_key <> -1
    union all
    select distinct 'site', program_site, program_site
    from gold.dim_training_site
    where training_site_key <> -1
    union all
    select 'stream', program_stream, program_stream
    from gold.dim_stream
    where stream_key <> -1
)
select kind, code, language, name, name_type
from silver.other_name
union all
select current.kind, current.code, 'en', current.name, 'name'
from current
where not exists (
    select 1
    from silver.other_name as known
    where known.kind = current.kind and known.code = current.code and known.name = current.name
)
order by kind, code, language, name
