-- One row per account.
-- Whose is it?
select account_id, keyed_hash(owner) as owner_mask
from silver.account
order by account_id
