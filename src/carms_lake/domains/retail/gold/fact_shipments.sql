-- Grain: one row per shipment.
-- Question: did it arrive, and in time?
with moments as (
    select max(ordered_at) as newest_at from silver.order_header
    union all
    select max(shipped_at) from silver.shipment
    union all
    select max(delivered_at) from silver.shipment
    union all
    select max(returned_at) from silver.customer_return
),
as_of as (
    select max(newest_at) as as_of_at from moments
),
timed as (
    select
        shipment.shipment_id,
        shipment.order_id,
        shipment.carrier,
        shipment.shipped_at,
        shipment.delivered_at,
        case
            when shipment.delivered_at >= shipment.shipped_at
                then epoch_us(shipment.delivered_at) - epoch_us(shipment.shipped_at)
        end as delivery_us,
        epoch_us(as_of.as_of_at) - epoch_us(shipment.shipped_at) as underway_us,
        shipment.ship_cost
    from silver.shipment as shipment
    cross join as_of
)
select
    shipment_id,
    order_id,
    carrier,
    coalesce(year(shipped_at) * 10000 + month(shipped_at) * 100 + day(shipped_at), -1)::integer as shipped_date_key,
    coalesce(
        year(delivered_at) * 10000 + month(delivered_at) * 100 + day(delivered_at), -1
    )::integer as delivered_date_key,
    shipped_at::timestamp as shipped_at,
    delivered_at::timestamp as delivered_at,
    (delivery_us::double / 86400000000)::double as delivery_days,
    delivery_us <= 432000000000 as is_on_time,
    case when delivered_at is not null then false else underway_us > 432000000000 end as is_overdue,
    ship_cost
from timed
