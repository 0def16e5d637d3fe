-- Question: for which programs do most applications arrive for each seat, at least?
-- Answer: the fifty highest lower bounds: applications are printed as ranges and shared by streams, so this is no chance of a match.
select
    program_stream_id,
    discipline_name,
    school_name,
    training_province,
    quota,
    applications_min,
    applications_max,
    round(applications_per_seat_min, 1) as applications_per_seat_min
from match_pressure
where applications_per_seat_min is not null
order by match_pressure.applications_per_seat_min desc, program_stream_id
limit 50
