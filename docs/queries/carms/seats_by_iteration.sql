-- Question: how did programs and seats of each discipline change from match to match?
-- Answer: one row per iteration and discipline, of all iterations; with one iteration the difference is null.
select
    iteration.match_iteration_id,
    iteration.match_iteration_name,
    profile.discipline_name,
    count(*) as programs,
    sum(profile.quota) as seats,
    sum(profile.quota) - lag(sum(profile.quota)) over (
        partition by profile.discipline_id order by iteration.iteration_number
    ) as seats_difference
from program_profile_all_iterations as profile
join dim_match_iteration as iteration using (match_iteration_id)
group by
    iteration.match_iteration_id, iteration.match_iteration_name, iteration.iteration_number,
    profile.discipline_id, profile.discipline_name
order by profile.discipline_name, iteration.iteration_number
