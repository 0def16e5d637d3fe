-- Grain: one row per current program that is not deleted, and text that is searched in it.
-- Question: which texts does a program have, and how much does a word count in each of them?
with field_text as (
    select program_key, 'title' as field, program_name as content from gold.search_document
    union all
    select program_key, 'names', other_names from gold.search_document
    union all
    select program_key, section_code, content
    from gold.program_section_all_iterations
    where section_code not in ('program_name', 'match_iteration_name', 'summary_of_changes')
),
measured as (
    select
        field_text.program_key,
        document.match_iteration_id,
        document.is_newest_iteration,
        field_text.field,
        case
            when field in ('title', 'names') then field
            when field in (
                'program_highlights', 'program_curriculum', 'training_sites',
                'important_information', 'additional_information', 'faq'
            ) then 'about'
            else 'administration'
        end as kind,
        dense_rank() over (order by md5(field_text.content))::integer as text_id,
        length(field_text.content) as characters
    from field_text
    join gold.search_document as document on document.program_key = field_text.program_key
),
summed as (
    select match_iteration_id, kind, program_key, sum(characters) as characters
    from measured
    group by match_iteration_id, kind, program_key
),
indexed as (
    select match_iteration_id, count(*) as programs
    from gold.search_document
    group by match_iteration_id
),
usual as (
    select match_iteration_id, kind, avg(characters) as characters
    from summed
    group by match_iteration_id, kind
)
select
    measured.program_key,
    measured.match_iteration_id,
    measured.is_newest_iteration,
    measured.field,
    measured.text_id,
    case measured.kind
        when 'title' then 8
        when 'names' then 8
        when 'about' then 1 / (0.25 + 0.75 * summed.characters / usual.characters)
        else 0.3 / (0.25 + 0.75 * summed.characters / usual.characters)
    end::double as word_weight,
    indexed.programs::integer as iteration_programs
from measured
join summed on summed.program_key = measured.program_key and summed.kind = measured.kind
join indexed on indexed.match_iteration_id = measured.match_iteration_id
join usual on usual.match_iteration_id = measured.match_iteration_id and usual.kind = measured.kind
order by measured.text_id, measured.program_key, measured.field
