-- One row per product, and the unknown one.
-- Which products are there?
select
    surrogate_key([product_id]) as product_key,
    product_id,
    name,
    price
from silver.product
union all
select (-1)::bigint, null, 'unknown', null
order by product_key
