-- Grain: one row per page view.
-- Question: who viewed which page, and of which show?
with viewed as (
    select
        page_view.page_id,
        page_view.account_id,
        page_view.customer_id,
        coalesce(identity.canonical_customer_id, page_view.customer_id) as canonical_customer_id,
        page_view.page_type,
        page_view.is_known_page_type,
        page_view.occurred_at,
        coalesce(page_view.event_id, showtime.event_id) as event_id,
        page_view.showtime_id,
        page_view.showtime_id is not null and showtime.showtime_id is null as has_unknown_showtime,
        coalesce(page_view.event_id <> showtime.event_id, false) as has_event_conflict
    from silver.page_view as page_view
    left join silver.customer_identity as identity on identity.customer_id = page_view.customer_id
    left join gold.dim_showtime as showtime on showtime.showtime_id = page_view.showtime_id
)
select
    viewed.page_id,
    viewed.account_id,
    viewed.customer_id,
    viewed.canonical_customer_id,
    coalesce(viewed.canonical_customer_id, behind.canonical_customer_id) as attributed_customer_id,
    viewed.page_type,
    viewed.is_known_page_type,
    viewed.occurred_at::timestamp as occurred_at,
    (year(viewed.occurred_at) * 10000 + month(viewed.occurred_at) * 100 + day(viewed.occurred_at))::integer
        as date_key,
    viewed.event_id,
    viewed.showtime_id,
    viewed.account_id is not null and account.account_id is null as has_unknown_account,
    viewed.event_id is not null and event.event_id is null as has_unknown_event,
    viewed.has_unknown_showtime,
    (viewed.account_id is not null and account.account_id is null)
        or (viewed.event_id is not null and event.event_id is null)
        or viewed.has_unknown_showtime as is_orphan,
    viewed.has_event_conflict
from viewed
left join gold.dim_account as account on account.account_id = viewed.account_id
left join gold.dim_event as event on event.event_id = viewed.event_id
left join gold.bridge_account_customer as behind on behind.account_id = viewed.account_id
