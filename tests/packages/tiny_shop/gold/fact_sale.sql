-- One row per sale.
-- What was sold?
select
    sale_id,
    coalesce(d.product_key, -1)::bigint as product_key,
    quantity,
    amount
from silver.sale
left join gold.dim_product as d using (product_id)
order by sale_id
