"""People are found in names as printed and taken out of text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.carms.people import person_names, without_people


@pytest.mark.parametrize(
    ("printed", "names"),
    [
        ("Ann Lee", ["Ann Lee"]),
        ("Dr. Ann Lee, MD, FRCPC", ["Ann Lee"]),
        ("Dr(e) Ann Lee", ["Ann Lee"]),
        ("(e) Ann Lee", ["Ann Lee"]),
        ("Dr.Ann Lee", ["Ann Lee"]),
        ("Dre Ann Béland et Dre Jo Day", ["Ann Béland", "Jo Day"]),
        ("Ann Lee c/o Jo Day", ["Ann Lee", "Jo Day"]),
        ("Ann Lee (She/Her)", ["Ann Lee"]),
        ("Program Administrator", []),
        ("Chief Medical Residents", []),
        ("TBD", []),
        ("Drew Prescott", ["Drew Prescott"]),
    ],
)
def test_the_people_of_a_printed_name(printed: str, names: list[str]) -> None:
    assert person_names([printed]) == names


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Ann Lee", "[name]"),
        ("Dr. Ann\nLee said", "[name] said"),
        ("Dre Lee", "[name]"),
        ("Leeds and Annex Leeway", "Leeds and Annex Leeway"),
        ("Lee alone may be a place", "Lee alone may be a place"),
    ],
)
def test_a_name_is_masked_whole_and_nothing_else(text: str, masked: str) -> None:
    assert without_people(text, ["Ann Lee"]) == masked


def test_a_name_with_signs_of_a_pattern_is_taken_as_it_is_written() -> None:
    assert without_people("A+ B(c and A B", ["A+ B(c"]) == "[name] and A B"


_NAME = st.lists(
    st.text("AbcÉ'’._-(2", min_size=1).filter(lambda word: any(c.isalpha() for c in word)),
    min_size=2,
    max_size=3,
).map(" ".join)


@given(_NAME, st.sampled_from(["", "Dr. ", "Madame "]), st.lists(_NAME, max_size=5))
def test_a_name_is_found_whatever_signs_it_has(
    name: str, salutation: str, others: list[str]
) -> None:
    masked = without_people(f"Ask {salutation}{name}!", [*others, name])
    assert name not in masked or name.islower()
