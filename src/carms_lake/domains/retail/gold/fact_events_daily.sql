-- Grain: one row per day (UTC) and type of event.
-- Question: how many visitors did what?
select
    event_on,
    event_type,
    (year(event_on) * 10000 + month(event_on) * 100 + day(event_on))::integer as event_date_key,
    count(*)::bigint as events,
    count(distinct user_id)::bigint as users,
    count(distinct session_id)::bigint as sessions,
    (count(*) filter (where has_unknown_user))::bigint as unknown_user_events
from silver.event
group by event_on, event_type
order by event_on, event_type
