-- Question: which disciplines of one school interview on the same day?
-- Answer: one row per school and day with the most programs on one day; an applicant to several has to choose or to move one.
select
    school.school_name,
    interview.interview_on,
    count(distinct interview.program_stream_id) as programs,
    list(distinct discipline.discipline_name order by discipline.discipline_name) as disciplines
from fact_interview_date as interview
join fact_program as program using (program_key)
join dim_school as school using (school_key)
join dim_discipline as discipline using (discipline_key)
where program.is_newest_iteration
    and program.is_current
    and not program.is_deleted
group by school.school_name, interview.interview_on
having count(distinct discipline.discipline_id) > 1
order by programs desc, school_name, interview_on
limit 50
