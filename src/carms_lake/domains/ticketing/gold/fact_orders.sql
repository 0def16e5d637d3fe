-- Grain: one row per order.
-- Question: who ordered what, what was paid for it, and is it known?
with paid as (
    select
        order_id,
        count(*) as transactions,
        coalesce(sum(amount) filter (where amount >= 0), 0) as gross_amount,
        coalesce(sum(amount) filter (where amount < 0), 0) as refund_amount,
        sum(amount) as net_amount
    from silver.payment
    group by order_id
)
select
    placed.order_id,
    placed.account_id,
    placed.showtime_id,
    showtime.event_id,
    behind.canonical_customer_id as attributed_customer_id,
    placed.ordered_at::timestamp as ordered_at,
    (year(placed.ordered_at) * 10000 + month(placed.ordered_at) * 100 + day(placed.ordered_at))::integer
        as order_date_key,
    placed.total_amount,
    coalesce(paid.gross_amount, 0)::decimal(18, 2) as gross_amount,
    coalesce(paid.refund_amount, 0)::decimal(18, 2) as refund_amount,
    coalesce(paid.net_amount, 0)::decimal(18, 2) as net_amount,
    (placed.total_amount - coalesce(paid.net_amount, 0))::decimal(18, 2) as amount_difference,
    coalesce(paid.transactions, 0)::bigint as transactions,
    account.account_id is null as has_unknown_account,
    placed.showtime_id is not null and showtime.showtime_id is null as has_unknown_showtime,
    coalesce(showtime.has_unknown_event, false) as has_unknown_event,
    account.account_id is null
        or (placed.showtime_id is not null and showtime.showtime_id is null)
        or coalesce(showtime.has_unknown_event, false) as is_orphan
from silver.ticket_order as placed
left join paid on paid.order_id = placed.order_id
left join gold.dim_account as account on account.account_id = placed.account_id
left join gold.dim_showtime as showtime on showtime.showtime_id = placed.showtime_id
left join gold.bridge_account_customer as behind on behind.account_id = placed.account_id
