"""States at the moments of deliveries become versions with their intervals."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.contract.model import HistorySpec
from carms_lake.errors import ContractError
from carms_lake.flows.build.context import versions

SPEC = HistorySpec(key=("group", "key"), group=("group",))
DAY = [datetime(2025, 1, day, tzinfo=UTC) for day in range(1, 8)]


def states(rows: list[tuple[str, str, int, Any]]) -> pl.DataFrame:
    return pl.DataFrame(
        [(g, k, DAY[d], v) for g, k, d, v in rows],
        schema={
            "group": pl.String,
            "key": pl.String,
            "delivered_at": pl.Datetime("us", "UTC"),
            "value": pl.Int64,
        },
        orient="row",
    )


def history(rows: list[tuple[str, str, int, Any]]) -> list[tuple[Any, ...]]:
    found = versions(states(rows), SPEC)
    columns = [
        "group",
        "key",
        "value",
        "valid_from",
        "valid_to",
        "is_current",
        "is_deleted",
        "deleted_on",
    ]
    return found.select(columns).sort("group", "key", "valid_from").rows()


def test_one_delivery_is_one_open_version() -> None:
    assert history([("g", "a", 0, 1)]) == [("g", "a", 1, DAY[0], None, True, False, None)]


def test_a_state_that_does_not_change_makes_no_version() -> None:
    assert history([("g", "a", 0, 1), ("g", "a", 1, 1)]) == [
        ("g", "a", 1, DAY[0], None, True, False, None)
    ]


def test_a_change_closes_the_version_and_opens_the_next() -> None:
    assert history([("g", "a", 0, 1), ("g", "a", 1, 2)]) == [
        ("g", "a", 1, DAY[0], DAY[1], False, False, None),
        ("g", "a", 2, DAY[1], None, True, False, None),
    ]


def test_a_null_that_stays_null_is_no_change() -> None:
    assert len(history([("g", "a", 0, None), ("g", "a", 1, None)])) == 1


def test_a_key_that_a_later_state_lacks_is_deleted_and_kept() -> None:
    assert history([("g", "a", 0, 1), ("g", "b", 0, 1), ("g", "b", 1, 1)]) == [
        ("g", "a", 1, DAY[0], DAY[1], True, True, date(2025, 1, 2)),
        ("g", "b", 1, DAY[0], None, True, False, None),
    ]


def test_a_key_that_comes_back_is_current_again() -> None:
    found = history(
        [("g", "a", 0, 1), ("g", "b", 0, 1), ("g", "b", 1, 1), ("g", "a", 2, 1), ("g", "b", 2, 1)]
    )
    assert found[:2] == [
        ("g", "a", 1, DAY[0], DAY[1], False, False, None),
        ("g", "a", 1, DAY[2], None, True, False, None),
    ]


def test_groups_have_moments_of_their_own() -> None:
    assert history([("g", "a", 0, 1), ("h", "a", 1, 1)]) == [
        ("g", "a", 1, DAY[0], None, True, False, None),
        ("h", "a", 1, DAY[1], None, True, False, None),
    ]


def test_no_states_are_no_versions() -> None:
    assert versions(states([]), SPEC).is_empty()


@given(
    st.lists(
        st.tuples(
            st.sampled_from("gh"), st.sampled_from("abc"), st.integers(0, 6), st.integers(0, 2)
        ),
        unique_by=lambda row: row[:3],
        max_size=30,
    )
)
def test_each_state_is_the_version_that_was_valid_then(
    rows: list[tuple[str, str, int, int]],
) -> None:
    found = history(rows)
    for group, key, day, value in rows:
        valid = [
            v
            for v in found
            if v[:2] == (group, key) and v[3] <= DAY[day] and (v[4] is None or DAY[day] < v[4])
        ]
        assert [v[2] for v in valid] == [value]
    assert all(sum(v[5] for v in found if v[:2] == key) == 1 for key in {v[:2] for v in found})


@pytest.mark.parametrize(
    "spec",
    [
        HistorySpec(key=("group", "ky"), group=("group",)),
        HistorySpec(key=("key",), group=("grup",)),
        HistorySpec(key=("key",), group=(), at="delivered"),
        HistorySpec(key=("key",), group=(), ignore=("valu",)),
    ],
)
def test_a_column_that_the_function_does_not_deliver_is_named_with_the_nearest(
    spec: HistorySpec,
) -> None:
    with pytest.raises(ContractError, match=r"`carms.history` names `\w+`") as caught:
        versions(states([("g", "a", 0, 1)]), spec)
    assert caught.value.hint.startswith("did you mean")
