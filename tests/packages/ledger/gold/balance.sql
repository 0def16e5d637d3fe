-- One row per account that has entries.
-- What is on it?
select account_id, any_value(owner_mask) as owner_mask, sum(amount)::bigint as amount
from gold.fact_entry
join gold.dim_account using (account_id)
group by account_id
order by account_id
