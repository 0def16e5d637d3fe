-- Grain: one row per word of the query and term that stands for it.
-- Question: what is looked for? A word that no text has is read as those that begin so, or the nearest.
with word as materialized (
    select term, is_stop_word, min(word_ordinal) as word_ordinal
    from gold.search_terms([q])
    group by term, is_stop_word
    order by is_stop_word, word_ordinal
    limit 32
),
asked as materialized (
    -- Words such as "on" count where there are no others.
    select word.term as word, known.term
    from word
    left join gold.search_term as known on known.term = word.term
    where word.is_stop_word = (select bool_and(is_stop_word) from word)
),
unknown as materialized (
    select word from asked where term is null
),
begun as materialized (
    select unknown.word, vocabulary.term
    from unknown
    join gold.search_term as vocabulary on starts_with(vocabulary.term, unknown.word)
    where length(unknown.word) > 3
),
nearest as (
    select
        unknown.word,
        min_by(
            vocabulary.term,
            [damerau_levenshtein(unknown.word, vocabulary.term), -vocabulary.texts]
        ) as term,
        min(damerau_levenshtein(unknown.word, vocabulary.term)) as distance
    from unknown
    join gold.search_term as vocabulary
        on length(vocabulary.term)
            between least(length(unknown.word), 12) - 2 and least(length(unknown.word), 12) + 2
    where unknown.word not in (select word from begun)
    group by unknown.word
)
select word, term from asked where term is not null
union all
select word, term from begun
union all
-- A word that is near to none is left out, unless no other is left to look for.
select word, term
from nearest
where distance <= length(word) // 4
    or not exists (select 1 from asked where term is not null)
