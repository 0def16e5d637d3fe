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
days as (
    select unnest(
        generate_series(
            make_date(calendar_year, 1, 1)::timestamp, make_date(calendar_year, 12, 31)::timestamp, interval 1 day
        )
    )::date as calendar_on
    from years
),
seen as (
    select
        coalesce(min(valid_from), timestamp '1970-01-01 00:00:00') as created_at,
        coalesce(max(valid_from), timestamp '1970-01-01 00:00:00') as updated_at
    from silver.program_history
)
select
    (year(days.calendar_on) * 10000 + month(days.calendar_on) * 100 + day(days.calendar_on))::integer as date_key,
    days.calendar_on,
    year(days.calendar_on)::integer as calendar_year,
    quarter(days.calendar_on)::integer as calendar_quarter,
    month(days.calendar_on)::integer as calendar_month,
    monthname(days.calendar_on) as month_name,
    day(days.calendar_on)::integer as day_of_month,
    isoyear(days.calendar_on)::integer as iso_year,
    week(days.calendar_on)::integer as iso_week,
    isodow(days.calendar_on)::integer as iso_weekday,
    dayname(days.calendar_on) as weekday_name,
    isodow(days.calendar_on) >= 6 as is_weekend,
    seen.created_at::timestamp as created_at,
    seen.updated_at::timestamp as updated_at
from days
cross join seen
union all
select
    (-1)::integer, null::date, null::integer, null::integer, null::integer, null::varchar, null::integer,
    null::integer, null::integer, null::integer, null::varchar, null::boolean,
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by date_key
