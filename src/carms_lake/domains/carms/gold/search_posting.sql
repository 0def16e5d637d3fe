-- Grain: one row per term.
-- Question: in which texts does a word stand, and how often in each?
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
counted as (
    select word.term, texts.text_id, count(*)::integer as occurrences
    from gold.search_terms((
        select list(regexp_replace(content, '\[(name|phone|e-mail)\]', ' ', 'g') order by text_id) from texts
    )) as word
    join texts on texts.text_id = word.text_ordinal
    where not word.is_stop_word
        or texts.is_name
    group by word.term, texts.text_id
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
