-- Grain: one row per supplier.
-- Question: who supplies, and how fast?
with seen as (
    select
        coalesce(min(valid_from), timestamp '1970-01-01 00:00:00') as created_at,
        coalesce(max(valid_from), timestamp '1970-01-01 00:00:00') as updated_at
    from silver.product_history
)
select
    surrogate_key([supplier.supplier_id::varchar])::bigint as supplier_key,
    supplier.supplier_id,
    supplier.supplier_code,
    supplier.name as supplier_name,
    supplier.country_code,
    supplier.lead_time_days,
    case
        when supplier.lead_time_days < 0 then null
        when supplier.lead_time_days <= 7 then 'fast'
        when supplier.lead_time_days <= 14 then 'standard'
        when supplier.lead_time_days > 14 then 'slow'
    end::varchar as lead_time_tier,
    supplier.is_preferred,
    supplier.is_repaired,
    seen.created_at::timestamp as created_at,
    seen.updated_at::timestamp as updated_at
from silver.supplier as supplier
cross join seen
order by supplier_id
