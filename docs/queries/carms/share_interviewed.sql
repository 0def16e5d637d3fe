-- Question: how large a part of the applicants do programs interview?
-- Answer: one row per printed range; null means that the description says none.
select
    interviewed_pct_min,
    interviewed_pct_max,
    count(*) as programs,
    sum(quota) as seats
from program_profile
group by interviewed_pct_min, interviewed_pct_max
order by interviewed_pct_min nulls last
