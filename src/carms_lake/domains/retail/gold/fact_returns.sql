-- Grain: one row per return, withdrawn ones included.
-- Question: what came back, and why?
with returned as (
    select
        came_back.return_id,
        came_back.order_id,
        came_back.product_id,
        came_back.returned_at,
        came_back.quantity,
        came_back.reason,
        came_back.return_reason_code,
        came_back.is_deleted,
        -- The version that was sold; that of the return's day where the order is not known.
        coalesce(
            header.ordered_at, header.ordered_on::timestamp, came_back.returned_at, timestamp '9999-12-31 00:00:00'
        ) as versions_at
    from silver.customer_return as came_back
    left join silver.order_header as header on header.order_id = came_back.order_id
)
select
    returned.return_id,
    returned.order_id,
    coalesce(product.product_key, -1)::bigint as product_key,
    coalesce(
        year(returned.returned_at) * 10000 + month(returned.returned_at) * 100 + day(returned.returned_at), -1
    )::integer as returned_date_key,
    returned.returned_at::timestamp as returned_at,
    returned.quantity,
    returned.reason,
    returned.return_reason_code,
    returned.is_deleted
from returned
left join gold.dim_product as product
    on product.product_id = returned.product_id
    and returned.versions_at >= product.applies_from
    and returned.versions_at < coalesce(product.applies_to, timestamp 'infinity')
