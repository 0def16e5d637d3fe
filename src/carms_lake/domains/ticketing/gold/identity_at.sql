-- Grain: one row per customer id that was known at any time.
-- Question: which canonical id did a customer id have at a moment (now, where it is null)?
-- All merges are followed twice as far in each round, until none leads further.
with recursive version as (
    select
        customer_id,
        merged_into_customer_id
    from gold.dim_customer_identity
    where (as_of is null and is_current)
        or (valid_from <= as_of::timestamp and coalesce(valid_to > as_of::timestamp, true))
),
followed as (
    select
        0 as round,
        customer_id,
        merged_into_customer_id as reached_customer_id,
        1 as merges
    from version
    where merged_into_customer_id is not null
    union all
    select
        near.round + 1,
        near.customer_id,
        coalesce(far.reached_customer_id, near.reached_customer_id),
        near.merges + coalesce(far.merges, 0)
    from followed as near
    left join followed as far on far.customer_id = near.reached_customer_id
    where exists (
        select 1
        from followed as one
        join followed as other on other.customer_id = one.reached_customer_id
    )
),
ended as (
    select
        customer_id,
        reached_customer_id,
        merges
    from followed
    where round = (select max(round) from followed)
)
select
    version.customer_id,
    coalesce(ended.reached_customer_id, version.customer_id) as canonical_customer_id,
    coalesce(ended.merges, 0)::integer as merges
from version
left join ended on ended.customer_id = version.customer_id
