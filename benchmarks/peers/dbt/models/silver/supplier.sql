select
    supplier_id,
    {% for name in ['supplier_code', 'name', 'country_code'] -%}
    {{ worded(name) }} as {{ name }},
    {% endfor -%}
    lead_time_days,
    preferred as is_preferred,
    src_repair is not null as is_repaired
from {{ source('bronze', 'suppliers') }}
qualify count(*) over (partition by supplier_id) = 1
