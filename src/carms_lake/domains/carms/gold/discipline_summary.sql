-- Grain: one row per discipline that the newest match iteration offers.
-- Question: what is offered in each discipline?
select
    match_iteration_id,
    discipline_id,
    discipline_name,
    discipline_group,
    count(*)::bigint as programs,
    count(distinct school_code)::bigint as schools,
    sum(quota)::bigint as seats
from gold.program_profile
group by match_iteration_id, discipline_id, discipline_name, discipline_group
