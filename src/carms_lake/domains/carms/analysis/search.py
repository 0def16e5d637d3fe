"""Programs whose descriptions and names have the words of a query: `carms search` as a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis.filters import PARAMETERS, ensure_named, parameters
from carms_lake.domains.carms.analysis.known import gold_of_this_version
from carms_lake.domains.carms.analysis.snippets import Snippet, snippet

if TYPE_CHECKING:
    import polars as pl

Ask = Callable[[str, Mapping[str, Any]], Sequence[Sequence[Any]]]
"""What answers a SELECT with its parameters in rows."""

COLUMNS = (
    "program_stream_id",
    "score",
    "program_name",
    "discipline_name",
    "school_name",
    "program_site",
    "eligibility",
    "training_province",
    "quota",
    "same_text",
    "section",
    "snippet",
    "snippet_marks",
)
"""The columns of an answer; `explanation` comes on top where it is asked for."""

_MOST_CHARACTERS = 2_000
"""Of a query; what comes after is not looked at. A query is asked in its first 32 words anyway."""

_SEARCH = """
with found as materialized (
    select found.match_iteration_id, found.program_stream_id, found.score, found.same_text_as
    from search_programs($query, in_iteration := $iteration, in_section := $section) as found
    <filter>
),
first_of as materialized (
    select
        match_iteration_id,
        list(program_stream_id order by score desc, program_stream_id) as ids,
        ids[1] as program_stream_id,
        max(score) as score
    from found
    group by match_iteration_id, same_text_as
    order by score desc, program_stream_id
    limit $limit
),
query as materialized (
    from search_query($query)
),
place as (
    select
        query.word,
        unnest(posting.text_ids) as text_id,
        unnest(posting.occurrences) as occurrences
    from query
    join search_posting as posting on posting.term = query.term
),
best as materialized (
    select document.program_stream_id, field.program_key, field.field
    from first_of
    join search_document as document
        on document.match_iteration_id = first_of.match_iteration_id
        and document.program_stream_id = first_of.program_stream_id
    join search_field as field on field.program_key = document.program_key
    join place on place.text_id = field.text_id
    where field.field not in ('title', 'names')
        and coalesce(field.field = $section, true)
    group by document.program_stream_id, field.program_key, field.field
    qualify row_number() over (
        partition by field.program_key
        order by count(distinct place.word) desc, sum(field.word_weight * place.occurrences) desc,
            field.field
    ) = 1
),
text as materialized (
    select best.program_stream_id, section.section_code, section.content
    from best
    join program_section_all_iterations as section
        on section.program_key = best.program_key
        and section.section_code = best.field
),
spelling as materialized (
    select list(distinct word) as words
    from (
        select unnest(regexp_extract_all(content, '[\\pL\\pM\\pN\\x{00AD}]+')) as word
        from text
    )
)
select
    program.program_stream_id, first_of.score, program.program_name, program.discipline_name,
    program.school_name, program.program_site, program.eligibility, program.training_province,
    program.quota, first_of.ids[2:] as same_text, text.section_code, text.content,
    (
        select list({'word': spelling.words[found.text_ordinal], 'term': found.term})
        from gold.search_terms((select words from spelling)) as found
        cross join spelling
        where found.term in (select term from query)
    ) as marked,
    (select count(*) from found) as programs,
    (select list(word || chr(31) || term) from query where word <> term) as read_as
from first_of
join program_profile_all_iterations as program
    on program.match_iteration_id = first_of.match_iteration_id
    and program.program_stream_id = first_of.program_stream_id
left join text on text.program_stream_id = first_of.program_stream_id
order by first_of.score desc, first_of.program_stream_id
"""
"""The best answers, each with the text that has most of the words, as they are spelt there."""

_FILTERED = ", ".join(f"{its} := ${ours}" for ours, its in PARAMETERS.items())
_MATCHING = _SEARCH.replace(
    "<filter>",
    f"semi join programs_matching({_FILTERED}) as matching"
    " on matching.match_iteration_id = found.match_iteration_id"
    " and matching.program_stream_id = found.program_stream_id",
)
_ALL = _SEARCH.replace("<filter>", "")
"""Where no filter is given: to plan one that asks nothing takes longer than the search."""
_AMONG = _SEARCH.replace("<filter>", "where list_contains($programs, found.program_stream_id)")
_RANKED = """
select program_stream_id
from search_programs($query, in_iteration := $iteration)
order by score desc, program_stream_id
"""

_EXPLAIN = """
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

_SECTIONS = "select distinct field from search_field order by field"


@dataclass(frozen=True)
class Hit:
    """One program, the best of those with its text, in the order of the score."""

    facts: tuple[Any, ...]
    """`COLUMNS` up to quota."""
    same_text: tuple[str, ...]
    """The other programs found that have the same text."""
    section: str | None
    """The section that has most of the words; None where only names have them."""
    snippet: Snippet
    explanation: tuple[dict[str, Any], ...] = ()
    """By word, term and field: occurrences, weight, rarity, and what it adds to the score."""

    def row(self, *, explain: bool = False) -> tuple[Any, ...]:
        """The values of `COLUMNS`, and the explanation."""
        marks = [list(mark) for mark in self.snippet.marks]
        found = (list(self.same_text), self.section, self.snippet.text, marks)
        return (*self.facts, *found, *([list(self.explanation)] if explain else []))


@dataclass(frozen=True)
class Found:
    """What a query found."""

    hits: tuple[Hit, ...]
    programs: int
    """All programs that have a word of the query and fit the filters."""
    read_as: dict[str, tuple[str, ...]]
    """By word of the query that no text has: the terms that are looked for in its place."""


def search(  # noqa: PLR0913 - the options of the command
    lake: carms_lake.Lake,
    query: str,
    filters: Mapping[str, Any] | None = None,
    *,
    section: str | None = None,
    limit: int = 10,
    explain: bool = False,
) -> pl.DataFrame:
    """The programs that answer a query best, one row per text that they share, best first.

    Columns: `program_stream_id`, `score` (comparable within one query only), facts of
    program_profile, `same_text` (list of ids: what else was found with the same text), `section`
    (where most of the words are), `snippet` and `snippet_marks` (list of [start, end) in it);
    with `explain`, `explanation`: a list of {word, term, field, occurrences, weight, rarity,
    score}, whose scores add up to the program's.
    The score is BM25F (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009).

    Raises:
        UsageError: no query, or no such section, filter or name in a filter.
        GoldMissing: there is no gold file yet.
    """
    import polars as pl  # noqa: PLC0415 - the command does without it

    found = answer(
        lambda sql, asked: lake.query(sql, asked).rows(),
        query,
        filters,
        section=section,
        limit=limit,
        explain=explain,
    )
    if not found.hits:
        ensure_named(lake, parameters(filters))
    strings: dict[str, pl.DataType] = dict.fromkeys(COLUMNS, pl.String())
    schema = strings | {
        "score": pl.Float64(),
        "quota": pl.Int64(),
        "same_text": pl.List(pl.String),
        "snippet_marks": pl.List(pl.List(pl.Int64)),
    }
    names = (*COLUMNS, *(["explanation"] if explain else []))
    rows = [hit.row(explain=explain) for hit in found.hits]
    return pl.DataFrame(rows, schema=names, schema_overrides=schema, orient="row")


def answer(  # noqa: PLR0913 - the same
    ask: Ask,
    query: str,
    filters: Mapping[str, Any] | None = None,
    *,
    section: str | None = None,
    limit: int = 10,
    explain: bool = False,
) -> Found:
    """What `search` finds, by whatever answers SQL: a command asks without loading Polars.

    Raises:
        UsageError: no query, or no such section.
        GoldMissing: the gold file is of an earlier version.
        LakeError: what `ask` raises.
    """
    if not query.strip():
        raise carms_lake.UsageError(
            "the query is empty", "give words, as in `carms search rural obstetrics`"
        )
    given = parameters(filters)
    asked = {**given, "query": query[:_MOST_CHARACTERS], "section": section}
    statement = _MATCHING
    if all(value is None for value in given.values()):
        asked = {"iteration": None, "query": asked["query"], "section": section}
        statement = _ALL
    with gold_of_this_version():
        rows = ask(statement, {**asked, "limit": limit})
    if not rows and section:
        known = [str(name) for (name,) in ask(_SECTIONS, {})]
        if section not in known:
            raise carms_lake.UsageError(
                f"no section is called `{section}`", f"sections are: {', '.join(known)}"
            )
    explained: dict[str, list[dict[str, Any]]] = {}
    if explain and rows:
        about = {key: asked[key] for key in ("query", "iteration", "section")}
        names = ("word", "term", "field", "occurrences", "weight", "rarity", "score")
        for program, *values in ask(_EXPLAIN, {**about, "programs": [row[0] for row in rows]}):
            explained.setdefault(program, []).append(dict(zip(names, values, strict=True)))
    hits = tuple(_hit(row, tuple(explained.get(row[0], ()))) for row in rows)
    read_as: dict[str, tuple[str, ...]] = {}
    for pair in sorted(rows[0][-1] or ()) if rows else ():
        word, _, term = pair.partition("\x1f")
        read_as[word] = (*read_as.get(word, ()), term)
    return Found(hits, rows[0][-2] if rows else 0, read_as)


def ranked(ask: Ask, query: str, iteration: str | None = None) -> list[str]:
    """The ids of all programs that a query finds, the best first.

    Raises:
        GoldMissing: the gold file is of an earlier version.
        LakeError: what `ask` raises.
    """
    with gold_of_this_version():
        rows = ask(_RANKED, {"query": query[:_MOST_CHARACTERS], "iteration": iteration})
    return [row[0] for row in rows]


def among(
    ask: Ask, query: str, programs: Sequence[str], iteration: str | None = None
) -> tuple[Hit, ...]:
    """The hits of a query among some programs, one for each text that they share, best first.

    Raises:
        GoldMissing: the gold file is of an earlier version.
        LakeError: what `ask` raises.
    """
    asked = {
        "query": query[:_MOST_CHARACTERS],
        "iteration": iteration,
        "section": None,
        "programs": list(programs),
        "limit": len(programs),
    }
    with gold_of_this_version():
        return tuple(_hit(row, ()) for row in ask(_AMONG, asked))


def _hit(row: Sequence[Any], explanation: tuple[dict[str, Any], ...]) -> Hit:
    *facts, same_text, section, content, marked, _programs, _read_as = row
    terms = {pair["word"]: pair["term"] for pair in marked or ()}
    return Hit(
        tuple(facts), tuple(same_text or ()), section, snippet(content or "", terms), explanation
    )
