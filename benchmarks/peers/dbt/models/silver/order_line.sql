select
    line.order_id,
    line.line_number,
    line.product_id,
    line.qty as quantity,
    line.unit_price::decimal(12, 4) as unit_price,
    line.line_discount_pct::decimal(5, 4) as line_discount_pct,
    line.tax_pct::decimal(5, 4) as tax_pct,
    coalesce(not line.qty > 0, true) as has_bad_quantity,
    coalesce(not line.unit_price > 0, true) as has_bad_price
from {{ source('bronze', 'orders_lines') }} as line
where exists (select 1 from {{ ref('order_header') }} as header where header.order_id = line.order_id)
    and (line.product_id is null
        or exists (select 1 from {{ ref('product') }} as product where product.product_id = line.product_id))
