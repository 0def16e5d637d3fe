"""Names sort by their numbers, and no two names are the same."""

from __future__ import annotations

import re

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.expressions import natural_order
from carms_lake.names import natural_key

names = st.lists(st.text("ab_.019", max_size=8), max_size=8)


def by_parts(name: str) -> list[tuple[int, int | str]]:
    """A name's texts and numbers; a number comes before any text."""
    parts = [part for part in re.split("([0-9]+)", name) if part]
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]


@given(names)
def test_numbers_count_as_numbers(drawn: list[str]) -> None:
    for left in drawn:
        for right in drawn:
            assert (natural_key(left) == natural_key(right)) == (left == right)
            same = [part for part in (left, right) if re.fullmatch("[ab]*[0-9]*", part)]
            if len(same) == 2 and by_parts(left) != by_parts(right):
                is_before = by_parts(left) < by_parts(right)
                assert (natural_key(left) < natural_key(right)) == is_before


@given(names)
def test_frames_sort_as_names_do(drawn: list[str]) -> None:
    frame = pl.DataFrame({"name": [None, *drawn]}, schema={"name": pl.String})
    found = frame.sort(natural_order("name"))["name"].to_list()
    assert found == [None, *sorted(drawn, key=natural_key)]


def test_a_number_of_any_length_is_compared() -> None:
    assert natural_key("a" + "9" * 5000) < natural_key("a1" + "0" * 5000)
    assert natural_key("a007") < natural_key("a8")
