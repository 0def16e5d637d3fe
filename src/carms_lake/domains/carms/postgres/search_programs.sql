-- Which programs are about this? As the macro of gold, whose comments say why.
create or replace function gold.search_programs(
    q text, in_iteration text default null, in_section text default null
)
returns table (
    match_iteration_id text, program_stream_id text, program_name text, score double precision, same_text_as text
)
language sql stable parallel safe as $$
with hit as (
    select
        query.word,
        field.program_key,
        field.iteration_programs,
        sum(
            field.word_weight * case when field.field = 'names' then 1 else place.occurrences end
        ) as weight
    from gold.search_query(q) as query
    join gold.search_posting as posting on posting.term = query.term
    cross join lateral unnest(posting.text_ids, posting.occurrences) as place (text_id, occurrences)
    join gold.search_field as field on field.text_id = place.text_id
    where coalesce(field.match_iteration_id = in_iteration, field.is_newest_iteration)
        and coalesce(field.field = in_section, true)
    group by query.word, field.program_key, field.iteration_programs
),
counted as (
    select
        program_key,
        weight,
        iteration_programs::double precision as programs,
        (count(*) over (partition by word))::double precision as found
    from hit
),
scored as (
    select
        program_key,
        round(sum(
            ln(1 + (programs - found + 0.5) / (found + 0.5)) * 2.2 * weight / (weight + 1.2)
        )::numeric, 6)::double precision as score
    from counted
    group by program_key
)
select
    document.match_iteration_id,
    document.program_stream_id,
    document.program_name,
    scored.score,
    document.same_text_as
from scored
join gold.search_document as document on document.program_key = scored.program_key
order by scored.score desc, document.program_stream_id collate "C"
$$
