-- Grain: one row per customer id and merge of its own that counts, and one from before its first merge.
-- Question: what is the canonical id of a customer id, and which merges led to it?
with customer as (
    select from_customer_id as customer_id from silver.identity_merge
    union
    select to_customer_id from silver.identity_merge
    union
    select customer_id from silver.page_view where customer_id is not null
),
merge_followed as (
    select
        moved.from_customer_id as customer_id,
        moved.to_customer_id as merged_into_customer_id,
        moved.merged_at,
        lead(moved.merged_at) over (partition by moved.from_customer_id order by moved.merged_at) as next_at,
        circle.merged_at is not null as closes_circle,
        circle.ended_at
    from silver.identity_merge as moved
    left join silver.identity_cycle as circle
        on circle.from_customer_id = moved.from_customer_id
        and circle.merged_at = moved.merged_at
    where not moved.is_self
),
-- A merge that closes a circle counts from the end of the circle on, unless another one does by then.
version as (
    select
        customer_id,
        merged_into_customer_id,
        merged_at,
        merged_at as valid_from,
        next_at as valid_to,
        false as is_disregarded
    from merge_followed
    where not closes_circle
    union all
    select customer_id, null, merged_at, merged_at, ended_at, true
    from merge_followed
    where closes_circle
    union all
    select customer_id, merged_into_customer_id, merged_at, ended_at, next_at, false
    from merge_followed
    where closes_circle
        and ended_at < coalesce(next_at, timestamptz 'infinity')
    union all
    select customer.customer_id, null, null, timestamptz '1900-01-01 00:00:00+00', min(moved.merged_at), false
    from customer
    left join merge_followed as moved on moved.customer_id = customer.customer_id
    group by customer.customer_id
    having coalesce(min(moved.merged_at), timestamptz 'infinity') > timestamptz '1900-01-01 00:00:00+00'
)
select
    version.customer_id,
    coalesce(target.canonical_customer_id, version.customer_id) as canonical_customer_id,
    coalesce(target.merges + 1, 0)::integer as merges,
    version.valid_from::timestamp as valid_from,
    version.valid_to::timestamp as valid_to,
    version.valid_to is null as is_current,
    version.merged_into_customer_id,
    version.merged_at::timestamp as merged_at,
    version.is_disregarded
from version
left join silver.customer_identity as target on target.customer_id = version.merged_into_customer_id
order by version.customer_id, version.valid_from
