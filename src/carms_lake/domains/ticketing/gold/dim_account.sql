-- Grain: one row per known account.
-- Question: which account is it, and which customer uses it?
select
    account.account_id,
    account.email is not null as has_email,
    account.created_at::timestamp as created_at,
    behind.canonical_customer_id
from silver.account as account
left join gold.bridge_account_customer as behind on behind.account_id = account.account_id
order by account.account_id
