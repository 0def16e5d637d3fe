-- Grain: one row per account that a page view names together with a customer.
-- Question: which customer uses an account?
with seen as (
    select
        page_view.account_id,
        page_view.page_id,
        page_view.occurred_at,
        coalesce(identity.canonical_customer_id, page_view.customer_id) as canonical_customer_id
    from silver.page_view as page_view
    left join silver.customer_identity as identity on identity.customer_id = page_view.customer_id
    where page_view.account_id is not null
        and page_view.customer_id is not null
)
select
    account_id,
    arg_max(canonical_customer_id, {'occurred_at': occurred_at, 'page_id': page_id}) as canonical_customer_id,
    count(distinct canonical_customer_id)::bigint as customers,
    max(occurred_at)::timestamp as last_seen_at
from seen
group by account_id
order by account_id
