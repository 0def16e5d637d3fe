"""The counts of the real descriptions: a change of the form or of the parser shows here."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pytest

from carms_lake.domains.carms.documents import (
    SECTION_CODES,
    Agreement,
    Document,
    agreement,
    parse_document,
    split_sections,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def pages(real_carms: Path) -> dict[str, str]:
    (path,) = real_carms.glob("*_markdown_program_descriptions_v2.json")
    records = json.loads(path.read_text(encoding="utf-8"))
    return {record["id"].split("|")[1]: record["page_content"] for record in records}


@pytest.fixture(scope="module")
def documents(pages: dict[str, str]) -> dict[str, Document]:
    return {key: parse_document(page) for key, page in pages.items()}


def how_many(documents: dict[str, Document], fact: str) -> int:
    """How many documents state the attribute, found on the document or on its header."""
    return sum(
        getattr(each if hasattr(each, fact) else each.header, fact) not in (None, (), "")
        for each in documents.values()
    )


def test_languages(documents: dict[str, Document]) -> None:
    assert Counter(each.language for each in documents.values()) == {"en": 696, "fr": 119}


def test_every_section_of_the_form_is_found(documents: dict[str, Document]) -> None:
    assert Counter(s.code for each in documents.values() for s in each.sections) == {
        "program_name": 815,
        "match_iteration_name": 815,
        "program_contracts": 815,
        "important_information": 738,
        "return_of_service": 353,
        "general_instructions": 815,
        "supporting_documentation_information": 815,
        "review_process": 793,
        "interviews": 814,
        "selection_criteria": 815,
        "program_highlights": 729,
        "program_curriculum": 813,
        "training_sites": 813,
        "additional_information": 621,
        "faq": 326,
        "summary_of_changes": 564,
    }


def test_no_character_of_a_document_is_lost(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert "".join(section.raw for section in split_sections(page)) == page


@pytest.mark.parametrize(
    ("fact", "count"),
    [
        ("title", 815),
        ("match_iteration_name", 815),
        ("stream", 815),
        ("approved_on", 815),
        ("quota", 815),
        ("accreditation_status", 815),
        ("directors", 815),
        ("address", 814),
        ("postal_code", 793),
        ("phones", 621),
        ("websites", 787),
        ("application_language", 815),
        ("citizenship_documents", 815),
        ("length_years", 813),
        ("interview_dates", 778),
        ("criteria", 815),
        ("applications", 815),
        ("interviewed_pct", 815),
        ("considers_outside_information", 815),
        ("rescheduling_policy", 815),
    ],
)
def test_how_many_documents_state_a_fact(
    documents: dict[str, Document], fact: str, count: int
) -> None:
    assert how_many(documents, fact) == count


def test_seats_and_approval(documents: dict[str, Document]) -> None:
    headers = [each.header for each in documents.values()]
    assert sum(header.quota or 0 for header in headers) == 3942
    assert sum(header.has_quota_note for header in headers) == 55
    approved = [header.approved_on for header in headers if header.approved_on]
    assert (min(approved), max(approved)) == (date(2024, 7, 29), date(2025, 2, 19))
    assert Counter(header.accreditation_status for header in headers) == {
        "accredited": 808,
        "joint_arrangement": 4,
        "intent_to_withdraw": 3,
    }


def test_people(documents: dict[str, Document]) -> None:
    headers = [each.header for each in documents.values()]
    assert Counter(len(header.directors) for header in headers) == {1: 745, 2: 70}
    assert len({name for header in headers for name in header.directors}) == 425
    contacts = [each.contacts for each in documents.values()]
    assert sum(any(entry.name for entry in each) for each in contacts) == 814
    assert sum(any(entry.emails for entry in each) for each in contacts) == 795
    assert sum(any(entry.phones for entry in each) for each in contacts) == 523


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("casper", 101),
        ("fmproc", 273),
        ("mccqe1", 381),
        ("nac", 347),
        ("personal_letter", 809),
        ("citizenship_proof", 815),
        ("language_ielts", 425),
        ("electives", 779),
        ("onsite_elective", 690),
    ],
)
def test_how_many_programs_ask_for_something(
    documents: dict[str, Document], code: str, count: int
) -> None:
    asked = [each for each in documents.values() if code in {r.code for r in each.requirements}]
    assert len(asked) == count


def test_reference_letters(documents: dict[str, Document]) -> None:
    letters = [
        [each for each in document.requirements if each.category == "reference"]
        for document in documents.values()
    ]
    assert sum(map(bool, letters)) == 780
    assert Counter(each.number for row in letters for each in row) == {3: 716, 2: 54, 1: 17, 4: 2}


def test_elective_texts(documents: dict[str, Document]) -> None:
    electives = [each.electives for each in documents.values()]
    assert sum(each.requirement_text is not None for each in electives) == 783
    assert sum(each.onsite_text is not None for each in electives) == 690


def test_single_facts(documents: dict[str, Document]) -> None:
    values = documents.values()
    assert Counter(each.application_language for each in values) == {
        "en": 666, "fr": 115, "either": 34,
    }  # fmt: skip
    assert Counter(each.length_years for each in values) == {
        5: 424, 2: 265, 4: 62, 3: 33, 6: 28, 7: 1, None: 2,
    }  # fmt: skip


def test_return_of_service_of_each_kind_of_applicant(documents: dict[str, Document]) -> None:
    said = Counter(
        tuple(s.value if (s := each.return_of_service.get(k)) else None for k in ("cmg", "img"))
        for each in documents.values()
        if each.section("return_of_service")
    )
    assert said == {
        (None, "required"): 123,
        ("required", "required"): 45,
        ("none", "none"): 43,
        ("unclear", None): 42,
        ("not_applicable", "not_applicable"): 34,
        ("unclear", "required"): 23,
        ("unclear", "unclear"): 20,
        ("none", None): 15,
        ("none", "required"): 8,
    }
    others = [each for each in documents.values() if not each.section("return_of_service")]
    assert not any(each.return_of_service for each in others)


def test_interview_dates(documents: dict[str, Document]) -> None:
    days = Counter(day for each in documents.values() for day in each.interview_dates)
    assert (min(days), max(days)) == (date(2025, 1, 13), date(2025, 2, 9))
    assert days.most_common(1) == [(date(2025, 1, 23), 255)]
    assert sum(each.mentions_virtual_interview for each in documents.values()) == 733


def test_observed_demand(documents: dict[str, Document]) -> None:
    assert Counter(each.applications.text for each in documents.values() if each.applications) == {
        "0 - 50": 209, "51 - 200": 279, "201 - 400": 88, "401 - 600": 87, "601 +": 152,
    }  # fmt: skip
    assert Counter(
        each.interviewed_pct.text for each in documents.values() if each.interviewed_pct
    ) == {"0 - 25": 165, "26 - 50": 181, "51 - 75": 198, "76 - 100": 271}


def test_component_tables(documents: dict[str, Document]) -> None:
    rows = Counter((row.stage, row.code) for each in documents.values() for row in each.criteria)
    assert {count for (_, code), count in rows.items() if code != "other"} == {815}
    assert len(rows) == 21
    assert rows["file_review", "other"] == 369
    assert rows["interview", "other"] == 437


def test_the_csv_agrees_with_every_section_it_has(
    real_carms: Path, documents: dict[str, Document]
) -> None:
    found: Counter[Agreement] = Counter()
    (path,) = real_carms.glob("*_program_descriptions_x_section.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        for record in csv.DictReader(lines):
            document = documents[record["program_description_id"]]
            for code in SECTION_CODES:
                if code in record and (says := agreement(record[code], document.section(code))):
                    found[says] += 1
    assert found == {Agreement.EQUAL: 10_563, Agreement.PREFIX: 153}
    assert found.total() == 10_716
