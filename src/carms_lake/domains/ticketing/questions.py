"""The SQL of the domain's command."""

from __future__ import annotations

CHAIN = """
with recursive version as (
    select *
    from gold.dim_customer_identity
    where ($at::timestamp is null and is_current)
        or (valid_from <= $at::timestamp and coalesce(valid_to > $at::timestamp, true))
),
chain as (
    select 0 as step, customer_id, null::timestamp as merged_at
    from gold.dim_customer_identity
    where customer_id = $customer and is_current
    union all
    select chain.step + 1, version.merged_into_customer_id, version.merged_at
    from chain
    join version on version.customer_id = chain.customer_id
    where version.merged_into_customer_id is not null
)
select
    chain.step,
    chain.customer_id,
    chain.merged_at,
    version.merged_into_customer_id is null as is_canonical,
    issue.to_customer_id as disregarded_into,
    issue.merged_at as disregarded_at,
    issue.members as cycle_members
from chain
left join version on version.customer_id = chain.customer_id
left join gold.identity_issue as issue
    on issue.issue = 'cycle'
    and issue.from_customer_id = chain.customer_id
    and issue.merged_at = version.merged_at
    and version.is_disregarded
order by chain.step
"""
"""One row per id from `$customer` to its canonical one at `$at` (now, where that is null).

`merged_at` is when the id before was merged into this one. Where the canonical id has a merge that
closed a circle and is disregarded, the last three columns say which, and of whom the circle is.
"""
