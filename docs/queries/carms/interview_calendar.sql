-- Question: in which weeks do programs interview?
-- Answer: one row per week, by its Monday; a program that interviews in two weeks is in both, so programs do not add up.
select
    date_trunc('week', interview.interview_on)::date as week_from,
    count(distinct interview.program_stream_id) as programs,
    count(distinct program.discipline_key) as disciplines
from fact_interview_date as interview
join fact_program as program using (program_key)
where program.is_newest_iteration
    and program.is_current
    and not program.is_deleted
group by week_from
order by week_from
