-- Grain: one row per requirement, and -1 for the unknown one.
-- Question: what can a program ask of its applicants?
with asked as (
    select
        requirement.requirement_category,
        requirement.requirement_code,
        case
            when requirement.label = requirement.requirement_code or length(requirement.label) > 100
                then replace(requirement.requirement_code, '_', ' ')
            else regexp_replace(
                regexp_replace(requirement.label, '^[*•\s]+', ''),
                '(?i)[.\s]*(number requested|nombre de documents?(\(s\))? demand[eé]s?)\s*:.*$',
                ''
            )
        end as label,
        document.document_language is not distinct from 'en' as is_english,
        program.valid_from
    from silver.requirement as requirement
    join silver.document as document
        on document.match_iteration_id = requirement.match_iteration_id
        and document.program_stream_id = requirement.program_stream_id
    left join silver.program_history as program
        on program.match_iteration_id = requirement.match_iteration_id
        and program.program_stream_id = requirement.program_stream_id
        and program.is_current
),
labels as (
    select requirement_category, requirement_code, label, is_english, count(*) as times
    from asked
    group by requirement_category, requirement_code, label, is_english
),
named as (
    select requirement_category, requirement_code, label
    from labels
    qualify row_number() over (
        partition by requirement_category, requirement_code order by is_english desc, times desc, label
    ) = 1
),
seen as (
    select requirement_category, requirement_code, min(valid_from) as created_at, max(valid_from) as updated_at
    from asked
    group by requirement_category, requirement_code
)
select
    surrogate_key([seen.requirement_category, seen.requirement_code])::bigint as requirement_key,
    seen.requirement_category,
    seen.requirement_code,
    named.label as requirement_name,
    coalesce(seen.created_at, timestamp '1970-01-01 00:00:00')::timestamp as created_at,
    coalesce(seen.updated_at, timestamp '1970-01-01 00:00:00')::timestamp as updated_at
from seen
join named
    on named.requirement_category = seen.requirement_category
    and named.requirement_code = seen.requirement_code
union all
select
    (-1)::bigint, 'unknown', 'unknown', 'Unknown',
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by requirement_key
