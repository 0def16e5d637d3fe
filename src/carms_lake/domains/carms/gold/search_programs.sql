-- Grain: one row per program that has a word of the query, the best answer first.
-- Question: which programs are about this?
with indexed as (
    select count(*) as programs
    from gold.search_document
    where coalesce(match_iteration_id = in_iteration, is_newest_iteration)
),
hit as (
    select query.word, field.program_key, sum(
        field.word_weight * case when field.field = 'names' then 1 else posting.occurrences end
    ) as weight
    from gold.search_query(q) as query
    join gold.search_posting as posting on posting.term = query.term
    join gold.search_field as field on field.text_id = posting.text_id
    where coalesce(field.match_iteration_id = in_iteration, field.is_newest_iteration)
        and coalesce(field.field = in_section, true)
    group by query.word, field.program_key
),
-- How rare a word is, is counted over all terms that stand for it: counted for each of them, a term
-- that few texts have would weigh far too much. Nothing is read twice: macros in a file lose the
-- word "materialized", and old drivers compute twice what is read twice.
counted as (
    select program_key, weight, count(*) over (partition by word) as programs
    from hit
),
scored as (
    select counted.program_key, round(sum(
        ln(1 + (indexed.programs - counted.programs + 0.5) / (counted.programs + 0.5))
        * 2.2 * counted.weight / (counted.weight + 1.2)
    ), 6) as score
    from counted
    cross join indexed
    group by counted.program_key
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
