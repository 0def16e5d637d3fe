-- Grain: one row per known event.
-- Question: which show is it?
select
    event_id,
    name as event_name,
    slug
from silver.event
order by event_id
