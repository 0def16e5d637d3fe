-- Grain: one row per store and calendar year, from its first year of sales to the newest.
-- Question: how does a store sell against the same days of the year before?
with daily as (
    select
        sale.store_key,
        calendar.calendar_on as order_on,
        count(distinct sale.order_id) as orders,
        sum(sale.quantity) as quantity,
        sum(sale.net_amount_aud) as net_amount_aud
    from gold.fact_sales as sale
    join gold.dim_date as calendar on calendar.date_key = sale.order_date_key
    where sale.order_date_key <> -1
    group by sale.store_key, calendar.calendar_on
),
as_of as (
    select max(order_on) as as_of_on from daily
),
-- A day counts for its own year, and as "the same day a year before" if the next year has come that far.
counted as (
    select
        store_key,
        year(order_on) as calendar_year,
        orders,
        quantity,
        net_amount_aud,
        null::decimal(38, 4) as previous_net_amount_aud
    from daily
    union all
    select
        daily.store_key,
        year(daily.order_on) + 1,
        0,
        0,
        null,
        daily.net_amount_aud
    from daily
    cross join as_of
    where (daily.order_on + interval 1 year)::date <= as_of.as_of_on
),
yearly as (
    select
        store_key,
        calendar_year,
        sum(orders) as orders,
        sum(quantity) as quantity,
        sum(net_amount_aud)::decimal(18, 4) as net_amount_aud,
        sum(previous_net_amount_aud)::decimal(18, 4) as previous_net_amount_aud
    from counted
    group by store_key, calendar_year
)
select
    store.store_id,
    store.store_name,
    store.region,
    store.channel,
    yearly.calendar_year::integer as calendar_year,
    yearly.orders::bigint as orders,
    yearly.quantity::bigint as quantity,
    yearly.net_amount_aud,
    yearly.previous_net_amount_aud,
    case
        when yearly.previous_net_amount_aud > 0
            then 100 * (coalesce(yearly.net_amount_aud, 0) - yearly.previous_net_amount_aud)::double
                / yearly.previous_net_amount_aud::double
    end::double as change_pct
from yearly
join gold.dim_store as store on store.store_key = yearly.store_key
