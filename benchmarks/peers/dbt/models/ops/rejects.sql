{# What silver sets aside for an unknown reference or a missing value, with the reason. #}
select
    'silver' as layer,
    'order_header' as table_name,
    order_id::varchar as row_key,
    case
        when customer_id not in (select customer_id from {{ ref('customer') }})
            then {{ reason('UNKNOWN_REFERENCE', 'customer_id', 'customer_id.relationship') }}
        else {{ reason('UNKNOWN_REFERENCE', 'store_id', 'store_id.relationship') }}
    end as reasons
from {{ ref('order_header_newest') }}
where order_id not in (select order_id from {{ ref('order_header') }})
union all
select
    'silver',
    'order_line',
    line.order_id || ':' || line.line_number,
    list_filter([
        case when not exists (select 1 from {{ ref('order_header') }} as header where header.order_id = line.order_id)
            then {{ reason('UNKNOWN_REFERENCE', 'order_id', 'order_id.relationship') }}[1] end,
        case when not exists (select 1 from {{ ref('product') }} as product where product.product_id = line.product_id)
            then {{ reason('UNKNOWN_REFERENCE', 'product_id', 'product_id.relationship') }}[1] end
    ], lambda found: found is not null)
from {{ source('bronze', 'orders_lines') }} as line
where not exists (select 1 from {{ ref('order_header') }} as header where header.order_id = line.order_id)
    or (line.product_id is not null
        and not exists (select 1 from {{ ref('product') }} as product where product.product_id = line.product_id))
union all
select
    'silver',
    'shipment',
    shipment_id::varchar,
    {{ reason('UNKNOWN_REFERENCE', 'order_id', 'order_id.relationship') }}
from {{ source('bronze', 'shipments') }} as shipment
where order_id is not null
    and not exists (select 1 from {{ ref('order_header') }} as header where header.order_id = shipment.order_id)
union all
select
    'silver',
    'event',
    event_id,
    {{ reason('REQUIRED_NULL', '', 'required') }}
from {{ ref('event_read') }}
where event_id is null or event_type is null or try_cast(event_ts as timestamptz) is null
