-- Grain: one row per province of training and discipline, of the newest match iteration.
-- Question: how many applications a year are there at least for each seat of a discipline in a province?
with grouped as (
    select
        match_iteration_id,
        training_province,
        discipline_id,
        discipline_name,
        count(*)::bigint as programs,
        count(applications_min)::bigint as programs_with_applications,
        case when count(quota) = count(*) then sum(quota)::bigint end as seats,
        max(applications_min) as applications_min,
        median(applications_per_seat_min)::double as median_applications_per_seat_min
    from gold.match_pressure
    group by match_iteration_id, training_province, discipline_id, discipline_name
)
select
    match_iteration_id,
    training_province,
    discipline_id,
    discipline_name,
    programs,
    programs_with_applications,
    seats,
    applications_min,
    case when seats > 0 then applications_min::double / seats end as applications_per_seat_min,
    median_applications_per_seat_min
from grouped
