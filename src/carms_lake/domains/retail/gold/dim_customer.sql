-- Grain: one row per customer and version, and -1 for the unknown customer.
-- Question: who buys, where do they live, and what may be shown of them?
with version as (
    select
        history.customer_id,
        history.valid_from,
        history.valid_to,
        history.is_current,
        history.is_deleted,
        history.deleted_on,
        history.address_line1,
        history.address_line2,
        history.city,
        history.state_region,
        history.postcode,
        history.country_code,
        history.has_gdpr_consent,
        history.is_vip,
        min(history.valid_from) over customer as first_from,
        lead(history.valid_from) over customer_versions as next_from,
        coalesce(history.has_gdpr_consent, false)
            and coalesce(bool_or(history.is_current and not history.is_deleted and history.has_gdpr_consent)
                over customer, false) as is_shown
    from silver.customer_history as history
    left join silver.customer_identity as identity on identity.customer_id = history.customer_id
    where coalesce(identity.canonical_customer_id, history.customer_id) = history.customer_id
    window
        customer as (partition by history.customer_id),
        customer_versions as (partition by history.customer_id order by history.valid_from)
)
select
    surrogate_key([version.customer_id::varchar, version.valid_from::timestamp::varchar])::bigint as customer_key,
    version.customer_id,
    case when version.is_shown then customer.natural_key else keyed_hash(customer.natural_key) end as natural_key,
    case when version.is_shown then customer.first_name end as first_name,
    case when version.is_shown then customer.last_name end as last_name,
    case when version.is_shown then customer.email else keyed_hash(lower(customer.email)) end as email,
    customer.has_valid_email,
    case
        when version.is_shown then customer.phone
        when customer.phone is not null then '***' || right(regexp_replace(customer.phone, '[^0-9]', '', 'g'), 2)
    end as phone,
    case when version.is_shown then version.address_line1 end as address_line1,
    case when version.is_shown then version.address_line2 end as address_line2,
    version.city,
    version.state_region,
    case when version.is_shown then version.postcode end as postcode,
    version.country_code,
    -- The source gives the coordinates of the newest address only.
    case when version.is_shown and version.is_current then customer.latitude end as latitude,
    case when version.is_shown and version.is_current then customer.longitude end as longitude,
    case when version.is_shown then customer.birth_on end as birth_on,
    customer.joined_at::timestamp as joined_at,
    version.is_vip,
    version.has_gdpr_consent,
    not version.is_shown as is_masked,
    version_columns(version)
from version
left join silver.customer as customer on customer.customer_id = version.customer_id
union all
select
    (-1)::bigint, (-1)::bigint, 'Unknown', null::varchar, null::varchar, null::varchar, null::boolean, null::varchar,
    null::varchar, null::varchar, null::varchar, null::varchar, null::varchar, null::varchar, null::double,
    null::double, null::date, null::timestamp, null::boolean, null::boolean, true,
    unknown_version()
order by customer_id, valid_from
