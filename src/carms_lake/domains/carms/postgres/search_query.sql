-- What is looked for, where a word that no text has is read as those that begin so, or the nearest?
-- As the macro of gold, whose comments say why.
create or replace function gold.search_query(q text) returns table (word text, term text)
language sql stable parallel safe as $$
with asked as (
    select found.term as word, found.is_stop_word
    from gold.search_terms(array[q]) as found
    group by found.term, found.is_stop_word
    order by found.is_stop_word, min(found.word_ordinal)
    limit 32
),
looked_for as (
    select
        asked.word,
        known.term,
        case when known.term is null then left(asked.word, 1) end as first_letter,
        bool_or(known.term is not null) over () as is_any_known,
        asked.is_stop_word = bool_and(asked.is_stop_word) over () as counts
    from asked
    left join gold.search_posting as known on known.term = asked.word
),
compared as (
    select
        looked_for.word,
        coalesce(looked_for.term, vocabulary.term) as term,
        looked_for.is_any_known,
        looked_for.term is not null as is_known,
        length(looked_for.word) > 3 and starts_with(vocabulary.term, looked_for.word) as is_begun,
        case
            when abs(length(looked_for.word) - length(vocabulary.term)) <= length(looked_for.word) / 4
                then gold.word_distance(looked_for.word, vocabulary.term)
            else length(looked_for.word) + length(vocabulary.term)
        end as distance,
        vocabulary.texts
    from looked_for
    left join gold.search_posting as vocabulary on left(vocabulary.term, 1) = looked_for.first_letter
    where looked_for.counts
),
ranked as (
    select
        *,
        row_number() over (
            partition by word order by is_begun desc, distance, texts desc, term collate "C"
        ) as place
    from compared
    where term is not null
)
select ranked.word, ranked.term
from ranked
where is_known
    or is_begun
    or (place = 1 and (distance <= length(ranked.word) / 4 or not is_any_known))
$$
