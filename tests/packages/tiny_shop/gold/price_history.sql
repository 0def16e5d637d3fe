-- One row per product and version.
-- What did things cost, and when?
select product_id, valid_from, valid_to, price
from silver.product_history
order by product_id, valid_from
