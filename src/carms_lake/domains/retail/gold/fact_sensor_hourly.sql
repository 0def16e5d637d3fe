-- Grain: one row per hour (UTC), store and shelf that was measured.
-- Question: how warm and humid was it, and how often did a sensor read nonsense?
with hourly as (
    select
        date_trunc('hour', reading.sensor_at) as hour_at,
        coalesce(store.store_key, -1) as store_key,
        reading.shelf_id,
        count(*) as readings,
        count(*) filter (where reading.is_out_of_range) as out_of_range,
        (sum(reading.temperature_c) filter (where not reading.is_out_of_range))::decimal(18, 2) as temperature_sum,
        count(reading.temperature_c) filter (where not reading.is_out_of_range) as temperatures,
        (sum(reading.humidity_pct) filter (where not reading.is_out_of_range))::decimal(18, 2) as humidity_sum,
        count(reading.humidity_pct) filter (where not reading.is_out_of_range) as humidities
    from silver.sensor_reading as reading
    left join gold.dim_store as store on store.store_id = reading.store_id
    group by hour_at, store_key, reading.shelf_id
)
-- Sums are exact decimals, divided once: the same in every order of adding up.
select
    hour_at::timestamp as hour_at,
    store_key::bigint as store_key,
    shelf_id,
    (year(hour_at) * 10000 + month(hour_at) * 100 + day(hour_at))::integer as date_key,
    readings::bigint as readings,
    (temperature_sum::double / nullif(temperatures, 0))::decimal(7, 4) as temperature_c_avg,
    (humidity_sum::double / nullif(humidities, 0))::decimal(7, 4) as humidity_pct_avg,
    out_of_range::bigint as out_of_range,
    (
        (sum(temperature_sum) over day_before)::double / nullif(sum(temperatures) over day_before, 0)::double
    )::decimal(7, 4) as temperature_c_avg_24h
from hourly
window
    day_before as (
        partition by store_key, shelf_id order by hour_at
        range between interval 23 hours preceding and current row
    )
