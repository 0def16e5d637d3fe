-- Grain: one row per current program version, stage and row of the stage's component table.
-- Question: what does a program look at when it selects, and what not?
select
    program.program_key,
    stated.stage,
    stated.criterion_ordinal,
    coalesce(criterion.selection_criterion_key, -1)::bigint as selection_criterion_key,
    stated.is_evaluated,
    stated.criterion_text
from silver.selection_criterion as stated
join gold.fact_program as program
    on program.match_iteration_id = stated.match_iteration_id
    and program.program_stream_id = stated.program_stream_id
    and program.is_current
left join gold.dim_selection_criterion as criterion
    on criterion.stage = stated.stage
    and criterion.component_code = stated.component_code
order by stated.match_iteration_id, stated.program_stream_id, stated.stage, stated.criterion_ordinal
