-- Grain: one row per current program version and day.
-- Question: on which days does a program interview?
select
    program.program_key,
    calendar.date_key,
    interview.match_iteration_id,
    program.is_newest_iteration,
    interview.program_stream_id,
    interview.interview_on,
    program.valid_from,
    program.valid_to,
    program.is_current,
    program.is_deleted,
    program.deleted_on,
    program.created_at,
    program.updated_at
from silver.interview_date as interview
join gold.fact_program as program
    on program.match_iteration_id = interview.match_iteration_id
    and program.program_stream_id = interview.program_stream_id
    and program.is_current
join gold.dim_date as calendar on calendar.calendar_on = interview.interview_on
order by interview.match_iteration_id, interview.program_stream_id, interview.interview_on
