with told as (
    select
        return_id,
        {'order_id': order_id, 'product_id': product_id, 'returned_at': return_ts::timestamp, 'quantity': qty,
         'reason': {{ worded('reason') }}, 'return_reason_code': {{ worded('return_reason_code') }}} as known,
        change_type is not null as is_change,
        coalesce(lower(trim(change_type)) = 'delete', false) as is_delete,
        src_filename
    from {{ source('bronze', 'returns') }}
),
merged as (
    select
        return_id,
        coalesce(
            last(known order by is_change, src_filename) filter (where not is_delete),
            last(known order by is_change, src_filename)
        ) as known,
        last(is_delete order by is_change, src_filename) as is_deleted
    from told
    group by return_id
)
select
    return_id,
    known.order_id,
    known.product_id,
    known.returned_at,
    known.quantity,
    known.reason,
    known.return_reason_code,
    is_deleted
from merged
