-- Question: which customers are worth the most, and are they still buying?
-- Answer: the hundred customers with the greatest net sales, with their orders, their mean order and their segment.
select
    customer_id,
    segment,
    is_returning,
    orders,
    net_amount_aud::decimal(18, 2) as lifetime_value_aud,
    net_amount_aud_per_order::decimal(18, 2) as order_value_aud,
    first_order_on,
    last_order_on,
    recency_days
from customer_360
where orders > 0
order by net_amount_aud desc nulls last, customer_id
limit 100
