select holiday_on, country_code, name from {{ source('bronze', 'holidays') }}
