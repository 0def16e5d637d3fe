with moment as (
    select
        *,
        try_cast(event_ts as timestamptz)::timestamp as event_at,
        try_cast(user_id as bigint) as user
    from {{ ref('event_read') }}
)
select
    moment.event_id,
    moment.event_at,
    moment.event_at::date as event_on,
    moment.event_type,
    coalesce(identity.canonical_customer_id, moment.user) as user_id,
    moment.session_id,
    moment.payload,
    moment.user_id is not null and identity.canonical_customer_id is null as has_unknown_user
from moment
left join {{ ref('customer_identity') }} as identity on identity.customer_id = moment.user
where moment.event_id is not null and moment.event_at is not null and moment.event_type is not null
