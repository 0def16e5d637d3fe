{{ config(materialized='ephemeral') }}
select
    product_id,
    delivered_at::timestamp as delivered_at,
    {% for name in ['sku', 'name', 'category', 'subcategory'] -%}
    {{ worded(name) }} as {{ name }},
    {% endfor -%}
    current_price::decimal(12, 4) as current_price,
    upper({{ worded('currency') }}) as currency,
    is_discontinued,
    discontinued_dt as discontinued_on
from {{ source('bronze', 'products') }}
qualify count(*) over (partition by product_id, delivered_at) = 1
