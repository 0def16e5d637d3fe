-- Question: what did each category sell in the thirty days that end with the newest order?
-- Answer: one row per category, the greatest first; amounts in Australian dollars, net of discount, without tax.
with newest as (
    select max(order_on) as newest_on from sales_performance
)
select
    category,
    sum(quantity)::bigint as quantity,
    sum(net_amount_aud)::decimal(18, 2) as net_amount_aud,
    (100 * sum(net_amount_aud)::double / sum(sum(net_amount_aud)) over ()::double)::decimal(5, 2) as share_pct
from sales_performance
cross join newest
where order_on > newest_on - 30
group by category
order by net_amount_aud desc nulls last, category
