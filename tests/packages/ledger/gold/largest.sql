-- One row: the largest balance.
-- Where is most?
select account_id, amount
from gold.balance
order by amount desc, account_id
limit 1
