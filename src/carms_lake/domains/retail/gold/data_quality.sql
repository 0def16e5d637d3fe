-- Grain: one row per layer, table and finding.
-- Question: what is wrong with the data, and how often?
select
    layer,
    table_name,
    finding,
    'flagged' as treatment,
    found_rows,
    total_rows,
    case when total_rows > 0 then 100 * found_rows::double / total_rows end::double as found_pct
from gold.quality_flag
union all
select
    layer,
    table_name,
    reason.code || case when reason.rule <> '' then ' ' || reason.rule else '' end,
    case layer when 'silver' then 'quarantined' else 'rejected' end,
    count(*)::bigint,
    null::bigint,
    null::double
from (select layer, table_name, unnest(reasons) as reason from ops.rejects)
group by all
