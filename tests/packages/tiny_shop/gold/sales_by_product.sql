-- One row per product that was sold.
-- Which products sell?
select d.name, sum(f.quantity)::bigint as quantity
from gold.fact_sale as f
join gold.dim_product as d using (product_key)
group by d.name
order by d.name
