-- Question: where do graduates of medical schools abroad find seats without an obligation that is stated?
-- Answer: one row per discipline; programs that say "none" and those that say nothing are apart, because silence is no promise.
select
    discipline_name,
    coalesce(sum(quota) filter (return_of_service_img = 'none'), 0) as seats_none,
    coalesce(sum(quota) filter (return_of_service_img = 'required'), 0) as seats_required,
    coalesce(
        sum(quota) filter (return_of_service_img is null or return_of_service_img not in ('none', 'required')), 0
    ) as seats_not_clear
from program_profile
where eligible_img
group by discipline_name
order by seats_none desc, discipline_name
