select
    sensor_ts::timestamp as sensor_at,
    store_id,
    {{ worded('shelf_id') }} as shelf_id,
    temperature_c::decimal(5, 2) as temperature_c,
    humidity_pct::decimal(5, 2) as humidity_pct,
    battery_mv,
    coalesce(temperature_c not between -40 and 60 or humidity_pct not between 0 and 100, false) as is_out_of_range
from {{ source('bronze', 'sensors') }}
where sensor_ts is not null and store_id is not null and shelf_id is not null
