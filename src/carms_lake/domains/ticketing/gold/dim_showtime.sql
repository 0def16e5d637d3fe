-- Grain: one row per known showtime.
-- Question: which show is played, and when?
select
    showtime.showtime_id,
    showtime.event_id,
    event.event_name,
    showtime.starts_at::timestamp as starts_at,
    coalesce(
        year(showtime.starts_at) * 10000 + month(showtime.starts_at) * 100 + day(showtime.starts_at), -1
    )::integer as start_date_key,
    event.event_id is null as has_unknown_event
from silver.showtime as showtime
left join gold.dim_event as event on event.event_id = showtime.event_id
order by showtime.showtime_id
