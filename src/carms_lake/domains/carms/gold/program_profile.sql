-- Grain: one row per current program of the newest match iteration that is not deleted.
-- Question: what is known of a program, at a glance?
select *
from gold.program_profile_all_iterations
where is_newest_iteration
