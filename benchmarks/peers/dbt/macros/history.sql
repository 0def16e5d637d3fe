{# One row per key and version: equal states of deliveries that follow each other are one version. #}
{% macro versions(states, key, attributes) %}
with delivery as (
    select delivered_at, lead(delivered_at) over (order by delivered_at) as next_at
    from (select distinct delivered_at from {{ states }})
),
told as (
    select
        state.*,
        hash(row({{ attributes | join(', ') }})) as state_hash,
        lag(state.delivered_at) over key_states as before_at,
        lag(hash(row({{ attributes | join(', ') }}))) over key_states as before_hash,
        lag(delivery.next_at) over key_states as before_next_at,
        delivery.next_at
    from {{ states }} as state
    join delivery on delivery.delivered_at = state.delivered_at
    window key_states as (partition by {{ key }} order by state.delivered_at)
),
numbered as (
    select
        *,
        sum(case when before_at is null or before_hash <> state_hash or before_next_at <> delivered_at
            then 1 else 0 end) over (partition by {{ key }} order by delivered_at) as version
    from told
),
held as (
    select
        {{ key }},
        min(delivered_at) as valid_from,
        {% for name in attributes -%}
        first({{ name }} order by delivered_at) as {{ name }},
        {% endfor -%}
        arg_max(next_at, delivered_at) as valid_to
    from numbered
    group by {{ key }}, version
),
placed as (
    select *, lead(valid_from) over (partition by {{ key }} order by valid_from) as later_from
    from held
)
select
    {{ key }},
    valid_from,
    {{ attributes | join(', ') }},
    valid_to,
    later_from is null as is_current,
    later_from is null and valid_to is not null as is_deleted,
    case when later_from is null then valid_to::date end as deleted_on
from placed
{% endmacro %}
