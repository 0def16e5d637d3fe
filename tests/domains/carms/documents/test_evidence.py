"""Every fact that is read from a description names the words that say it."""

from __future__ import annotations

from datetime import date

import pytest

from carms_lake.domains.carms.documents import (
    application_language,
    evidence,
    length_years,
    parse_document,
)
from carms_lake.domains.carms.documents.text import find_dates
from carms_lake.domains.carms.synthetic.draw import plan
from carms_lake.domains.carms.synthetic.files import page_content

DOCUMENTS = [parse_document(page_content(program)) for program in plan(5, 60)]
SINGLE = {
    "quota": lambda d: d.header.quota,
    "accreditation_status": lambda d: d.header.accreditation_status,
    "approved_on": lambda d: d.header.approved_on,
    "application_language": lambda d: d.application_language,
    "length_years": lambda d: d.length_years,
    "applications_min": lambda d: d.applications and d.applications.minimum,
    "applications_max": lambda d: d.applications and d.applications.maximum,
    "interviewed_pct_min": lambda d: d.interviewed_pct and d.interviewed_pct.minimum,
    "interviewed_pct_max": lambda d: d.interviewed_pct and d.interviewed_pct.maximum,
    "return_of_service_cmg": lambda d: stated(d, "cmg"),
    "return_of_service_img": lambda d: stated(d, "img"),
    "first_interview_on": lambda d: min(d.interview_dates, default=None),
    "last_interview_on": lambda d: max(d.interview_dates, default=None),
    "elective_requirement_rule": lambda d: d.electives.requirement_rule,
    "rescheduling_policy": lambda d: d.rescheduling_policy,
    "mentions_virtual_interview": lambda d: d.mentions_virtual_interview or None,
}
SAYS_AGAIN = {
    "quota": lambda said, value: value in said.split(),
    "approved_on": lambda said, value: find_dates(said) == [date.fromisoformat(value)],
    "application_language": lambda said, value: application_language(said) == value,
    "length_years": lambda said, value: length_years(said) == int(value),
    "interview_on": lambda said, value: date.fromisoformat(value) in find_dates(said),
    **dict.fromkeys(
        ("applications_min", "applications_max", "interviewed_pct_min", "interviewed_pct_max"),
        lambda said, value: value in said.replace("+", " ").split(),
    ),
}
"""What a sentence alone says, read by itself."""


def stated(document, kind):
    said = document.return_of_service.get(kind)
    return said and said.value


def words(document, each):
    return document.text_of(each.section)[slice(*each.span)]


@pytest.mark.parametrize("fact", SINGLE)
def test_a_fact_has_evidence_where_it_is_stated_and_nowhere_else(fact):
    seen = 0
    for document in DOCUMENTS:
        value = SINGLE[fact](document)
        found = [each.value for each in evidence(document) if each.fact == fact]
        assert found == ([] if value is None else [str(value).lower()])
        seen += len(found)
    assert seen


@pytest.mark.parametrize("fact", SAYS_AGAIN)
def test_the_words_alone_say_the_value(fact):
    said = [
        (words(document, each), each.value)
        for document in DOCUMENTS
        for each in evidence(document)
        if each.fact == fact
    ]
    assert said
    assert [pair for pair in said if not SAYS_AGAIN[fact](*pair)] == []


def test_places_are_in_the_text_and_hold_words():
    for document in DOCUMENTS:
        for each in evidence(document):
            if each.span is None:
                assert each.fact == "document_language"
                continue
            said = words(document, each)
            assert said == said.strip()
            assert any(map(str.isalnum, said))


def test_each_requirement_component_and_day_has_the_line_that_names_it(english):
    document = parse_document(english)
    said = {}
    for each in evidence(document):
        said.setdefault((each.fact, each.item, each.value), []).append(
            each.span and " ".join(words(document, each).split())
        )
    assert said["requirement", "casper", "required"] == ["Casper", "Required"]
    assert said["requirement", "nac", "conditional"] == [
        "NAC", "Additional required IMG documents",
    ]  # fmt: skip
    assert said["needs_nac", None, "true"] == ["NAC"]
    assert said["reference_letters", None, "3"] == ["Letter of reference Number requested: 3"]
    assert said["personal_letter_min_words", None, "250"] == ["Minimum : 250"]
    assert said["personal_letter_max_words", None, "1000"] == ["Maximum : 1,000"]
    assert said["interview_on", "2031-01-21", "2031-01-21"] == ["January 21, 2031"]
    assert said["selection_criterion", "file_review.electives", "false"] == [
        "Electives | We do not evaluate this file component"
    ]
    assert said["selection_criterion", "file_review.examinations", None] == ["Examinations |"]
    assert said["document_language", None, "en"] == [None]
    labels = {each.item for each in evidence(document) if each.fact == "requirement"}
    assert labels == {each.code for each in document.requirements}


def test_facts_in_prose_have_their_sentence():
    text = (
        "# 2025 R-1 Main Residency Match\n\n* * *\n\n# Return of Service\n\nCMGs:\n\n"
        "Know **your** agreements. No return\nof service is required.\n\n* * *\n\n# Interviews\n\n"
        "Details regarding interview dates: We are virtual. Interviews are held on\nJanuary 20 and "
        "21, 2025.\n"
    )
    document = parse_document(text)
    said = {each.fact: words(document, each) for each in evidence(document) if each.span}
    assert said["return_of_service_cmg"] == "No return\nof service is required."
    assert said["interview_on"] == "Interviews are held on\nJanuary 20 and 21, 2025."


def test_people_of_a_description_are_no_evidence(english):
    document = parse_document(english)
    everything = " ".join(words(document, e) for e in evidence(document) if e.span)
    assert "Ada" not in everything
    assert "555-" not in everything
    assert {e.section for e in evidence(document)}.isdisjoint({"program_contracts"})
