-- Question: what do programs look at in files and interviews, and what not?
-- Answer: one row per stage and component; a cell that says neither is in neither column.
select
    criterion.stage,
    criterion.component_name,
    count(*) filter (stated.is_evaluated) as programs_evaluating,
    count(*) filter (not stated.is_evaluated) as programs_not_evaluating
from bridge_program_selection_criterion as stated
join dim_selection_criterion as criterion using (selection_criterion_key)
join fact_program as program using (program_key)
where program.is_newest_iteration
    and program.is_current
    and not program.is_deleted
group by criterion.stage, criterion.component_name
order by criterion.stage, programs_evaluating desc, criterion.component_name
