-- Question: what do graduates of medical schools abroad owe after residency?
-- Answer: one row per province and answer; null is "the text says nothing", which is not "none".
select
    training_province,
    coalesce(return_of_service_img, 'not stated') as return_of_service,
    count(*) as programs,
    sum(quota) as seats
from program_profile
where eligible_img
group by all
order by training_province, programs desc, return_of_service
