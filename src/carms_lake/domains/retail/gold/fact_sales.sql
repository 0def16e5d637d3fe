-- Grain: one row per order line.
-- Question: what was sold, to whom, where, and for how much?
-- Factors of 20 digits: DuckDB keeps the product of two shorter ones in 18, and overflows.
with rate_of_day as (
    select
        day.currency,
        day.ordered_on,
        rate.rate_to_aud
    from (select distinct currency, ordered_on from silver.order_header where currency <> 'AUD') as day
    asof join (select rate_on, currency, rate_to_aud from silver.exchange_rate where rate_to_aud > 0) as rate
        on rate.currency = day.currency
        and day.ordered_on >= rate.rate_on
),
header as (
    select
        order_id,
        ordered_at,
        ordered_on,
        -- An order without any moment is of the newest version.
        coalesce(ordered_at, ordered_on::timestamp, timestamp '9999-12-31 00:00:00') as versions_at,
        customer_id,
        store_id,
        currency
    from silver.order_header
),
placed as (
    select
        header.order_id,
        header.ordered_at,
        header.versions_at,
        coalesce(customer.customer_key, -1) as customer_key,
        coalesce(store.store_key, -1) as store_key,
        coalesce(
            year(header.ordered_on) * 10000 + month(header.ordered_on) * 100 + day(header.ordered_on), -1
        ) as order_date_key,
        header.currency,
        rate_of_day.rate_to_aud
    from header
    left join gold.dim_customer as customer
        on customer.customer_id = header.customer_id
        and header.versions_at >= customer.applies_from
        and header.versions_at < coalesce(customer.applies_to, timestamp 'infinity')
    left join gold.dim_store as store on store.store_id = header.store_id
    left join rate_of_day
        on rate_of_day.currency = header.currency
        and rate_of_day.ordered_on = header.ordered_on
),
sold as (
    select
        line.order_id,
        line.line_number,
        placed.customer_key,
        coalesce(product.product_key, -1) as product_key,
        placed.store_key,
        placed.order_date_key,
        placed.ordered_at,
        line.quantity,
        line.unit_price,
        try_cast(line.quantity::decimal(20, 0) * line.unit_price as decimal(18, 4)) as gross_amount,
        line.line_discount_pct,
        line.tax_pct,
        placed.currency,
        placed.rate_to_aud
    from silver.order_line as line
    join placed on placed.order_id = line.order_id
    left join gold.dim_product as product
        on product.product_id = line.product_id
        and placed.versions_at >= product.applies_from
        and placed.versions_at < coalesce(product.applies_to, timestamp 'infinity')
),
discounted as (
    select
        *,
        try_cast(gross_amount::decimal(20, 4) * line_discount_pct as decimal(18, 4)) as discount_amount
    from sold
),
net as (
    select
        *,
        try_cast(gross_amount - discount_amount as decimal(18, 4)) as net_amount
    from discounted
),
taxed as (
    select
        *,
        try_cast(net_amount::decimal(20, 4) * tax_pct as decimal(18, 4)) as tax_amount
    from net
)
-- No order: four million wide rows are not sorted; they come as the lines come.
select
    order_id,
    line_number,
    customer_key::bigint as customer_key,
    product_key::bigint as product_key,
    store_key::bigint as store_key,
    order_date_key::integer as order_date_key,
    ordered_at::timestamp as ordered_at,
    quantity,
    unit_price,
    gross_amount,
    discount_amount,
    net_amount,
    tax_amount,
    try_cast(net_amount + tax_amount as decimal(18, 4)) as line_total,
    currency,
    case
        when currency = 'AUD' then net_amount
        else try_cast(net_amount::decimal(20, 4) * rate_to_aud as decimal(18, 4))
    end as net_amount_aud
from taxed
