-- Grain: one row per word of the query and term that stands for it.
-- Question: what is looked for, where a word that no text has is read as those that begin so, or the nearest?
with word as materialized (
    select term as word, is_stop_word
    from gold.search_terms([q])
    group by term, is_stop_word
    order by is_stop_word, min(word_ordinal)
    limit 32
),
asked as materialized (
    -- Words such as "on" count where there are no others.
    select word.word, known.term
    from word
    left join gold.search_term as known on known.term = word.word
    where word.is_stop_word = (select bool_and(is_stop_word) from word)
),
unknown as materialized (
    select word from asked where term is null
),
near as (
    select
        unknown.word,
        vocabulary.term,
        length(unknown.word) > 3 and starts_with(vocabulary.term, unknown.word) as is_begun,
        damerau_levenshtein(unknown.word, vocabulary.term) as distance,
        row_number() over (
            partition by unknown.word
            order by is_begun desc, distance, vocabulary.texts desc, vocabulary.term
        ) as place
    from unknown
    -- Who misspells a word gets its first letter right; to compare with all words takes too long.
    join gold.search_term as vocabulary on left(vocabulary.term, 1) = left(unknown.word, 1)
)
select word, term from asked where term is not null
union all
-- A word that is near to none is left out, unless no other is left to look for.
select word, term
from near
where is_begun
    or (
        place = 1
        and (distance <= length(word) // 4 or not exists (select 1 from asked where term is not null))
    )
