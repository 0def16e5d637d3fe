-- One row per entry.
-- What was booked?
select entry_id, account_id, amount
from silver.entry
order by entry_id
