"""Single facts."""

from __future__ import annotations

import pytest

from carms_lake.domains.carms.documents.facts import (
    application_language,
    elective_requirements,
    length_years,
    parse_electives,
)
from carms_lake.domains.carms.documents.selection import (
    mentions_in_person,
    mentions_virtual,
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Program application language: English", "en"),
        ("Program application language: **English**", "en"),
        ("Program application language: Either English or French", "either"),
        ("Langue de candidature du programme :  Français", "fr"),
        ("Langue de candidature du programme : Soit en anglais, soit en français", "either"),
        ("Program application language: Klingon", None),
        ("English is spoken here.", None),
    ],
)
def test_the_application_language_is_the_printed_field(text: str, language: str | None) -> None:
    assert application_language(text) == language


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("This residency program is for 5 years.", 5),
        ("This residency program is for\n1 year.", 1),
        ("Ce programme de résidence est d'une durée de 2 années.", 2),
        ("Ce programme de résidence est d’une durée de 3 ans.", 3),
        ("We train for 5 years.", None),
    ],
)
def test_the_length_is_the_printed_sentence(text: str, years: int | None) -> None:
    assert length_years(text) == years


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("We encourage applicants to have completed at least one\nelective in our discipline.",
         "one_in_discipline"),
        ("We are looking for and rewarding applicants who have completed a broad range of",
         "broad_range"),
        ("We do not evaluate this component", "not_evaluated"),
        ("It is mandatory to have completed one elective.", "required"),
        ("Electives are recommended but not mandatory.", "not_required"),
        ("Electives in the field are preferred.", "encouraged"),
        ("Clinical experiences gained through electives are considered", None),
    ],
)  # fmt: skip
def test_an_elective_rule_is_given_where_the_words_are_clear(text: str, rule: str | None) -> None:
    assert parse_electives(f"Elective Requirements: {text}\n").requirement_rule == rule


def test_the_three_elective_texts_are_told_apart() -> None:
    electives = parse_electives(
        "Elective Requirements: None asked.\n\nOn Site Elective: We prefer applicants to\nhave it."
        "\n\nOther information regarding elective requirement:\n\nOne.\n\nTwo.\n"
    )
    assert electives.requirement_text == "None asked."
    assert electives.onsite_text == "We prefer applicants to have it."
    assert electives.onsite_rule == "preferred"
    assert electives.other_text == "One.\nTwo."


def test_a_placeholder_is_printed_text_but_no_requirement() -> None:
    electives = parse_electives("Elective Requirements: xx\n")
    assert electives.requirement_text == "xx"
    assert elective_requirements(electives, 0) == ()


def test_a_mandatory_elective_is_required_and_an_unclear_one_has_no_level() -> None:
    electives = parse_electives(
        "Elective Requirements: One elective is mandatory.\n\nOn Site Elective: They are noted.\n"
    )
    found = elective_requirements(electives, 7)
    assert [(each.ordinal, each.code, each.level) for each in found] == [
        (8, "electives", "required"),
        (9, "onsite_elective", None),
    ]


@pytest.mark.parametrize(
    ("text", "is_virtual", "is_in_person"),
    [
        ("Interviews are virtual.", True, False),
        ("Entrevues par visioconférence.", True, False),
        ("We meet in person, not by Zoom.", True, True),
        ("Entrevues en présentiel.", False, True),
        ("A panel of three.", False, False),
    ],
)
def test_mentions_are_only_mentions(text: str, is_virtual: bool, is_in_person: bool) -> None:
    assert mentions_virtual(text) is is_virtual
    assert mentions_in_person(text) is is_in_person
