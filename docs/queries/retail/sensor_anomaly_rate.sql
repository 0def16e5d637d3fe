-- Question: in which stores do the sensors read nonsense most often?
-- Answer: one row per store with sensors: how many of a thousand readings were out of range, the worst first.
select
    store.store_id,
    store.store_name,
    count(distinct hourly.shelf_id) as shelves,
    sum(hourly.readings)::bigint as readings,
    sum(hourly.out_of_range)::bigint as out_of_range,
    (1000 * sum(hourly.out_of_range)::double / sum(hourly.readings)::double)::decimal(7, 3) as out_of_range_permille
from fact_sensor_hourly as hourly
join dim_store as store on store.store_key = hourly.store_key
group by store.store_id, store.store_name
order by out_of_range_permille desc, store.store_id
