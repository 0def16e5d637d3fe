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
)
select
    days.*,
    date_trunc('week', days.calendar_on)::date as week_start_on
from calendar(years) as days
union all
select
    (-1)::integer, null::date, null::integer, null::integer, null::integer, null::varchar, null::integer,
    null::integer, null::integer, null::integer, null::varchar, null::boolean, null::date
order by date_key
