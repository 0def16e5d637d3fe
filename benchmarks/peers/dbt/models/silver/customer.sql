with newest as (
    select source.*
    from {{ source('bronze', 'customers') }} as source
    join {{ ref('customer_identity') }} as identity
        on identity.customer_id = source.customer_id
        and identity.canonical_customer_id = source.customer_id
    where delivered_at = (select max(delivered_at) from {{ source('bronze', 'customers') }})
),
cleaned as (
    select
        customer_id,
        {% for name in ['natural_key', 'first_name', 'last_name', 'phone', 'address_line1', 'address_line2',
                        'city', 'state_region', 'postcode', 'country_code'] -%}
        {{ worded(name) }} as {{ name }},
        {% endfor -%}
        lower({{ worded('email') }}) as email,
        latitude,
        longitude,
        birth_date,
        join_ts,
        is_vip,
        gdpr_consent
    from newest
)
select
    customer_id,
    natural_key,
    first_name,
    last_name,
    email,
    coalesce(regexp_matches(
        email,
        '^[\pL\pN!#$%&''*+/=?^_`{|}~-]+(?:\.[\pL\pN!#$%&''*+/=?^_`{|}~-]+)*@(?:[\pL\pN](?:[\pL\pN-]*[\pL\pN])?\.)+\pL{2,63}$'
    ), false) as has_valid_email,
    phone,
    address_line1,
    address_line2,
    city,
    state_region,
    postcode,
    country_code,
    case when not {{ impossible_place() }} then latitude end as latitude,
    case when not {{ impossible_place() }} then longitude end as longitude,
    birth_date as birth_on,
    join_ts::timestamp as joined_at,
    is_vip,
    gdpr_consent as has_gdpr_consent
from cleaned
