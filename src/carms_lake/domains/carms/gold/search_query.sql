-- Grain: one row per word of the query and term that is looked for.
-- Question: what is looked for, where a word that no text has is read as those that begin so, or the nearest?
with word as (
    select term as word, is_stop_word
    from gold.search_terms([q])
    group by term, is_stop_word
    order by is_stop_word, min(word_ordinal)
    limit 32
),
looked_for as (
    select
        word.word,
        known.term,
        -- What to compare a word with that no text has. Who misspells a word gets its first letter
        -- right; to compare with all terms takes too long.
        case when known.term is null then left(word.word, 1) end as first_letter,
        bool_or(known.term is not null) over () as is_any_known
    from word
    left join gold.search_posting as known on known.term = word.word
    -- Words such as "on" count where there are no others.
    qualify word.is_stop_word = bool_and(word.is_stop_word) over ()
),
compared as (
    select
        looked_for.word,
        coalesce(looked_for.term, vocabulary.term) as term,
        looked_for.is_any_known,
        looked_for.term is not null as is_known,
        length(looked_for.word) > 3 and starts_with(vocabulary.term, looked_for.word) as is_begun,
        case
            when abs(length(looked_for.word) - length(vocabulary.term)) <= length(looked_for.word) // 4
                then damerau_levenshtein(looked_for.word, vocabulary.term)
            -- Too far away, unless no other word is left: to compare letters takes long.
            else length(looked_for.word) + length(vocabulary.term)
        end as distance,
        vocabulary.texts
    from looked_for
    left join gold.search_posting as vocabulary on left(vocabulary.term, 1) = looked_for.first_letter
)
select word, term
from compared
where term is not null
-- A word that is near to none is left out, unless no other is left to look for.
qualify is_known
    or is_begun
    or (
        row_number() over (partition by word order by is_begun desc, distance, texts desc, term) = 1
        and (distance <= length(word) // 4 or not is_any_known)
    )
