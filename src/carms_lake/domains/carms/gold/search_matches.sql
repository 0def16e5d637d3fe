-- Grain: one row per program, word of the query, term that stands for it, and text with that term.
-- Question: why is a program an answer to a query, and what does each word bring?
with word as (
    select term, is_stop_word, min(word_ordinal) as word_ordinal
    from gold.search_terms([q])
    group by term, is_stop_word
),
asked as (
    -- Words such as "on" count where there are no others. No query is so long that it is not answered.
    select term
    from word
    where not is_stop_word
        or not exists (select 1 from word where not is_stop_word)
    order by word_ordinal
    limit 32
),
known as (
    select term from gold.search_term where term in (select term from asked)
),
unknown as (
    select term from asked where term not in (select term from known)
),
compared as (
    select
        unknown.term as word,
        vocabulary.term,
        length(unknown.term) > 3 and starts_with(vocabulary.term, unknown.term) as is_begun,
        damerau_levenshtein(unknown.term, vocabulary.term) as distance,
        vocabulary.texts
    from unknown
    cross join gold.search_term as vocabulary
),
nearest as (
    select word, term
    from compared
    qualify is_begun
        or (
            not bool_or(is_begun) over (partition by word)
            and row_number() over (partition by word order by distance, texts desc, term) = 1
        )
),
term as (
    select term as word, term from known
    union all
    select word, term from nearest
),
match as (
    select
        term.word,
        term.term,
        document.program_key,
        document.match_iteration_id,
        document.program_stream_id,
        field.field,
        posting.occurrences,
        field.word_weight * if(field.field = 'names', 1, posting.occurrences) as weight
    from term
    join gold.search_posting as posting on posting.term = term.term
    join gold.search_field as field on field.text_id = posting.text_id
    join gold.search_document as document on document.program_key = field.program_key
    where coalesce(document.match_iteration_id = in_iteration, document.is_newest_iteration)
        and coalesce(field.field = in_section, true)
),
by_program as (
    select word, program_key, sum(weight) as weight
    from match
    group by word, program_key
),
by_word as (
    -- A word's programs are counted over all terms that stand for it: counted for each, a term that
    -- few texts have would weigh far too much.
    select word, count(*) as programs
    from by_program
    group by word
),
indexed as (
    select count(*) as programs
    from gold.search_document
    where coalesce(match_iteration_id = in_iteration, is_newest_iteration)
)
select
    match.match_iteration_id,
    match.program_stream_id,
    match.word,
    match.term,
    match.field,
    match.occurrences,
    match.weight::double as weight,
    ln(1 + (indexed.programs - by_word.programs + 0.5) / (by_word.programs + 0.5))::double as rarity,
    (
        ln(1 + (indexed.programs - by_word.programs + 0.5) / (by_word.programs + 0.5))
        * 2.2 * match.weight / (by_program.weight + 1.2)
    )::double as score
from match
join by_program on by_program.program_key = match.program_key and by_program.word = match.word
join by_word on by_word.word = match.word
cross join indexed
