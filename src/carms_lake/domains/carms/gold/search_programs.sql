-- Grain: one row per program that has a word of the query, the best answer first.
-- Question: which programs are about this?
with place as (
    select query.word, unnest(posting.text_ids) as text_id, unnest(posting.occurrences) as occurrences
    from gold.search_query(q) as query
    join gold.search_posting as posting on posting.term = query.term
),
hit as (
    select
        place.word,
        field.program_key,
        field.iteration_programs,
        sum(
            field.word_weight * case when field.field = 'names' then 1 else place.occurrences end
        ) as weight
    from place
    join gold.search_field as field on field.text_id = place.text_id
    where coalesce(field.match_iteration_id = in_iteration, field.is_newest_iteration)
        and coalesce(field.field = in_section, true)
    group by place.word, field.program_key, field.iteration_programs
),
-- How rare a word is, is counted over all terms that are looked for in its place: counted for each of
-- them, a term that few texts have would weigh far too much. Nothing is read twice: macros in a file
-- lose the word "materialized", and old drivers compute twice what is read twice.
counted as (
    select program_key, weight, iteration_programs, count(*) over (partition by word) as programs
    from hit
),
scored as (
    select program_key, round(sum(
        ln(1 + (iteration_programs - programs + 0.5) / (programs + 0.5)) * 2.2 * weight / (weight + 1.2)
    ), 6) as score
    from counted
    group by program_key
)
select
    document.match_iteration_id,
    document.program_stream_id,
    document.program_name,
    scored.score::double as score,
    document.same_text_as
from scored
join gold.search_document as document on document.program_key = scored.program_key
order by scored.score desc, document.program_stream_id
