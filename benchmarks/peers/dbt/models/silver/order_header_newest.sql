{# One row per order, the newest; orders of superseded customers are those of the kept one. #}
{{ config(materialized='table') }}
select
    header.order_id,
    header.order_ts::timestamp as ordered_at,
    coalesce(header.order_dt_local, header.order_ts::timestamp::date) as ordered_on,
    coalesce(identity.canonical_customer_id, header.customer_id) as customer_id,
    header.store_id,
    {{ worded('header.channel') }} as channel,
    {{ worded('header.payment_method') }} as payment_method,
    {{ worded('header.coupon_code') }} as coupon_code,
    header.shipping_fee::decimal(12, 2) as shipping_fee,
    upper({{ worded('header.currency') }}) as currency
from {{ source('bronze', 'orders_header') }} as header
left join {{ ref('customer_identity') }} as identity on identity.customer_id = header.customer_id
qualify row_number() over (
    partition by header.order_id order by header.order_ts desc nulls last, header.src_filename desc
) = 1
