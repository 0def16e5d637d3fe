-- Grain: one row per current program that is not deleted, fact and place that says it.
-- Question: which words was a fact read from, and where are they?
select
    program.program_key,
    evidence.evidence_ordinal,
    evidence.match_iteration_id,
    program.is_newest_iteration,
    evidence.program_stream_id,
    evidence.fact,
    evidence.item,
    evidence.value,
    evidence.section_code,
    evidence.span_start,
    evidence.span_end,
    evidence.sentence
from silver.program_evidence as evidence
join gold.fact_program as program
    on program.match_iteration_id = evidence.match_iteration_id
    and program.program_stream_id = evidence.program_stream_id
    and program.is_current
    and not program.is_deleted
-- A text may speak of applicants whom the stream does not take, and the stream's name may say more.
where case evidence.fact
        when 'return_of_service_cmg' then evidence.value is not distinct from program.return_of_service_cmg
        when 'return_of_service_img' then evidence.value is not distinct from program.return_of_service_img
        else true
    end
order by evidence.match_iteration_id, evidence.program_stream_id, evidence.evidence_ordinal
