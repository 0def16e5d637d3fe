-- Question: which examinations and tests do programs ask for, and how strictly?
-- Answer: one row per examination and level, of programs of the newest match; alternatives are counted each.
select
    requirement.requirement_name as examination,
    asked.requirement_level,
    count(distinct program.program_stream_id) as programs
from bridge_program_requirement as asked
join dim_requirement as requirement using (requirement_key)
join fact_program as program using (program_key)
where requirement.requirement_category = 'examination'
    and program.is_newest_iteration
    and program.is_current
    and not program.is_deleted
group by all
order by programs desc, examination, requirement_level
