"""Where a document is cut, and where it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.carms.documents import SECTION_CODES, parse_document, split_sections
from carms_lake.domains.carms.documents.sections import split_criteria

LINES = (
    "# FAQ", "#  FAQ  ", "# Training Sites", "# Interviews", "# Title", "# **ACLS**", "#", "## FAQ",
    "# 2031 R-1 Main Residency Match", "# Foire aux questions", "* * *", "text", "", "  ",
)  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=10)), max_size=30))
def test_splitting_loses_no_character(lines: list[str]) -> None:
    text = "\n".join(lines)
    sections = split_sections(text)
    assert "".join(section.raw for section in sections) == text
    assert [section.ordinal for section in sections] == list(range(1, len(sections) + 1))
    codes = [section.code for section in sections]
    assert len(codes) == len(set(codes))
    assert set(codes) <= {*SECTION_CODES, "preface"}


def test_every_section_of_a_document_is_found_in_its_order(english: str) -> None:
    assert [section.code for section in split_sections(english)] == [
        code for code in SECTION_CODES if code != "additional_information"
    ]


def test_french_headings_have_the_same_codes(french: str) -> None:
    codes = [section.code for section in split_sections(french)]
    assert set(codes) <= set(SECTION_CODES)
    assert codes[:4] == [
        "program_name",
        "match_iteration_name",
        "program_contracts",
        "return_of_service",
    ]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("important_information", "Read this.\n\n# **ACLS**\n\nBring your card."),
        ("program_highlights", "# Training Sites\n\nNot the section of this name."),
        ("training_sites", "A hospital."),
        ("faq", "**Can I?** Yes."),
    ],
)
def test_a_heading_inside_the_text_does_not_cut(english: str, code: str, text: str) -> None:
    assert parse_document(english).text_of(code) == text


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("# T\n\n# FAQ\n\na", ["program_name", "faq"]),
        ("# T\n\n# FAQ\n\n# Interviews\n\na", ["program_name", "faq"]),
        ("# T\n\n* * *\n\n# FAQ\n\n* * *\n\n# Interviews\n", ["program_name", "faq", "interviews"]),
        ("# T\n\n* * *\n\n# FAQ\n\n* * *\n\n# FAQ\n", ["program_name", "faq"]),
        ("# 2031 R-1 Main Residency Match\nS", ["match_iteration_name"]),
        ("intro\n# T\n", ["preface", "program_name"]),
        ("no heading", ["preface"]),
        ("", []),
    ],
)
def test_a_heading_opens_a_section_once_after_a_rule_or_in_its_order(
    text: str, codes: list[str]
) -> None:
    assert [section.code for section in split_sections(text)] == codes


def test_the_parts_of_selection_criteria_are_told_apart(english: str) -> None:
    parts = split_criteria(parse_document(english).text_of("selection_criteria"))
    assert list(parts) == [
        "criteria",
        "program_goals",
        "file_review",
        "elective_criteria",
        "interview_process",
        "outside_information",
        "ranking_process",
    ]
    assert parts["criteria"] == "We like kindness."
    assert parts["program_goals"] == "To teach."


def test_a_second_level_heading_of_another_name_is_text() -> None:
    assert split_criteria("a\n## Program goals\nb\n## Mine\nc") == {
        "criteria": "a",
        "program_goals": "b\n## Mine\nc",
    }
