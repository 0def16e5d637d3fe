"""E-mails and phone numbers are masked; names and other numbers stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.carms.documents import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@example.org", "[e-mail]"),
        ("(ada.x_y-z+1@mail.example.org).", "([e-mail])."),
        ("**ada@example.ca**", "**[e-mail]**"),
        ("write to office-\nresidents@example.org now", "write to [e-mail] now"),
        ("a@some-\nplace.org", "[e-mail]"),
        ("ada @example.ca", "[e-mail]"),
        ("follow @someone @ noon", "follow @someone @ noon"),
        ("(555) 555-0100", "[phone]"),
        ("555 555-0100, poste 74276", "[phone]"),
        ("555.555.0100 ext. 12", "[phone]"),
        ("5555550100", "[phone]"),
        ("+1-555-555-0100", "[phone]"),
        ("(555)\n555-0100", "[phone]"),
        ("555 555-\n0100 x12", "[phone]"),
        ("Dr. Ada Example, 2024-2025, 51 - 200", "Dr. Ada Example, 2024-2025, 51 - 200"),
        ("https://example.org/j/65400352768", "https://example.org/j/65400352768"),
        ("860/990 and 400,000 in 2031", "860/990 and 400,000 in 2031"),
    ],
)
def test_a_text_is_masked(text: str, expected: str) -> None:
    assert masked(text) == expected


@given(st.text(alphabet="ab1 5(-).@\n[]ext:/", max_size=80))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = masked(text)
    assert masked(once).count("@") <= once.count("@")
    assert once.count("\n") <= text.count("\n")


@given(
    st.from_regex(r"[a-z0-9._+-]{1,30}@[a-z0-9-]{1,20}(\.[a-z]{2,6}){1,2}", fullmatch=True),
    st.text(alphabet="ab (*\n,", max_size=20),
)
def test_no_plain_address_stays(email: str, around: str) -> None:
    assert "@" not in masked(f"{around} {email} {around}")
