select
    product_id,
    {% for name in ['sku', 'name', 'category', 'subcategory'] -%}
    {{ worded(name) }} as {{ name }},
    {% endfor -%}
    current_price::decimal(12, 4) as current_price,
    upper({{ worded('currency') }}) as currency,
    is_discontinued,
    introduced_dt as introduced_on,
    discontinued_dt as discontinued_on,
    coalesce(not current_price > 0, true) as has_bad_price,
    coalesce(is_discontinued, false) and discontinued_dt is null as is_discontinued_without_date
from {{ source('bronze', 'products') }}
where delivered_at = (select max(delivered_at) from {{ source('bronze', 'products') }})
qualify count(*) over (partition by product_id) = 1
