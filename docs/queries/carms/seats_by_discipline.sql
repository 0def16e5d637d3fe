-- Question: how many seats does each discipline have, and who may apply for them?
-- Answer: one row per discipline; seats of streams for all count in several columns, so the columns do not add up to `seats`.
select
    discipline_name,
    count(*) as programs,
    sum(quota) as seats,
    coalesce(sum(quota) filter (eligible_cmg), 0) as seats_open_to_cmg,
    coalesce(sum(quota) filter (eligible_img), 0) as seats_open_to_img,
    coalesce(sum(quota) filter (eligible_usmg), 0) as seats_open_to_usmg
from program_profile
group by discipline_name
order by seats desc nulls last, discipline_name
