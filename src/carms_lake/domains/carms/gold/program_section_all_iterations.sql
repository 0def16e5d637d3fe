-- Grain: one row per match iteration, program of it that is not deleted, and section of its description.
-- Question: what does the description say, word for word?
select
    program.program_key,
    section.section_code,
    section.match_iteration_id,
    program.is_newest_iteration,
    section.program_stream_id,
    section.section_ordinal,
    program.document_language,
    section.heading,
    section.masked_content as content,
    length(section.masked_content)::integer as character_count
from silver.document_section as section
join gold.fact_program as program
    on program.match_iteration_id = section.match_iteration_id
    and program.program_stream_id = section.program_stream_id
    and program.is_current
    and not program.is_deleted
where section.section_code <> 'program_contracts'
    and section.masked_content is not null
order by section.match_iteration_id, section.program_stream_id, section.section_ordinal
