-- Grain: one row per table and finding that silver flags or gold cannot compute.
-- Question: how many rows are kept and marked, of how many?
with counted as (
    select 'customer' as table_name, count(*) as total, unnest([
        {'finding': 'malformed_email', 'found': count(*) filter (where email is not null and not has_valid_email)},
        {'finding': 'null_email', 'found': count(*) filter (where email is null)},
        {'finding': 'null_phone', 'found': count(*) filter (where phone is null)},
        {'finding': 'null_address_line1', 'found': count(*) filter (where address_line1 is null)}
    ]) as flag
    from silver.customer
    union all
    select 'customer_identity', count(*), unnest([
        {'finding': 'duplicate_natural_key', 'found': count(*) filter (where canonical_customer_id <> customer_id)}
    ])
    from silver.customer_identity
    union all
    select 'product', count(*), unnest([
        {'finding': 'missing_price', 'found': count(*) filter (where current_price is null)},
        {'finding': 'non_positive_price', 'found': count(*) filter (where current_price <= 0)},
        {'finding': 'discontinued_without_date', 'found': count(*) filter (where is_discontinued_without_date)}
    ])
    from silver.product
    union all
    select 'store', count(*), unnest([
        {'finding': 'impossible_coordinates', 'found': count(*) filter (where has_bad_coordinates)},
        {'finding': 'duplicate_store_code', 'found': count(*) filter (where has_duplicate_code)},
        {'finding': 'repaired_record', 'found': count(*) filter (where is_repaired)}
    ])
    from silver.store
    union all
    select 'supplier', count(*), unnest([
        {'finding': 'repaired_record', 'found': count(*) filter (where is_repaired)}
    ])
    from silver.supplier
    union all
    select 'order_line', count(*), unnest([
        {'finding': 'bad_quantity', 'found': count(*) filter (where has_bad_quantity)},
        {'finding': 'bad_price', 'found': count(*) filter (where has_bad_price)}
    ])
    from silver.order_line
    union all
    select 'event', count(*), unnest([
        {'finding': 'unknown_user', 'found': count(*) filter (where has_unknown_user)}
    ])
    from silver.event
    union all
    select 'sensor_reading', count(*), unnest([
        {'finding': 'out_of_range', 'found': count(*) filter (where is_out_of_range)}
    ])
    from silver.sensor_reading
    union all
    select 'customer_return', count(*), unnest([
        {'finding': 'withdrawn', 'found': count(*) filter (where is_deleted)}
    ])
    from silver.customer_return
    union all
    select 'fact_shipments', count(*), unnest([
        {'finding': 'in_transit', 'found': count(*) filter (where delivered_at is null)},
        {'finding': 'overdue', 'found': count(*) filter (where is_overdue)},
        {'finding': 'late', 'found': count(*) filter (where not is_on_time)},
        {'finding': 'delivered_before_shipped', 'found': count(*) filter (where delivered_at < shipped_at)}
    ])
    from gold.fact_shipments
    union all
    select 'fact_sales', count(*), unnest([
        {
            'finding': 'no_exchange_rate',
            'found': count(*) filter (where net_amount is not null and net_amount_aud is null)
        },
        {'finding': 'no_amount', 'found': count(*) filter (where line_total is null)}
    ])
    from gold.fact_sales
)
select
    case when starts_with(table_name, 'fact_') then 'gold' else 'silver' end as layer,
    table_name,
    flag.finding as finding,
    flag.found::bigint as found_rows,
    total::bigint as total_rows
from counted
order by layer, table_name, finding
