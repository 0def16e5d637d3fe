-- Grain: one row per product, under the name of its newest version.
-- Question: what sells, and what comes back?
with sold as (
    select
        product.product_id,
        sum(sale.quantity) as quantity_sold,
        sum(sale.net_amount_aud)::decimal(18, 4) as net_amount_aud
    from gold.fact_sales as sale
    join gold.dim_product as product on product.product_key = sale.product_key
    group by product.product_id
),
returned as (
    select
        product.product_id,
        sum(came_back.quantity) as quantity_returned
    from gold.fact_returns as came_back
    join gold.dim_product as product on product.product_key = came_back.product_key
    where not came_back.is_deleted
    group by product.product_id
)
select
    product.product_id,
    product.sku,
    product.name,
    product.category,
    coalesce(sold.quantity_sold, 0)::bigint as quantity_sold,
    coalesce(returned.quantity_returned, 0)::bigint as quantity_returned,
    case
        when sold.quantity_sold > 0
            then 100 * coalesce(returned.quantity_returned, 0)::double / sold.quantity_sold::double
    end::double as return_rate_pct,
    sold.net_amount_aud
from gold.dim_product as product
left join sold on sold.product_id = product.product_id
left join returned on returned.product_id = product.product_id
where product.is_current
    and product.product_key <> -1
