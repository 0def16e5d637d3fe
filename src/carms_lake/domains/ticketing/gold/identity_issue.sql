-- Grain: one row per merge that does not count, for a while or ever.
-- Question: which merges made a circle, of whom, and which merged an id into itself?
select
    'cycle' as issue,
    circle.from_customer_id,
    circle.to_customer_id,
    circle.merged_at::timestamp as merged_at,
    circle.members,
    circle.ended_at::timestamp as ended_at,
    circle.ended_at is null as is_current
from silver.identity_cycle as circle
union all
select
    'self_merge',
    moved.from_customer_id,
    moved.to_customer_id,
    moved.merged_at::timestamp,
    [moved.from_customer_id],
    null::timestamp,
    true
from silver.identity_merge as moved
where moved.is_self
order by from_customer_id, merged_at
