-- Grain: one row per term.
-- Question: in which texts does a word stand, and how often in each?
-- Words are read once for each way they are spelt, with what stands around them: a text repeats them.
with field_text as (
    select field.text_id, field.field in ('title', 'names') as is_name, document.program_name as content
    from gold.search_field as field
    join gold.search_document as document on document.program_key = field.program_key
    where field.field = 'title'
    union all
    select field.text_id, true, document.other_names
    from gold.search_field as field
    join gold.search_document as document on document.program_key = field.program_key
    where field.field = 'names'
    union all
    select field.text_id, false, described.content
    from gold.search_field as field
    join gold.program_section_all_iterations as described
        on described.program_key = field.program_key
        and described.section_code = field.field
),
texts as (
    select text_id, bool_or(is_name) as is_name, any_value(content) as content
    from field_text
    group by text_id
),
piece as (
    select text_id, is_name, spelling, count(*) as occurrences
    from (
        select
            text_id,
            is_name,
            unnest(string_split(regexp_replace(content, '\[(name|phone|e-mail)\]|\s+', ' ', 'g'), ' ')) as spelling
        from texts
    )
    group by text_id, is_name, spelling
),
spelt as (
    select spelling, row_number() over (order by spelling) as spelling_id
    from (select distinct spelling from piece)
),
worded as (
    select spelt.spelling, word.term, word.is_stop_word, count(*) as occurrences
    from gold.search_terms((select list(spelling order by spelling) from spelt)) as word
    join spelt on spelt.spelling_id = word.text_ordinal
    group by spelt.spelling, word.term, word.is_stop_word
),
counted as (
    select worded.term, piece.text_id, sum(piece.occurrences * worded.occurrences)::integer as occurrences
    from piece
    join worded on worded.spelling = piece.spelling
    where not worded.is_stop_word
        or piece.is_name
    group by worded.term, piece.text_id
)
-- Lists, because a search that looks through a row per text takes five times as long.
select
    term,
    count(*)::integer as texts,
    list(text_id order by text_id) as text_ids,
    list(occurrences order by text_id) as occurrences
from counted
group by term
order by term
