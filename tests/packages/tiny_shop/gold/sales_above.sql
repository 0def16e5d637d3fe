-- One row per sale of at least a quantity.
-- Which sales are large?
select sale_id, quantity
from gold.fact_sale
where quantity >= least_quantity
order by sale_id
