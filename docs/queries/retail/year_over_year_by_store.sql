-- Question: how does each store sell this year against the same days of last year?
-- Answer: one row per store, the newest year of the data; the stores that lost the most first, new ones last.
select
    store_id,
    store_name,
    region,
    calendar_year,
    net_amount_aud::decimal(18, 2) as net_amount_aud,
    previous_net_amount_aud::decimal(18, 2) as previous_net_amount_aud,
    change_pct::decimal(18, 2) as change_pct
from store_performance
where calendar_year = (select max(calendar_year) from store_performance)
order by change_pct nulls last, store_id
