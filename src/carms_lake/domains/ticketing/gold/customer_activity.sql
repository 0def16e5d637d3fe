-- Grain: one row per canonical customer that a page view or an order is attributed to.
-- Question: since when is a customer known, and what did they look at and pay?
with seen as (
    select
        attributed_customer_id,
        occurred_at as seen_at,
        1 as page_views,
        0 as orders,
        0::decimal(18, 2) as net
    from gold.fact_page_views
    where attributed_customer_id is not null
    union all
    select attributed_customer_id, ordered_at, 0, 1, net_amount
    from gold.fact_orders
    where attributed_customer_id is not null
)
select
    attributed_customer_id as canonical_customer_id,
    min(seen_at) as first_seen_at,
    max(seen_at) as last_seen_at,
    sum(page_views)::bigint as page_views,
    sum(orders)::bigint as orders,
    sum(net)::decimal(18, 2) as net
from seen
group by attributed_customer_id
