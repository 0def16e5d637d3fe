-- Question: what does a usual program of each discipline receive for each seat, at least?
-- Answer: the median over its programs, which may be read, unlike a sum: applications are shared between programs.
select
    discipline_name,
    count(*) as programs,
    count(applications_per_seat_min) as programs_with_applications,
    round(median(applications_per_seat_min), 1) as median_applications_per_seat_min
from match_pressure
group by discipline_name
order by median_applications_per_seat_min desc nulls last, discipline_name
