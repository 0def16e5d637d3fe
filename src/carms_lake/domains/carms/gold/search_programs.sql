-- Grain: one row per program that has a word of the query, the best answer first.
-- Question: which programs are about this?
with scored as (
    select match_iteration_id, program_stream_id, round(sum(score), 6) as score
    from gold.search_matches(q, in_iteration := in_iteration, in_section := in_section)
    group by match_iteration_id, program_stream_id
)
select
    scored.match_iteration_id,
    scored.program_stream_id,
    document.program_name,
    scored.score::double as score,
    document.same_text_as
from scored
join gold.search_document as document
    on document.match_iteration_id = scored.match_iteration_id
    and document.program_stream_id = scored.program_stream_id
order by scored.score desc, scored.program_stream_id
