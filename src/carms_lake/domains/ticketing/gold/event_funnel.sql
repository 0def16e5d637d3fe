-- Grain: one row per event that is known, or that a page view or an order names.
-- Question: how many customers viewed a show, viewed one of its performances, and ordered?
with step as (
    select event_id, null as attributed_customer_id, 'none' as done from gold.dim_event
    union all
    select
        event_id,
        attributed_customer_id,
        case page_type when 'viewed_product_page' then 'product' when 'viewed_showtime' then 'showtime' else 'none' end
    from gold.fact_page_views
    where event_id is not null
    union all
    select event_id, attributed_customer_id, 'order' from gold.fact_orders where event_id is not null
),
-- Once for each customer, step and show: counting distinct customers three times takes three times as long.
taken as (
    select distinct event_id, attributed_customer_id, done from step
),
counted as (
    select
        event_id,
        count(attributed_customer_id) filter (where done = 'product') as viewed_product,
        count(attributed_customer_id) filter (where done = 'showtime') as viewed_showtime,
        count(attributed_customer_id) filter (where done = 'order') as ordered
    from taken
    group by event_id
)
select
    counted.event_id,
    event.event_name,
    counted.viewed_product::bigint as customers_viewed_product,
    counted.viewed_showtime::bigint as customers_viewed_showtime,
    counted.ordered::bigint as customers_ordered
from counted
left join gold.dim_event as event on event.event_id = counted.event_id
