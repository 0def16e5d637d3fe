with newest as (
    select customer_id, {{ worded('natural_key') }} as natural_key, join_ts
    from {{ source('bronze', 'customers') }}
    where delivered_at = (select max(delivered_at) from {{ source('bronze', 'customers') }})
    qualify count(*) over (partition by customer_id) = 1
),
kept as (
    select natural_key, last(customer_id order by join_ts nulls first, customer_id) as kept_id
    from newest
    where natural_key is not null
    group by natural_key
)
select
    newest.customer_id,
    newest.natural_key,
    coalesce(kept.kept_id, newest.customer_id) as canonical_customer_id
from newest
left join kept on kept.natural_key = newest.natural_key
