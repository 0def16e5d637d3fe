"""`carms search` and `search_programs` on a gold file of a few programs."""

from __future__ import annotations

import json
import unicodedata

import pytest
from domains.carms.gold_lake import gold, known_names, published, silver_of, version
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import carms_lake
from carms_lake.cli import make_app
from carms_lake.domains.carms.analysis.search import answer, search
from carms_lake.domains.carms.analysis.snippets import snippet

RURAL = "Two years in rural towns. Families see [name] every week."


def text(stream_id, content, code="program_highlights", iteration="1503"):
    return {
        "match_iteration_id": iteration, "program_stream_id": stream_id, "section_code": code,
        "section_ordinal": 1, "heading": code, "content": content, "masked_content": content,
    }  # fmt: skip


SILVER = silver_of(
    version("1"),
    version("2", eligibility="IMG", eligible_cmg=False),
    version("3", school_code=93, school_name="Université de Montréal", document_language="fr"),
    version("4", discipline_id="84", discipline_name="Psychiatry", training_province="ON"),
    version("1", match_iteration_id="1403"),
    document_section=[
        text("1", RURAL),
        text("2", RURAL),
        text("2", "International graduates are asked in March.", "interviews"),
        text("3", "La santé des régions éloignées et rurales, au cœur du programme."),
        text("4", "A large city hospital."),
        text("4", "Rural applicants are asked about obstetrics.", "interviews"),
        text("1", RURAL, iteration="1403"),
    ],
    other_name=known_names(),
)  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return carms_lake.open(published(tmp_path_factory.mktemp("search"), SILVER), "carms")


@pytest.fixture(scope="module")
def terms(tmp_path_factory):
    with gold(tmp_path_factory.mktemp("terms")) as connection:
        yield lambda text: connection.execute(
            "select term from gold.search_terms([?]) order by word_ordinal", [text]
        ).fetchall()


def ids(lake, query, filters=None, **more):
    return search(lake, query, filters, **more)["program_stream_id"].to_list()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("families", "family"), ("maladies", "Maladie"), ("régionaux", "régional"),
        ("éloignées", "éloigné"), ("rurales", "rural"), ("cœur", "coeurs"), ("ﬁeld", "fields"),
        ("soft\xadhyphen", "softhyphen"), ("l’Université", "universite"), ("class", "CLASS"),
    ],
)  # fmt: skip
def test_forms_of_a_word_are_one_term(terms, one, other):
    assert terms(one) == terms(other) != []


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0ſK"), max_size=60))
def test_case_and_accents_change_no_term(terms, words):
    plain = "".join(c for c in unicodedata.normalize("NFD", words) if not unicodedata.combining(c))
    found = terms(words)
    assert terms(plain) == found
    ascii_only = words.encode("ascii", "ignore").decode()
    assert terms(ascii_only.upper()) == terms(ascii_only.lower()) == terms(ascii_only)


@pytest.mark.parametrize("word", ["rural", "FAMILY", "familles", "Santé", "coeur", "hopital"])
def test_a_word_is_found_where_the_index_has_its_term(lake, word):
    term = lake.query("select term from search_terms([$word])", {"word": word})
    indexed = lake.query("select term from search_posting").join(term, on="term").height
    as_it_is = "select * from search_query($word) where word = term"
    assert lake.query(as_it_is, {"word": word}).height == indexed


def test_the_lists_of_a_term_have_an_element_for_each_of_its_texts(lake):
    counts = "select texts, len(text_ids), len(list_distinct(text_ids)), len(occurrences)"
    rows = lake.query(f"{counts} from search_posting").rows()
    assert max(rows) > (1, 1, 1, 1)
    assert all(len(set(row)) == 1 for row in rows)


def test_the_command_scores_programs_as_the_macro_does(lake):
    macro = lake.query("select program_stream_id, score from search_programs('rural towns')")
    found = search(lake, "rural towns").select("program_stream_id", "score")
    assert dict(found.rows()).items() <= dict(macro.rows()).items()


def test_programs_with_the_same_text_are_one_answer(lake):
    found = search(lake, "rural towns")
    assert found["program_stream_id"].to_list() == ["1", "3", "4"]
    assert found["same_text"].to_list() == [["2"], [], []]


def test_scores_are_explained_to_the_last_part(lake):
    for row in search(lake, "rural obstetrics psychiatry", explain=True).iter_rows(named=True):
        parts = sum(part["score"] for part in row["explanation"])
        assert parts == pytest.approx(row["score"], abs=0.001)


def test_filters_and_sections_narrow_an_answer_and_change_no_score(lake):
    everywhere = dict(search(lake, "rural").select("program_stream_id", "score").rows())
    narrowed = search(lake, "rural", {"province": "Ontario"})
    assert dict(narrowed.select("program_stream_id", "score").rows()) == {"4": everywhere["4"]}
    assert ids(lake, "rural", section="interviews") == ["4"]
    assert ids(lake, "rural", {"applicant": "CMG"})[0] == "1"


def test_other_names_of_schools_disciplines_and_provinces_are_words_too(lake):
    assert ids(lake, "psychiatrie")[0] == "4"
    assert ids(lake, "UdeM")[0] == "3"
    assert ids(lake, "on") == ["4"]


def test_two_iterations_give_each_program_once(lake):
    assert lake.query("from search_programs('rural')")["program_stream_id"].n_unique() == 4
    assert lake.query("from search_programs('rural')").height == 4
    older = lake.query("from search_programs('rural', in_iteration := '1403')")
    assert older.select("match_iteration_id", "program_stream_id").rows() == [("1403", "1")]


@pytest.mark.parametrize(
    ("query", "first"),
    [("ruarl", "1"), ("obstet", "4"), ("'; drop table x; -- rural", "1"), ('"rural towns"', "1"),
     ("rural " * 5000, "1"), ("qqqq", None), ("w" * 5000, None), ("the", None)],
)  # fmt: skip
def test_every_query_with_a_word_has_an_answer(lake, query, first):
    found = ids(lake, query)
    assert found
    assert first in {None, found[0]}


def test_a_word_near_to_none_is_left_out_where_others_are_left(lake):
    assert lake.query("from search_query('rural qqqq')").rows() == [("rural", "rural")]


def test_masks_of_names_are_no_words(lake):
    assert lake.query("select term from search_posting where term in ('name', 'phone')").is_empty()


def test_a_query_without_words_and_an_unknown_section_say_what_to_do(lake):
    with pytest.raises(carms_lake.UsageError, match="the query is empty"):
        search(lake, "  ")
    with pytest.raises(carms_lake.UsageError) as refused:
        search(lake, "rural", section="interview")
    assert "interviews" in refused.value.hint
    assert search(lake, "!!").is_empty()


def test_a_snippet_marks_the_words_as_the_text_spells_them(lake):
    first = search(lake, "coeur eloigne").row(0, named=True)
    marked = [first["snippet"][start:end] for start, end in first["snippet_marks"]]
    assert (first["program_stream_id"], marked) == ("3", ["éloignées", "cœur"])


@given(st.text("ab .|-\n", max_size=600))
def test_marks_are_where_the_words_are(content):
    found = snippet(content, {"ab": "ab", "b": "b"})
    assert all(found.text[start:end] in {"ab", "b"} for start, end in found.marks)
    assert "\n" not in found.text


def test_sentences_are_shown_rather_than_rows_of_a_table():
    content = "| rural | care |\n\nRural care is taught in towns.\n"
    shown = snippet(content, {"rural": "rural", "Rural": "rural", "care": "care"})
    assert shown.text == "Rural care is taught in towns."


def test_a_snippet_has_no_marks_of_markdown():
    shown = snippet("#### Your year\n\n  * **Rural** care\n  * Research\n", {"Rural": "rural"})
    assert shown.text == "Your year · Rural care · Research"
    assert shown.marks == ((12, 17),)


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("Rural care \\- 8 weeks, see the\\_site\\.", "Rural care - 8 weeks, see the_site."),
        ("Two years.\n \\- Rural care\n", "… · Rural care"),
        ("| Rural \\- care |", "| Rural - care |"),
        ("Rural c:\\towns", "Rural c:\\towns"),
    ],
)
def test_a_snippet_has_no_backslashes_of_markdown(content, shown):
    found = snippet(content, {"Rural": "rural"})
    assert found.text == shown
    assert [found.text[start:end] for start, end in found.marks] == ["Rural"]


def test_the_command_shows_programs_and_gives_rows(lake):
    arguments = ["-p", str(lake.config.project), "search", "rural", "towns", "--limit", "1"]
    page = CliRunner().invoke(make_app(), [*arguments, "-f", "table", "--explain"])
    assert page.exit_code == 0
    assert "+1 stream or site with the same text: 2" in page.stdout
    assert "rural, 1 x in program_highlights" in page.stdout
    rows = CliRunner().invoke(make_app(), [*arguments, "-f", "jsonl"])
    (row,) = map(json.loads, rows.stdout.splitlines())
    assert (row["program_stream_id"], row["same_text"]) == ("1", ["2"])
    assert "2 of 4 programs" in rows.stderr


def test_what_was_looked_for_in_place_of_an_unknown_word_is_said(lake):
    arguments = ["-p", str(lake.config.project), "search", "ruarl", "-f", "csv"]
    assert (
        "no program has `ruarl`; looked for `rural`"
        in CliRunner().invoke(make_app(), arguments).stderr
    )


def test_an_older_gold_file_says_to_build():
    def ask(_sql, _parameters):
        raise carms_lake.QueryRefused("Catalog Error: there is no search_programs", "")

    with pytest.raises(carms_lake.GoldMissing) as told:
        answer(ask, "rural")
    assert told.value.hint == "run `carms build`"
