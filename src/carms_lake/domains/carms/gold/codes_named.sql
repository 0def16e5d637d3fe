-- Grain: one row per school, discipline, province, site or stream that the name may mean.
-- Question: what does a name or an abbreviation mean?
with spelt as (
    select code, name_type, name from gold.other_name where kind = of_kind
    union all
    select code, 'code', code from gold.other_name where kind = of_kind group by code
    union all
    select null, 'asked', called
),
folded as (
    select
        code,
        name_type,
        trim(regexp_replace(
            strip_accents(lower(replace(replace(replace(name, '&', ' and '), 'œ', 'oe'), 'Œ', 'oe'))),
            '[^a-z0-9]+', ' ', 'g'
        )) as words
    from spelt
),
compared as (
    select
        known.code,
        case
            when replace(known.words, ' ', '') = replace(asked.words, ' ', '') then 1
            when known.name_type = 'code' then null
            when contains(' ' || known.words, ' ' || asked.words)
                then case known.name_type when 'name' then 2 else 3 end
            when known.name_type = 'name' and contains(known.words, asked.words) then 4
        end as closeness
    from folded as known
    join folded as asked on asked.name_type = 'asked' and asked.words <> ''
    where known.name_type <> 'asked'
)
select code
from compared
where closeness = (select min(closeness) from compared)
    -- Tracks bear the name of their site and more: Ottawa, Ottawa Community.
    or (of_kind = 'site' and closeness <= 2)
group by code
order by code
