-- Grain: one row per day of every calendar year in which something happened, and -1 for no day.
-- Question: which day, ISO week or month is it?
with years as (
    select year(ordered_at) as calendar_year from silver.ticket_order
    union
    select year(occurred_at) from silver.payment
    union
    select year(occurred_at) from silver.page_view
    union
    select year(starts_at) from silver.showtime
),
days as (
    select
        unnest(
            generate_series(
                make_date(calendar_year, 1, 1)::timestamp, make_date(calendar_year, 12, 31)::timestamp, interval 1 day
            )
        )::date as calendar_on
    from years
    where calendar_year is not null
)
select
    (year(calendar_on) * 10000 + month(calendar_on) * 100 + day(calendar_on))::integer as date_key,
    calendar_on,
    year(calendar_on)::integer as calendar_year,
    quarter(calendar_on)::integer as calendar_quarter,
    month(calendar_on)::integer as calendar_month,
    monthname(calendar_on) as month_name,
    day(calendar_on)::integer as day_of_month,
    isoyear(calendar_on)::integer as iso_year,
    week(calendar_on)::integer as iso_week,
    date_trunc('week', calendar_on)::date as week_start_on,
    isodow(calendar_on)::integer as iso_weekday,
    dayname(calendar_on) as weekday_name,
    isodow(calendar_on) >= 6 as is_weekend
from days
union all
select
    (-1)::integer, null::date, null::integer, null::integer, null::integer, null::varchar, null::integer,
    null::integer, null::integer, null::date, null::integer, null::varchar, null::boolean
order by date_key
