"""Programs whose descriptions and names have the words of a query: `carms search` as a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis import search_sql as sql
from carms_lake.domains.carms.analysis.filters import ensure_named, parameters
from carms_lake.domains.carms.analysis.known import gold_of_this_version, held_open
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
        UsageError: the query is empty, or a section, filter or name in a filter is unknown.
        GoldMissing: gold is not built yet.
    """
    import polars as pl  # noqa: PLC0415 - the command does without it

    with held_open(lake) as published:
        found = answer(
            lambda select, asked: published.rows(select, asked)[1],
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


@gold_of_this_version()
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
        UsageError: the query is empty, or the section is unknown.
        GoldMissing: the gold file is of an earlier version.
        LakeError: what `ask` raises.
    """
    if not query.strip():
        raise carms_lake.UsageError(
            "the query is empty", "give words, as in `carms search rural obstetrics`"
        )
    given = parameters(filters)
    about = {"query": query[:_MOST_CHARACTERS], "iteration": given["iteration"], "section": section}
    if all(value is None for value in given.values()):
        rows = ask(sql.FOUND_OF_ALL, {**about, "limit": limit})
    else:
        rows = ask(sql.FOUND_OF_MATCHING, {**about, **given, "limit": limit})
    if not rows:
        if section:
            _ensure_section(ask, section)
        return Found((), 0, {})
    looked_for = _looked_for(ask, query)
    explained = _explained(ask, about, rows) if explain else {}
    hits = _hits(ask, rows, looked_for, section, explained)
    read_as: dict[str, tuple[str, ...]] = {}
    for word, term in looked_for:
        if word != term:
            read_as[word] = (*read_as.get(word, ()), term)
    return Found(hits, rows[0][-1], read_as)


@gold_of_this_version()
def ranked(ask: Ask, query: str, iteration: str | None = None) -> list[str]:
    """The ids of all programs that a query finds, the best first.

    Raises:
        GoldMissing: the gold file is of an earlier version.
        LakeError: what `ask` raises.
    """
    rows = ask(sql.RANKED, {"query": query[:_MOST_CHARACTERS], "iteration": iteration})
    return [row[0] for row in rows]


@gold_of_this_version()
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
    looked_for = _looked_for(ask, query)
    return _hits(ask, ask(sql.FOUND_AMONG, asked), looked_for, None)


def _looked_for(ask: Ask, query: str) -> Sequence[Sequence[str]]:
    """The words of a query, each with a term that is looked for."""
    return ask(sql.LOOKED_FOR, {"query": query[:_MOST_CHARACTERS]})


def _hits(
    ask: Ask,
    rows: Sequence[Sequence[Any]],
    looked_for: Sequence[Sequence[str]],
    section: str | None,
    explained: Mapping[str, list[dict[str, Any]]] = MappingProxyType({}),
) -> tuple[Hit, ...]:
    """The hits for the answers in the rows of `sql.FOUND_OF_ALL` or one like it."""
    if not rows:
        return ()
    found = {"iteration": rows[0][0], "programs": [ids[0] for _, ids, *_ in rows]}
    facts = {row[0]: row[1:] for row in ask(sql.FACTS, found)}
    words, terms = [[pair[part] for pair in looked_for] for part in (0, 1)]
    asked = {**found, "section": section, "words": words, "terms": terms}
    texts = {program: (code, content) for program, code, content in ask(sql.TEXTS, asked)}
    contents = [content for _, content in texts.values()]
    terms_of = {row[0]: row[1] for row in ask(sql.WORDS, {"texts": contents, "terms": terms})}
    hits = []
    for _, (program, *same_text), score, _ in rows:
        code, content = texts.get(program, (None, ""))
        known = (program, score, *facts[program])
        shown = snippet(content, terms_of)
        hits.append(Hit(known, tuple(same_text), code, shown, tuple(explained.get(program, ()))))
    return tuple(hits)


def _ensure_section(ask: Ask, section: str) -> None:
    known = [str(name) for (name,) in ask(sql.SECTIONS, {})]
    if section not in known:
        raise carms_lake.UsageError(
            f"no section is called `{section}`", f"sections are: {', '.join(known)}"
        )


def _explained(
    ask: Ask, about: Mapping[str, Any], rows: Sequence[Sequence[Any]]
) -> dict[str, list[dict[str, Any]]]:
    """By program: what each word brings in each text."""
    names = ("word", "term", "field", "occurrences", "weight", "rarity", "score")
    explained: dict[str, list[dict[str, Any]]] = {}
    programs = [ids[0] for _, ids, *_ in rows]
    for program, *values in ask(sql.EXPLAINED, {**about, "programs": programs}):
        explained.setdefault(program, []).append(dict(zip(names, values, strict=True)))
    return explained
