{# What the records say, flat or in an envelope; records that are no JSON are left out. #}
{{ config(materialized='table') }}
with valid as (
    select src_event from {{ source('bronze', 'events') }} where json_valid(src_event)
),
read as (
    select
        src_event,
        {% for name in ['event_id', 'event_ts', 'event_type', 'user_id', 'session_id'] -%}
        coalesce(src_event ->> '$.{{ name }}', src_event ->> '$.envelope.{{ name }}') as {{ name }},
        {% endfor -%}
        src_event -> '$.payload' as payload
    from valid
)
select
    {% for name in ['event_id', 'event_ts', 'event_type', 'user_id', 'session_id'] -%}
    nullif(nullif(nullif(nullif(trim({{ name }}), ''), 'None'), 'N/A'), 'NULL') as {{ name }},
    {% endfor -%}
    coalesce(payload::varchar, case when (src_event -> '$.envelope') is null then json_merge_patch(
        src_event::json,
        '{"event_id": null, "event_ts": null, "event_type": null, "user_id": null, "session_id": null}'::json
    )::varchar end) as payload
from read
