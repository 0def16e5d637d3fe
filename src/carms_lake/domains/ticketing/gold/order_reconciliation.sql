-- Grain: one row per order whose transactions do not add up to its total.
-- Question: which orders were paid too little, too much, or paid back?
select
    order_id,
    ordered_at,
    total_amount,
    net_amount as transactions_amount,
    amount_difference,
    transactions,
    case
        when transactions = 0 then 'unpaid'
        when amount_difference < 0 then 'overpaid'
        when refund_amount < 0 then 'refunded'
        else 'partly_paid'
    end as finding
from gold.fact_orders
where amount_difference <> 0
