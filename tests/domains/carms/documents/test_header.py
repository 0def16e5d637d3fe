"""The header block."""

from __future__ import annotations

from datetime import date

import pytest

from carms_lake.domains.carms.documents import Header, Phone, Section, parse_document
from carms_lake.domains.carms.documents.header import accreditation_status, parse_header


def header_of(text: str) -> Header:
    return parse_header(Section("match_iteration_name", 2, "2031 Match", text, text), text)


def test_the_english_header_is_read(english: str) -> None:
    header = parse_document(english).header
    assert header.match_iteration_name == "2031 R-1 Main Residency Match - first iteration"
    assert header.stream == "CMG Stream for CMG"
    assert header.approved_on == date(2031, 2, 4)
    assert (header.quota, header.has_quota_note) == (4, True)
    assert header.accreditation_status == "accredited"
    assert header.directors == ("Ada Example", "Ben Sample")
    assert header.address == (
        "Department of Examples, Room 12\n1 Invented Road\nSampletown, Ontario, k1a0b1"
    )
    assert header.postal_code == "K1A 0B1"
    assert header.phones == (
        Phone("work", "(555) 555-0100 ext. 12"),
        Phone("fax", "(555) 555-0101"),
    )
    assert [site.text for site in header.websites] == [
        "Our Program",
        "A Video [2 min]: What We Do for Communities",
    ]


def test_the_french_header_is_read(french: str) -> None:
    header = parse_document(french).header
    assert header.match_iteration_name == "Jumelage principal R-1 de 2031 - premier tour"
    assert header.stream == "Groupe Régulier pour Tous"
    assert header.approved_on == date(2031, 10, 15)
    assert (header.quota, header.has_quota_note) == (14, False)
    assert header.accreditation_status == "joint_arrangement"
    assert header.accreditation_text == (
        "Agréé selon des arrangements conjoints entre les institutions"
    )
    assert header.directors == ("Ève Exemple",)
    assert header.postal_code == "J1H 5N4"
    assert header.phones == (Phone("work", "555 555-0100, poste 12"),)
    assert [site.text for site in header.websites] == ["Programme"]


@pytest.mark.parametrize(
    ("text", "quota", "has_note"),
    [
        ("## Approximate Quota: 12", 12, False),
        ("## Approximate Quota:\n\n##   12", 12, False),
        ("## Quota approximatif:\n\n##   3 cliquez ici", 3, True),
        ("## Approximate Quota: 0", 0, False),
        ("## Approximate Quota:\n\n##  Variable", None, False),
        ("## Other Quota: 5", None, False),
    ],
)
def test_a_quota_is_read_on_one_line_or_two(text: str, quota: int | None, has_note: bool) -> None:
    header = header_of(text)
    assert (header.quota, header.has_quota_note) == (quota, has_note)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Accredited", "accredited"),
        ("Agréé", "accredited"),
        ("Accredited through joint institutional agreement", "joint_arrangement"),
        ("Notice of intent to withdraw accreditation", "intent_to_withdraw"),
        ("Avis d’intention de retrait de l’agrément", "intent_to_withdraw"),
        ("Not accredited", "not_accredited"),
        ("Non agréé", "not_accredited"),
        ("Under review", "other"),
        ("", None),
        (None, None),
    ],
)
def test_an_accreditation_has_a_code(text: str | None, status: str | None) -> None:
    assert accreditation_status(text) == status


def test_a_number_without_a_label_is_a_phone_and_not_a_part_of_the_address() -> None:
    text = (
        "* * *\n\nAddress 300-5950 Invented Boulevard  \nX  \n\n555-555-0100\n\nOttawa, Ontario\n"
    )
    header = header_of(text)
    assert header.phones == (Phone(None, "555-555-0100"),)
    assert header.address == "300-5950 Invented Boulevard\nX\nOttawa, Ontario"


@pytest.mark.parametrize("line", ["Work", "Work  *", "Work  ask us", "Fax  "])
def test_a_label_without_a_number_is_no_phone(line: str) -> None:
    assert header_of(f"* * *\n\n{line}\n").phones == ()


def test_a_blank_address_is_none() -> None:
    header = header_of("* * *\n\nAddress  \n\nWebsites of Interest\n\n* * *\n")
    assert (header.address, header.postal_code, header.websites) == (None, None, ())


def test_a_document_without_a_header_block_has_no_header_facts() -> None:
    assert parse_header(None, "") == parse_document("# Title only").header
