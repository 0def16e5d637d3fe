-- Question: where may graduates of medical schools abroad apply, and for how many seats?
-- Answer: one row per province and stream; in Quebec streams for all are open to them if their diploma is recognized there.
select
    training_province,
    eligibility as stream_for,
    count(*) as programs,
    sum(quota) as seats
from program_profile
where eligible_img
group by training_province, eligibility
order by seats desc nulls last, training_province, eligibility
