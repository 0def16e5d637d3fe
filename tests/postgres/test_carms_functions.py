"""The functions of carms in PostgreSQL answer as the macros of DuckDB do, in both languages."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pg import asked, url_of

import carms_lake
from carms_lake.adapters.postgres import publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("shipped_lake", ["carms"], indirect=True),
]

Both = tuple[carms_lake.Published, str]

QUESTIONS = [
    "rural family medicine",
    "médecine familiale",
    "santé des populations éloignées",
    "PSYCHIATRIE à Montréal",
    "psychiatrie a montreal",
    "œuvre, cœur & ﬁnances",
    "surgry",
    "pediatrcs neurolgy",
    "the of on",
    "xyzzy",
    "",
    "L'évaluation des candidats; les entrevues",
]


@pytest.fixture(scope="module")
def both(
    shipped_lake: carms_lake.Lake, server: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    """A published file of generated programs, and the database that has it, too."""
    project = tmp_path_factory.mktemp("carms") / "project"
    shutil.copytree(shipped_lake.config.project, project)
    lake, url = carms_lake.open(project, "carms"), url_of(server)
    publish(lake, url)
    with carms_lake.Published(lake.config) as published:
        yield published, url


def answers(both: Both, call: str, *values: str) -> tuple[list[Any], list[Any]]:
    """The rows of a function by DuckDB and by PostgreSQL."""
    published, url = both
    here = published.rows(f"from gold.{call}({', '.join('?' * len(values))})", values)[1]
    texts = ", ".join(f"$text${value}$text$" for value in values)
    return here, [tuple(row) for row in asked(url, f"select * from carms_gold.{call}({texts})")]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_search_finds_the_same_programs_with_the_same_scores(both: Both, question: str) -> None:
    here, there = answers(both, "search_programs", question)
    assert there == here
    here, there = answers(both, "search_query", question)
    assert sorted(there) == sorted(here)


def test_the_questions_find_programs_in_both_languages(both: Both) -> None:
    found = [len(answers(both, "search_programs", question)[1]) for question in QUESTIONS]
    assert sum(map(bool, found)) >= len(QUESTIONS) - 3


def test_a_search_in_one_section_finds_the_same(both: Both) -> None:
    published, url = both
    named = "select program_stream_id from {}.search_programs('medicine', in_section {} 'title')"
    here = published.rows(named.format("gold", ":="))[1]
    assert here
    assert [tuple(row) for row in asked(url, named.format("carms_gold", "=>"))] == here


def test_programs_like_one_are_the_same_for_the_same_reasons(both: Both) -> None:
    ids = both[0].rows("select program_stream_id from gold.program_profile")[1]
    assert len(ids) > 10
    for (program,) in ids:
        here, there = answers(both, "similar_programs", program)
        assert there == here
        assert here


def test_texts_of_programs_have_the_same_terms(both: Both) -> None:
    published, url = both
    counted = "select {} as program, section_code, term, is_stop_word, count(*) from "
    there = asked(
        url,
        counted.format("program_stream_id") + "carms_gold.program_section "
        "cross join lateral carms_gold.search_terms(array[content]) as words group by 1, 2, 3, 4",
    )
    texts = published.rows("select program_stream_id, section_code, content from program_section")
    here = published.rows(
        "select text_ordinal, term, is_stop_word, count(*) from gold.search_terms(?) group by all",
        [[content for _, _, content in texts[1]]],
    )[1]
    assert len(here) > 1000
    assert set(map(tuple, there)) == {(*texts[1][at - 1][:2], *rest) for at, *rest in here}


WORDS = st.text("abz09", min_size=0, max_size=9)


@settings(max_examples=5)
@given(pairs=st.lists(st.tuples(WORDS, WORDS), min_size=100, max_size=100))
def test_words_are_as_far_from_each_other(both: Both, pairs: list[tuple[str, str]]) -> None:
    published, url = both
    lists = [[one for one, _ in pairs], [other for _, other in pairs]]
    here = published.rows(
        "select damerau_levenshtein(a, b) from (select unnest(?) as a, unnest(?) as b)", lists
    )[1]
    arrays = ", ".join(f"string_to_array('{','.join(words)}', ',')" for words in lists)
    there = asked(
        url, f"select carms_gold.word_distance(a, b) from unnest({arrays}) as words (a, b)"
    )
    assert there == here
