with cleaned as (
    select
        store_id,
        {% for name in ['store_code', 'name', 'channel', 'region', 'state'] -%}
        {{ worded(name) }} as {{ name }},
        {% endfor -%}
        latitude,
        longitude,
        open_dt,
        close_dt,
        src_repair
    from {{ source('bronze', 'stores') }}
)
select
    store_id,
    store_code,
    name,
    channel,
    region,
    state,
    case when not {{ impossible_place() }} then latitude end as latitude,
    case when not {{ impossible_place() }} then longitude end as longitude,
    open_dt as opened_on,
    close_dt as closed_on,
    {{ impossible_place() }} as has_bad_coordinates,
    store_code is not null and count(*) over (partition by store_code) > 1 as has_duplicate_code,
    src_repair is not null as is_repaired
from cleaned
qualify count(*) over (partition by store_id) = 1
