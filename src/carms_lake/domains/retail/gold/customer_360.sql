-- Grain: one row per customer of today.
-- Question: what is a customer worth, and is it coming back?
with as_of as (
    select max(order_date_key) as order_date_key from gold.fact_sales
),
bought as (
    select
        customer.customer_id,
        min(sale.order_date_key) filter (where sale.order_date_key <> -1) as first_order_date_key,
        max(sale.order_date_key) filter (where sale.order_date_key <> -1) as last_order_date_key,
        count(distinct sale.order_id) as orders,
        sum(sale.quantity) as quantity,
        sum(sale.net_amount_aud)::decimal(18, 4) as net_amount_aud
    from gold.fact_sales as sale
    join gold.dim_customer as customer on customer.customer_key = sale.customer_key
    group by customer.customer_id
),
dated as (
    select
        bought.customer_id,
        first_day.calendar_on as first_order_on,
        last_day.calendar_on as last_order_on,
        newest_day.calendar_on - last_day.calendar_on as recency_days,
        bought.orders,
        bought.quantity,
        bought.net_amount_aud,
        -- The greatest amount has 0; equal amounts have equal ranks.
        percent_rank() over (order by bought.net_amount_aud desc nulls last) as amount_rank
    from bought
    cross join as_of
    left join gold.dim_date as first_day on first_day.date_key = bought.first_order_date_key
    left join gold.dim_date as last_day on last_day.date_key = bought.last_order_date_key
    left join gold.dim_date as newest_day on newest_day.date_key = as_of.order_date_key
)
select
    customer.customer_id,
    case
        when dated.orders is null then 'prospect'
        when dated.recency_days is null then 'undated'
        when dated.recency_days > 180 then 'lapsed'
        when dated.recency_days > 90 then 'at_risk'
        when dated.orders = 1 then 'new'
        when dated.amount_rank <= 0.2 then 'champion'
        else 'loyal'
    end as segment,
    dated.first_order_on,
    dated.last_order_on,
    coalesce(dated.orders, 0)::bigint as orders,
    dated.net_amount_aud,
    dated.orders > 1 as is_returning,
    dated.recency_days::bigint as recency_days,
    coalesce(dated.quantity, 0)::bigint as quantity,
    (dated.net_amount_aud::double / dated.orders)::double as net_amount_aud_per_order,
    customer.city,
    customer.country_code,
    customer.is_vip,
    customer.has_gdpr_consent
from gold.dim_customer as customer
left join dated on dated.customer_id = customer.customer_id
where customer.is_current
    and not customer.is_deleted
    and customer.customer_key <> -1
