select header.*
from {{ ref('order_header_newest') }} as header
where (header.customer_id is null
        or exists (select 1 from {{ ref('customer') }} as customer where customer.customer_id = header.customer_id))
    and (header.store_id is null
        or exists (select 1 from {{ ref('store') }} as store where store.store_id = header.store_id))
