-- Grain: one row per program of the newest match iteration that is not deleted, and section of its description.
-- Question: what does the description say, word for word?
select *
from gold.program_section_all_iterations
where is_newest_iteration
