select
    shipment_id,
    order_id,
    {{ worded('carrier') }} as carrier,
    shipped_at::timestamp as shipped_at,
    delivered_at::timestamp as delivered_at,
    ship_cost::decimal(12, 2) as ship_cost
from {{ source('bronze', 'shipments') }} as shipment
where order_id is null
    or exists (select 1 from {{ ref('order_header') }} as header where header.order_id = shipment.order_id)
