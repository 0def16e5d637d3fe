-- Question: how large is each school, and how much of it is family medicine?
-- Answer: one row per school, the largest first; `family_medicine_pct` is the share of its seats.
select
    school_name,
    school_province,
    count(*) as programs,
    count(distinct discipline_id) as disciplines,
    sum(quota) as seats,
    round(100.0 * sum(quota) filter (discipline_group = 'Family medicine') / sum(quota), 1) as family_medicine_pct
from program_profile
group by school_name, school_province
order by seats desc nulls last, school_name
