-- Grain: one row per day of the order, store and category of products.
-- Question: what does each store sell of each category, day by day?
-- Twice by narrow keys: counting distinct orders in every group takes four times as long.
with by_order as (
    select
        sale.order_id,
        sale.order_date_key,
        sale.store_key,
        product.category,
        sum(sale.quantity)::bigint as quantity,
        sum(sale.net_amount_aud)::decimal(18, 4) as net_amount_aud
    from gold.fact_sales as sale
    join gold.dim_product as product on product.product_key = sale.product_key
    group by sale.order_id, sale.order_date_key, sale.store_key, product.category
),
by_day as (
    select
        order_date_key,
        store_key,
        category,
        count(*) as orders,
        sum(quantity) as quantity,
        sum(net_amount_aud) as net_amount_aud
    from by_order
    group by order_date_key, store_key, category
)
select
    calendar.calendar_on as order_on,
    store.store_name,
    by_day.category,
    by_day.orders::bigint as orders,
    by_day.quantity::bigint as quantity,
    by_day.net_amount_aud::decimal(18, 4) as net_amount_aud,
    store.store_id
from by_day
join gold.dim_date as calendar on calendar.date_key = by_day.order_date_key
join gold.dim_store as store on store.store_key = by_day.store_key
