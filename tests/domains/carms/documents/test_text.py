"""Folding, unwrapping, links and dates."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.carms.documents.text import (
    find_dates,
    fold,
    is_french,
    links,
    logical_lines,
    plain_text,
    without_links,
)


@given(st.text())
def test_folding_keeps_the_length_so_that_places_agree(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Critères d’évaluation", "criteres d'evaluation"),
        ("Processus d‘entrevue", "processus d'entrevue"),
        ("51–200", "51-200"),
        ("a\u00a0b", "a b"),
        ("CASPer", "casper"),
    ],
)
def test_accents_case_apostrophes_and_dashes_do_not_matter(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\ntwo\n\nthree", ["one two", "three"]),
        ("hard  \nbreak", ["hard", "break"]),
        ("a self-\nmade word", ["a self-made word"]),
        ("Immersion -\nValley", ["Immersion - Valley"]),
        ("intro\n• one\n• two\nmore", ["intro", "• one", "• two more"]),
        ("a\n\n* * *\n\nb", ["a", "b"]),
        ("a\n## b", ["a", "## b"]),
        ("", []),
    ],
)
def test_a_wrapped_line_becomes_the_line_its_author_wrote(text: str, lines: list[str]) -> None:
    assert list(logical_lines(text)) == lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see [here](https://example.org) now", "see here now"),
        ("[ a\n](https://example.org/x-\ny)", "a"),
        ("[Video [2 min]](u)", "Video [2 min]"),
        ("[a](u_(1))", "a"),
        ("[Note: no link]", "[Note: no link]"),
        ("a](b", "a](b"),
    ],
)
def test_links_leave_their_words(text: str, expected: str) -> None:
    assert without_links(text) == expected


def test_the_address_of_a_wrapped_link_is_put_together() -> None:
    assert links("[ Our\nsite ](https://example.org/a-\nb/)") == [
        ("Our site", "https://example.org/a-b/")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("January 5, 2031", [date(2031, 1, 5)]),
        ("31 janvier 2031", [date(2031, 1, 31)]),
        ("1er août 2031", [date(2031, 8, 1)]),
        ("Approuve le October 15, 2031", [date(2031, 10, 15)]),
        ("February\n20, 2031", [date(2031, 2, 20)]),
        ("February 30, 2031", []),
        ("March 2031", []),
        ("May 5, 20311", []),
        ("0 mars 2031", []),
    ],
)
def test_dates_are_found_in_both_languages(text: str, expected: list[date]) -> None:
    assert find_dates(text) == expected


def test_the_footer_and_invisible_characters_are_no_text() -> None:
    page = "a\u00ad\u200bb\x03\n\n\n\nSource: https://example.org/x\nID: 1-2"
    assert plain_text(page).strip() == "ab"
    assert plain_text("Source: a\nID: b in the text\n") == "Source: a\nID: b in the text\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# T\n\n#  Jumelage principal R-1 de 2031", True),
        ("# T\n\n#  Jumelage\nprincipal R-1", True),
        ("# Université\n\n#  2031 R-1 Main Residency Match", False),
        ("x" * 500 + "Jumelage principal", False),
        ("", False),
    ],
)
def test_a_document_is_french_where_its_match_is(text: str, expected: bool) -> None:
    assert is_french(text) is expected
