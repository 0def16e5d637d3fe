-- Grain: one row per province of training and discipline, of the newest match iteration.
-- Question: how many programs and seats does a province have in a discipline?
select
    match_iteration_id,
    training_province,
    discipline_id,
    discipline_name,
    count(*)::bigint as programs,
    sum(quota)::bigint as seats,
    avg(quota)::double as average_quota
from gold.program_profile
group by match_iteration_id, training_province, discipline_id, discipline_name
