select
    date as rate_on,
    upper({{ worded('currency') }}) as currency,
    rate_to_aud::decimal(18, 8) as rate_to_aud
from {{ source('bronze', 'exchange_rates') }}
