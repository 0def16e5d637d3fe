"""What descriptions speak of is counted in words, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from domains.carms import bronze

from carms_lake.domains.carms import reference, silver
from carms_lake.domains.carms.documents import split_sections
from carms_lake.domains.carms.documents.text import plain_text
from carms_lake.domains.carms.synthetic.draw import plan
from carms_lake.domains.carms.synthetic.files import page_content
from carms_lake.domains.carms.synthetic.themes import THEMES

KEY = {"match_iteration_id": "1503", "program_stream_id": "1"}


def said(*sections: tuple[str, str], site: str = "Town") -> dict[str, tuple[int, str | None]]:
    """The hits of each theme in the sections of one description, and the words."""
    rows = [
        {
            **KEY, "section_code": code, "section_ordinal": place,
            "heading": code, "content": text, "masked_content": text,
        }
        for place, (code, text) in enumerate(sections, start=1)
    ]  # fmt: skip
    found = silver.program_theme(
        bronze.silver("document", [KEY]),
        bronze.silver("program", [{**KEY, "program_site": site}]),
        bronze.silver("document_section", rows),
    ).collect()
    assert found["theme"].to_list() == sorted(THEMES)
    return {row["theme"]: (row["hits"], row["words"]) for row in found.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("text", "theme", "words"),
    [
        ("Rural care, in RURAL towns and regional hospitals", "rural", "rural (2), regional (1)"),
        ("Stages en région; médecine rurale", "rural", "en region (1), rurale (1)"),
        ("A fly-in clinic; remote and northern practice",
         "remote", "fly in (1), northern (1), remote (1)"),
        ("Milieu nordique, communautés éloignées", "remote", "eloignees (1), nordique (1)"),
        ("First\nNations and Métis health", "indigenous", "first nations (1), metis (1)"),
        ("Les Premières Nations", "indigenous", "premieres nations (1)"),
        ("An inner-\ncity clinic", "inner_city", "inner city (1)"),
        ("Clinique du centre-ville", "inner_city", "centre ville (1)"),
        ("Bilingual; en français", "bilingual", "bilingual (1), francais (1)"),
        ("Researchers do research", "research", "research (1), researchers (1)"),
        ("La recherche", "research", "recherche (1)"),
        ("Obstetrical care", "obstetrics", "obstetrical (1)"),
        ("L’obstétrique", "obstetrics", "obstetrique (1)"),
        ("A tertiary centre", "tertiary", "tertiary (1)"),
        ("Soins tertiaires", "tertiary", "tertiaires (1)"),
    ],
)  # fmt: skip
def test_a_word_of_a_theme_counts_whatever_its_case_accents_and_line_ends(text, theme, words):
    found = said(("program_curriculum", text))
    assert found.pop(theme) == (words.count("(1)") + 2 * words.count("(2)"), words)
    assert set(found.values()) == {(0, None)}


@pytest.mark.parametrize(
    "text",
    ["Regional anesthesia and regional blocks", "Remote access to charts", "Anesthésie régionale",
     "researching", "suburban", "a frenchman"],
)  # fmt: skip
def test_a_phrase_that_only_looks_like_a_theme_does_not_count(text):
    assert set(said(("program_highlights", text)).values()) == {(0, None)}


def test_highlights_curriculum_and_sites_are_read_with_the_name_of_the_site_and_nothing_else():
    found = said(
        ("important_information", "rural"),
        ("program_highlights", "rural"),
        ("program_curriculum", "rural"),
        ("training_sites", "rural"),
        ("faq", "rural"),
        site="Rural East",
    )
    assert found["rural"] == (4, "rural (4)")


def test_a_description_without_these_sections_is_known_by_its_site():
    assert said(site="Montfort - Bilingual")["bilingual"] == (1, "bilingual (1)")


def test_every_theme_has_words_in_both_languages_and_each_form_is_once_in_it():
    words = reference.theme_words().collect()
    named = set(reference.themes().collect()["theme"])
    for language in ("en", "fr"):
        counted = words.filter(language=language, is_counted=True)
        assert set(counted["theme"]) == named == set(THEMES)
    assert words.select("theme", "form").is_duplicated().sum() == 0


def hits(programs) -> dict[tuple[str, str], int]:
    """The hits of each program and theme, in the documents of these plans."""
    keys = {
        p.program_stream_id: {**KEY, "program_stream_id": p.program_stream_id} for p in programs
    }
    sections = [
        {
            **keys[program.program_stream_id], "section_code": section.code,
            "section_ordinal": section.ordinal, "heading": section.heading,
            "content": section.text, "masked_content": section.text,
        }
        for program in programs
        for section in split_sections(plain_text(page_content(program)))
    ]  # fmt: skip
    found = silver.program_theme(
        bronze.silver("document", list(keys.values())),
        bronze.silver("program", [{**key, "program_site": "-"} for key in keys.values()]),
        bronze.silver("document_section", sections),
    ).collect()
    return {
        (key, theme): n
        for key, theme, n in found.select("program_stream_id", "theme", "hits").rows()
    }


@pytest.mark.slow
def test_what_is_planted_in_generated_programs_is_found_in_them_and_nothing_else():
    programs = plan(3, 150)
    without = hits([replace(program, themes=()) for program in programs])
    found = {key for key, number in hits(programs).items() if number > without[key]}
    assert found == {(p.program_stream_id, theme) for p in programs for theme in p.themes}
    for language in ("en", "fr"):
        assert set(THEMES) == {t for p in programs if p.language == language for t in p.themes}
