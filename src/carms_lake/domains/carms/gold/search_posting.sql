-- Grain: one row per term and text that has it.
-- Question: in which texts does a word stand, and how often?
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
)
select word.term, texts.text_id, count(*)::integer as occurrences
from gold.search_terms((
    select list(regexp_replace(content, '\[(name|phone|e-mail)\]', ' ', 'g') order by text_id) from texts
)) as word
join texts on texts.text_id = word.text_ordinal
where not word.is_stop_word
    or texts.is_name
group by word.term, texts.text_id
order by word.term, texts.text_id
