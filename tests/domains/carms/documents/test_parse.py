"""Whole documents: both languages, both renderings, and text that is no description."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.carms.documents import Bucket, parse_document

pytestmark = pytest.mark.slow


def test_an_english_description_gives_every_fact(english: str) -> None:
    document = parse_document(english)
    assert document.language == "en"
    assert document.title == "Northern University - Family Medicine - Rural Immersion - Valemont"
    assert document.application_language == "either"
    assert document.length_years == 5
    assert {s.value for s in document.return_of_service.values()} == {"required"}
    assert document.applications == Bucket(51, 200, "51 - 200")
    assert document.interviewed_pct == Bucket(76, 100, "76 - 100")
    assert document.considers_outside_information is True
    assert document.rescheduling_policy == "in_unforeseen_circumstances"
    assert document.interview_dates == (date(2031, 1, 20), date(2031, 1, 21))
    assert document.mentions_virtual_interview
    assert not document.mentions_in_person_interview
    assert [each.code for each in document.citizenship_documents] == [
        "birth_certificate",
        "passport_page",
    ]


def test_a_french_description_gives_the_same_facts_by_the_same_codes(french: str) -> None:
    document = parse_document(french)
    assert document.language == "fr"
    assert document.title == "Université du Nord - Médecine familiale - Val-Inventé"
    assert document.application_language == "fr"
    assert document.length_years == 2
    assert {s.value for s in document.return_of_service.values()} == {"not_applicable"}
    assert document.applications == Bucket(601, None, "601 +")
    assert document.interviewed_pct == Bucket(0, 25, "0 - 25")
    assert document.considers_outside_information is False
    assert document.rescheduling_policy == "not_after_scheduling"
    assert document.interview_dates == (date(2031, 1, 31), date(2031, 2, 1))
    assert document.mentions_in_person_interview
    assert not document.mentions_virtual_interview
    assert [each.code for each in document.citizenship_documents] == [
        "citizenship_certificate",
        "application_in_process",
    ]


def test_the_original_rendering_says_the_same_and_keeps_the_addresses_of_websites(
    english: str, english_original: str
) -> None:
    first, original = parse_document(english), parse_document(english_original)
    assert [site.url for site in original.header.websites] == [
        "https://example.org/our",
        "https://example.org/v_\\(1\\)",
    ]
    assert [site.text for site in original.header.websites] == [
        site.text for site in first.header.websites
    ]
    assert {site.url for site in first.header.websites} == {None}
    same_header = replace(original.header, websites=first.header.websites)
    assert same_header == first.header
    assert [section.code for section in original.sections] == [s.code for s in first.sections]
    assert replace(original, header=first.header, sections=first.sections) == first


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_foreign_line_ends_and_a_byte_order_mark_change_nothing(
    english: str, line_end: str
) -> None:
    foreign = "\ufeff" + english.replace("\n", line_end)
    changed = parse_document(foreign)
    assert replace(changed, header=parse_document(english).header) == parse_document(english)


def test_unusable_lists_of_the_form_are_in_no_fact(english: str) -> None:
    document = replace(parse_document(english), sections=())
    for printed in ("Traditional", "Panel", "Will be considered", "Social media", "Did not attend"):
        assert printed not in repr(document)


def test_personal_data_stands_in_directors_and_contacts_only(english: str) -> None:
    document = parse_document(english)
    rest = replace(
        document,
        sections=(),
        contacts=(),
        header=replace(document.header, directors=(), phones=()),
    )
    assert "@" not in repr(rest)
    assert "555" not in repr(rest)
    assert "Write to [e-mail] if you cannot sit it." in repr(rest)


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "#", "# \n", "a", "\x00", "* * *\n", "##", "# FAQ"]
)
def test_text_that_says_nothing_gives_a_document_without_facts(text: str) -> None:
    document = parse_document(text)
    assert document.language == "en"
    assert document.requirements == document.criteria == document.contacts == ()
    assert document.header.quota is None
    assert document.applications is None


PIECES = (
    "# FAQ", "# Interviews", "# Program Contacts", "# Supporting Documentation / Information",
    "# Selection Criteria", "# 2031 Residency Match", "## File review process", "* * *",
    "Examinations", "Required", "Casper", "Name:", "Email: a@b.org", "Dates:", "* May 5, 2031",
    "File component | Criteria", "---|---", "CV |", "Approximate Quota: 3", "[a](b)", "[", "](",
    "Maximum : 99999999999", "Number requested: 3", "é", "’", "\u2028", "\x85", "İ", "ſ", "²", "٣",
    "Last approved on February 30, 2031", "last five years : 51 -", "\x00", "5 - ٣", "0/0",
)  # fmt: skip
documents = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=40).flatmap(
    lambda parts: st.sampled_from(["\n", "\n\n", "  \n", " "]).map(lambda by: by.join(parts))
)


@given(documents)
def test_any_text_is_read_without_an_error(text: str) -> None:
    document = parse_document(text)
    assert document.language in {"en", "fr"}
    assert len({each.code for each in document.requirements}) == len(document.requirements)


JUNK_CHARS = 200_000
START = "# T\n\n# 2031 Residency Match\nS\n\n* * *\n\n"


@pytest.mark.parametrize(
    "junk",
    [
        "[", "[[a]", "[x](", "[x](()", "#\n", "a\n", "é\n", "@", "a@b.", "aaa-\n", ".", "613 ", "|",
        "• a\n", "* a\n", "CV | \n", "Name: x\n\n", "Casper\n\n", "\x00", "March 5 ",
        "* * *\n\n# FAQ\n\n", "abc number requested: ", "minimum : ", "('", "\\'",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "opening",
    [
        "",
        START + "# Program Contacts\n\n",
        START
        + "# Supporting Documentation / Information\n\nExaminations\n\nRequired\n\nCasper\n\n",
        START + "# Selection Criteria\n\n## File review process\n\nFile component | Criteria\nCV |",
    ],
)
def test_junk_takes_a_time_in_proportion_to_its_length(opening: str, junk: str) -> None:
    text = opening + junk * (JUNK_CHARS // len(junk))
    started = time.process_time()
    parse_document(text)
    # Measured 0.02 to 0.3 s; a pattern that goes over the text for each character takes minutes.
    assert time.process_time() - started < 10
