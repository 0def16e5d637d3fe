{{ config(materialized='ephemeral') }}
select
    source.customer_id,
    source.delivered_at::timestamp as delivered_at,
    {% for name in ['address_line1', 'address_line2', 'city', 'state_region', 'postcode', 'country_code'] -%}
    {{ worded('source.' ~ name) }} as {{ name }},
    {% endfor -%}
    source.gdpr_consent as has_gdpr_consent,
    source.is_vip
from {{ source('bronze', 'customers') }} as source
where not exists (
    select 1 from {{ ref('customer_identity') }} as identity
    where identity.customer_id = source.customer_id
        and identity.canonical_customer_id <> source.customer_id
)
qualify count(*) over (partition by source.customer_id, source.delivered_at) = 1
