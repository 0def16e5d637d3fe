-- Grain: one row per store, and -1 for the unknown store.
-- Question: where is it sold, and is the store open?
with seen as (
    select
        coalesce(min(valid_from), timestamp '1970-01-01 00:00:00') as created_at,
        coalesce(max(valid_from), timestamp '1970-01-01 00:00:00') as updated_at
    from silver.product_history
)
select
    surrogate_key([store.store_id::varchar])::bigint as store_key,
    store.store_id,
    store.store_code,
    store.name as store_name,
    store.channel,
    store.region,
    store.state,
    store.latitude,
    store.longitude,
    store.opened_on,
    store.closed_on,
    store.closed_on is null as is_open,
    store.has_bad_coordinates,
    store.has_duplicate_code,
    store.is_repaired,
    seen.created_at::timestamp as created_at,
    seen.updated_at::timestamp as updated_at
from silver.store as store
cross join seen
union all
select
    (-1)::bigint, (-1)::bigint, 'Unknown', 'Unknown', null::varchar, null::varchar, null::varchar, null::double,
    null::double, null::date, null::date, null::boolean, null::boolean, null::boolean, null::boolean,
    timestamp '1970-01-01 00:00:00', timestamp '1970-01-01 00:00:00'
order by store_id
