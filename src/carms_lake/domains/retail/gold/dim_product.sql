-- Grain: one row per product and version, and -1 for the unknown product.
-- Question: what was a product called, and what did it cost, when it was sold?
with version as (
    select
        history.product_id,
        history.valid_from,
        history.valid_to,
        history.is_current,
        history.is_deleted,
        history.deleted_on,
        history.sku,
        history.name,
        history.category,
        history.subcategory,
        history.current_price,
        history.currency,
        history.is_discontinued,
        history.discontinued_on,
        min(history.valid_from) over product as first_from,
        lead(history.valid_from) over product_versions as next_from,
        -- Prices in two currencies have no difference.
        case
            when lag(history.currency) over product_versions is not distinct from history.currency
                then lag(history.current_price) over product_versions
        end as previous_price
    from silver.product_history as history
    window
        product as (partition by history.product_id),
        product_versions as (partition by history.product_id order by history.valid_from)
)
select
    surrogate_key([version.product_id::varchar, version.valid_from::timestamp::varchar])::bigint as product_key,
    version.product_id,
    version.sku,
    version.name,
    version.category,
    version.subcategory,
    version.current_price,
    version.currency,
    version.previous_price,
    (version.current_price - version.previous_price)::decimal(13, 4) as price_change,
    case
        when version.previous_price > 0
            then (
                100 * (version.current_price - version.previous_price)::double / version.previous_price::double
            )::decimal(18, 2)
    end as price_change_pct,
    coalesce(version.current_price <= 0, true) as has_bad_price,
    version.is_discontinued,
    product.introduced_on,
    version.discontinued_on,
    coalesce(version.is_discontinued and version.discontinued_on is null, false) as is_discontinued_without_date,
    version_columns(version)
from version
left join silver.product as product on product.product_id = version.product_id
union all
select
    (-1)::bigint, (-1)::bigint, 'Unknown', 'Unknown', 'Unknown', 'Unknown', null::decimal(12, 4), null::varchar,
    null::decimal(12, 4), null::decimal(13, 4), null::decimal(18, 2), null::boolean, null::boolean, null::date,
    null::date, null::boolean, unknown_version()
order by product_id, valid_from
