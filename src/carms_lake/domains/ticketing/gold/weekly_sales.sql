-- Grain: one row per ISO week of the order (UTC) and event, and one per week for orders without one.
-- Question: what does each show sell, week by week?
with weekly as (
    select
        date_trunc('week', ordered_at)::date as week_start_on,
        event_id,
        count(*) as orders,
        sum(gross_amount) as gross,
        sum(refund_amount) as refunds,
        sum(net_amount) as net
    from gold.fact_orders
    group by week_start_on, event_id
)
select
    weekly.week_start_on,
    weekly.event_id,
    event.event_name,
    weekly.orders::bigint as orders,
    weekly.gross::decimal(18, 2) as gross,
    weekly.refunds::decimal(18, 2) as refunds,
    weekly.net::decimal(18, 2) as net,
    -- In whole cents, half a cent away from zero: a quotient of decimals would be a binary fraction.
    (
        sign(weekly.net) * ((200 * abs(weekly.net))::hugeint + weekly.orders) // (2 * weekly.orders)
        * 0.01::decimal(3, 2)
    )::decimal(18, 2) as average_order
from weekly
left join gold.dim_event as event on event.event_id = weekly.event_id
