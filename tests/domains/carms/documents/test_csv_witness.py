"""The published CSV against the sections of the document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.carms.documents import Agreement, Section, agreement, undo_tuple


def section(raw: str) -> Section:
    return Section("faq", 1, "FAQ", raw, raw)


@given(st.text())
def test_a_tuple_is_undone_and_other_text_stays(text: str) -> None:
    assert undo_tuple(repr((text,))) == text
    if not text.strip().startswith("("):
        assert undo_tuple(text) == text


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "# FAQ",
        "('a', 'b')",
        "('a')",
        "('\\d',)",
        "(__import__('os'),)",
        "('a' + 'b',)",
        "('a\\",
        "('\n',)",
        "(('a',),)",
        "('\\ud800\\x00\x00',)",
    ],
)
def test_what_is_no_repr_of_one_text_stays_as_it_is(cell: str) -> None:
    assert undo_tuple(cell) == cell


@pytest.mark.parametrize(
    ("cell", "raw", "expected"),
    [
        ("# FAQ  \nYes.", "# FAQ\n\nYes.\n\n* * *\n\n", Agreement.EQUAL),
        ("('# FAQ  \\nYes.',)", "# FAQ\n\nYes.\n", Agreement.EQUAL),
        ("# FAQ  \nSee [here](https://example.org).", "# FAQ\n\nSee here.", Agreement.EQUAL),
        ("# FAQ  \n<https://example.org>", "# FAQ\n\nhttps://example.org", Agreement.EQUAL),
        ("## Approximate Quota: 4", "## Approximate Quota:\n\n##   4", Agreement.EQUAL),
        ("# FAQ", "# FAQ\n\n# **Mine**\n\nMore.", Agreement.PREFIX),
        ("# FAQ  \nNo.", "# FAQ\n\nYes.", Agreement.DIFFERENT),
        ("# FAQ  \nYes. More.", "# FAQ\n\nYes.", Agreement.DIFFERENT),
        (None, "# FAQ", Agreement.ONLY_IN_DOCUMENT),
    ],
)
def test_a_cell_and_a_section_agree_but_for_links_and_white_space(
    cell: str | None, raw: str, expected: Agreement
) -> None:
    assert agreement(cell, section(raw)) is expected


def test_a_missing_section_is_told() -> None:
    assert agreement("# FAQ", None) is Agreement.ONLY_IN_CSV
    assert agreement(None, None) is None
    assert agreement(" ", None) is None
