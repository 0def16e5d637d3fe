"""No answer is longer than allowed, and one that was cut says so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.errors import QueryLimit
from carms_lake.mcp.capped import capped, text_of

MOST = 2_000
CELLS = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=30),
    st.integers(1, 3_000).map("é".__mul__),
    st.lists(st.text(max_size=5), max_size=400),
)


def rows_of(rows: list[list[Any]]) -> dict[str, Any]:
    return {"truncated": False, "notes": [], "columns": ["a", "b"], "rows": rows}


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=60))
def test_an_answer_has_the_length_allowed_and_says_what_was_cut(rows: list[list[Any]]) -> None:
    given_ = rows_of(rows)
    found = capped(given_, MOST)
    assert len(text_of(found)) <= MOST
    assert len(found["rows"]) <= len(rows)
    assert found["columns"] == ["a", "b"]
    is_whole = found["rows"] == rows
    assert found["truncated"] is not is_whole
    assert bool(found["notes"]) is not is_whole
    if len(text_of(given_)) <= MOST:
        assert is_whole


def test_whole_rows_are_cut_from_the_end() -> None:
    rows = [[number, "x" * 50] for number in range(100)]
    found = capped(rows_of(rows), MOST)
    assert found["rows"] == rows[: len(found["rows"])]
    assert len(found["rows"]) > 15
    assert found["notes"] == [
        f"`rows`: only the first {len(found['rows'])} of 100 fit: ask for less"
    ]


def test_a_row_that_can_be_made_no_shorter_is_refused_with_what_to_do() -> None:
    with pytest.raises(QueryLimit) as refused:
        capped(rows_of([list(range(10_000))]), MOST)
    assert "fewer columns" in refused.value.hint
