-- Grain: one row per current program of the newest match iteration that is not deleted.
-- Question: how many applications a year are there at least for each seat of a program?
select
    match_iteration_id,
    program_stream_id,
    program_name,
    school_name,
    discipline_id,
    discipline_name,
    training_province,
    eligibility,
    quota,
    applications_min,
    applications_max,
    case when quota > 0 then applications_min::double / quota end as applications_per_seat_min
from gold.program_profile
