-- Grain: one row per day of every calendar year in which something happened, and -1 for no day.
-- Question: which day, ISO week, month, fiscal year or holiday is it?
with years as (
    select year(ordered_on) as calendar_year from silver.order_header
    union
    select year(ordered_at) from silver.order_header
    union
    select year(shipped_at) from silver.shipment
    union
    select year(delivered_at) from silver.shipment
    union
    select year(returned_at) from silver.customer_return
    union
    select year(event_on) from silver.event
    union
    select year(sensor_at) from silver.sensor_reading
),
-- Two holidays of a country may fall on one day, and one day may be a holiday in several countries.
holidays as (
    select
        holiday_on,
        string_agg(name, '; ' order by name) filter (where country_code = 'AU') as holiday_name_au,
        string_agg(name, '; ' order by name) filter (where country_code = 'US') as holiday_name_us,
        string_agg(name, '; ' order by name) filter (where country_code = 'GB') as holiday_name_gb
    from silver.holiday
    group by holiday_on
),
known_years as (
    select
        year(holiday_on) as calendar_year,
        bool_or(country_code = 'AU') as knows_au,
        bool_or(country_code = 'US') as knows_us,
        bool_or(country_code = 'GB') as knows_gb
    from silver.holiday
    group by calendar_year
),
seen as (
    select
        coalesce(min(valid_from), timestamp '1970-01-01 00:00:00') as created_at,
        coalesce(max(valid_from), timestamp '1970-01-01 00:00:00') as updated_at
    from silver.product_history
)
select
    days.*,
    date_trunc('month', days.calendar_on)::date as month_on,
    (year(days.calendar_on) + case when month(days.calendar_on) >= 7 then 1 else 0 end)::integer as fiscal_year,
    (((month(days.calendar_on) + 5) % 12) // 3 + 1)::integer as fiscal_quarter,
    ((month(days.calendar_on) + 5) % 12 + 1)::integer as fiscal_month,
    case
        when holidays.holiday_name_au is not null then true
        when known_years.knows_au then false
    end as is_holiday_au,
    holidays.holiday_name_au,
    case
        when holidays.holiday_name_us is not null then true
        when known_years.knows_us then false
    end as is_holiday_us,
    holidays.holiday_name_us,
    case
        when holidays.holiday_name_gb is not null then true
        when known_years.knows_gb then false
    end as is_holiday_gb,
    holidays.holiday_name_gb,
    seen.created_at::timestamp as created_at,
    seen.updated_at::timestamp as updated_at
from calendar(years) as days
cross join seen
left join holidays on holidays.holiday_on = days.calendar_on
left join known_years on known_years.calendar_year = year(days.calendar_on)
union all
select
    (-1)::integer, null::date, null::integer, null::integer, null::integer, null::varchar, null::integer,
    null::integer, null::integer, null::integer, null::varchar, null::boolean, null::date, null::integer,
    null::integer, null::integer, null::boolean, null::varchar, null::boolean, null::varchar, null::boolean, null::varchar,
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by date_key
