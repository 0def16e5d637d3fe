-- Grain: one row per carrier and month (UTC) of shipping.
-- Question: which carrier delivers in time?
select
    carrier,
    date_trunc('month', shipped_at)::date as month_on,
    count(*)::bigint as shipments,
    case
        when count(is_on_time) > 0 then 100 * (count(*) filter (where is_on_time))::double / count(is_on_time)
    end::double as on_time_pct,
    avg(delivery_days)::double as delivery_days_avg,
    count(is_on_time)::bigint as delivered,
    (count(*) filter (where delivered_at is null))::bigint as in_transit,
    (count(*) filter (where is_overdue))::bigint as overdue
from gold.fact_shipments
group by carrier, month_on
