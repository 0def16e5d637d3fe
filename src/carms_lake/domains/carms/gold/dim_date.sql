-- Grain: one row per day of every calendar year in which something of the match happened, and -1 for no day.
-- Question: which day, week, month or year is it?
with happened as (
    select approved_on as calendar_on from silver.program_history
    union
    select deleted_on from silver.program_history
    union
    select valid_from::date from silver.program_history
    union
    select valid_to::date from silver.program_history
    union
    select interview_on from silver.interview_date
),
years as (
    select distinct year(calendar_on) as calendar_year
    from happened
    where calendar_on is not null
),
seen as (
    select
        coalesce(min(valid_from), timestamp '1970-01-01 00:00:00') as created_at,
        coalesce(max(valid_from), timestamp '1970-01-01 00:00:00') as updated_at
    from silver.program_history
)
select
    days.*,
    seen.created_at::timestamp as created_at,
    seen.updated_at::timestamp as updated_at
from calendar(years) as days
cross join seen
union all
select
    (-1)::integer, null::date, null::integer, null::integer, null::integer, null::varchar, null::integer,
    null::integer, null::integer, null::integer, null::varchar, null::boolean,
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by date_key
