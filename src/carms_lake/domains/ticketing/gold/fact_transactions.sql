-- Grain: one row per payment or refund of a known order.
-- Question: what was paid, when, and for which show?
select
    payment.transaction_id,
    payment.order_id,
    payment.amount,
    payment.occurred_at::timestamp as occurred_at,
    (year(payment.occurred_at) * 10000 + month(payment.occurred_at) * 100 + day(payment.occurred_at))::integer
        as date_key,
    payment.amount < 0 as is_refund,
    paid_order.account_id,
    paid_order.event_id
from silver.payment as payment
join gold.fact_orders as paid_order on paid_order.order_id = payment.order_id
