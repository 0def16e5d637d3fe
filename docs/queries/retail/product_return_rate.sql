-- Question: which products sell well and come back often?
-- Answer: the hundred products with the highest return rate among those that sold at least fifty pieces.
select
    product_id,
    sku,
    name,
    category,
    quantity_sold,
    quantity_returned,
    return_rate_pct::decimal(18, 2) as return_rate_pct,
    net_amount_aud::decimal(18, 2) as net_amount_aud
from product_performance
where quantity_sold >= 50
order by return_rate_pct desc, quantity_sold desc, product_id
limit 100
