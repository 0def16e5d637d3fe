"""What `carms search` asks the published file, one plain SELECT after the other.

All are asked of one published file, held open; one statement for all was mostly planning.
"""

from __future__ import annotations

from carms_lake.domains.carms.analysis.filters import PARAMETERS

_FOUND = """
with found as (
    select found.match_iteration_id, found.program_stream_id, found.score, found.same_text_as
    from search_programs($query, in_iteration := $iteration, in_section := $section) as found
    <filter>
)
select
    match_iteration_id,
    list(program_stream_id order by score desc, program_stream_id) as ids,
    max(score) as score,
    sum(count(*)) over ()::bigint as programs
from found
group by match_iteration_id, same_text_as
order by score desc, ids[1]
limit $limit
"""

FOUND_OF_ALL = _FOUND.replace("<filter>", "")
"""The best answers, programs with the same text in one, and how many programs were found.

Where no filter is given: to plan one that asks nothing takes longer than the search."""

_FILTERED = ", ".join(f"{its} := ${ours}" for ours, its in PARAMETERS.items())
FOUND_OF_MATCHING = _FOUND.replace(
    "<filter>",
    f"semi join programs_matching({_FILTERED}) as matching"
    " on matching.match_iteration_id = found.match_iteration_id"
    " and matching.program_stream_id = found.program_stream_id",
)
"""The same of the programs that fit the filters."""

FOUND_AMONG = _FOUND.replace("<filter>", "where list_contains($programs, found.program_stream_id)")
"""The same of some programs."""

RANKED = """
select program_stream_id
from search_programs($query, in_iteration := $iteration)
order by score desc, program_stream_id
"""
"""All programs that a query finds."""

LOOKED_FOR = "select word, term from search_query($query) order by word, term"
"""The words of the query, and the terms that are looked for."""

FACTS = """
select
    program_stream_id, program_name, discipline_name, school_name, program_site, eligibility,
    training_province, quota
from program_profile_all_iterations
where match_iteration_id = $iteration
    and list_contains($programs, program_stream_id)
"""
"""The facts of each program that an answer shows."""

TEXTS = """
with looked_for as (
    select unnest($words::varchar[]) as word, unnest($terms::varchar[]) as term
),
place as (
    select
        looked_for.word,
        unnest(posting.text_ids) as text_id,
        unnest(posting.occurrences) as occurrences
    from looked_for
    join search_posting as posting on posting.term = looked_for.term
),
best as (
    select document.program_stream_id, field.program_key, field.field
    from search_document as document
    join search_field as field on field.program_key = document.program_key
    join place on place.text_id = field.text_id
    where document.match_iteration_id = $iteration
        and list_contains($programs, document.program_stream_id)
        and field.field not in ('title', 'names')
        and coalesce(field.field = $section, true)
    group by document.program_stream_id, field.program_key, field.field
    qualify row_number() over (
        partition by field.program_key
        order by count(distinct place.word) desc, sum(field.word_weight * place.occurrences) desc,
            field.field
    ) = 1
)
select best.program_stream_id, section.section_code, section.content
from best
join program_section_all_iterations as section
    on section.program_key = best.program_key
    and section.section_code = best.field
"""
"""Of each program the text that has most of the words."""

WORDS = """
with spelling as (
    select list(distinct word) as words
    from (
        select unnest(regexp_extract_all(content, '[\\pL\\pM\\pN\\x{00AD}]+')) as word
        from (select unnest($texts::varchar[]) as content)
    )
)
select spelling.words[found.text_ordinal] as word, found.term
from search_terms((select words from spelling)) as found
cross join spelling
where list_contains($terms, found.term)
"""
"""The words of some texts, as they are written there, that are one of the terms."""

EXPLAINED = """
with place as (
    select
        query.word,
        query.term,
        unnest(posting.text_ids) as text_id,
        unnest(posting.occurrences) as occurrences
    from search_query($query) as query
    join search_posting as posting on posting.term = query.term
),
hit as materialized (
    select
        place.word, place.term, field.program_key, field.field, place.occurrences,
        field.iteration_programs as indexed,
        field.word_weight
            * case when field.field = 'names' then 1 else place.occurrences end as weight
    from place
    join search_field as field on field.text_id = place.text_id
    where coalesce(field.match_iteration_id = $iteration, field.is_newest_iteration)
        and coalesce(field.field = $section, true)
),
rarity as (
    select word, count(distinct program_key) as programs
    from hit
    group by word
),
weighed as (
    select
        *,
        sum(weight) over (partition by program_key, word) as word_weight,
        ln(1 + (indexed - programs + 0.5) / (programs + 0.5)) as rarity
    from hit
    join rarity using (word)
)
select
    document.program_stream_id, word, term, field, occurrences,
    round(weight, 4) as weight, round(rarity, 4) as rarity,
    round(rarity * 2.2 * weight / (word_weight + 1.2), 4) as score
from weighed
join search_document as document using (program_key)
where list_contains($programs, document.program_stream_id)
order by document.program_stream_id, score desc, word, term, field
"""
"""What each word of a query brings in each text of some programs; their sum is the score."""

SECTIONS = "select distinct field from search_field order by field"
