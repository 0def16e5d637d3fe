"""Each corruption spoils what it says, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.flows.check import corruptions

if TYPE_CHECKING:
    from collections.abc import Callable

FRAME = pl.DataFrame(
    {
        "id": ["a", "b", "c"],
        "note": ["x", None, "z"],
        "amount": [Decimal("1.00"), Decimal("2.50"), None],
        "tags": [["t"], [], None],
    },
    schema_overrides={"amount": pl.Decimal(12, 2)},
)
A, B, C = FRAME.rows()


@pytest.mark.parametrize(
    ("spoil", "rows"),
    [
        (
            lambda f: corruptions.with_value(f, "note", 1, "y"),
            [A, ("b", "y", Decimal("2.50"), []), C],
        ),
        (lambda f: corruptions.with_value(f, "id", 0, None), [(None, *A[1:]), B, C]),
        (lambda f: corruptions.with_value(f, "tags", 0, None), [(*A[:3], None), B, C]),
        (lambda f: corruptions.with_cells_of(f, ["id", "note"], 1, 0), [A, ("a", "x", *B[2:]), C]),
        (lambda f: corruptions.with_swapped(f, "id", "note", 0), [("x", "a", *A[2:]), B, C]),
        (
            lambda f: corruptions.with_unit_more(f, "amount", 1),
            [A, ("b", None, Decimal("2.51"), []), C],
        ),
        (lambda f: corruptions.with_row_dropped(f, 1), [A, C]),
        (lambda f: corruptions.with_row_doubled(f, 1), [A, B, C, B]),
        (
            lambda f: corruptions.with_all(f, "id", None),
            [(None, *A[1:]), (None, *B[1:]), (None, *C[1:])],
        ),
        (
            lambda f: corruptions.with_rotated(f, "id"),
            [("c", *A[1:]), ("a", *B[1:]), ("b", *C[1:])],
        ),
        (
            lambda f: corruptions.with_all(f, "id", "q"),
            [("q", *A[1:]), ("q", *B[1:]), ("q", *C[1:])],
        ),
    ],
)
def test_a_corruption_changes_what_it_says(
    spoil: Callable[[pl.DataFrame], pl.DataFrame], rows: list[tuple[Any, ...]]
) -> None:
    before = FRAME.clone()
    spoiled = spoil(FRAME)
    assert spoiled.rows() == rows
    assert spoiled.schema == FRAME.schema
    assert FRAME.equals(before)


@pytest.mark.parametrize(
    ("kind", "value", "more"),
    [
        (pl.Int32(), 5, 6),
        (pl.Decimal(12, 2), Decimal("0.99"), Decimal("1.00")),
        (pl.Decimal(38, 0), Decimal(9), Decimal(10)),
        (pl.Float64(), 1.0, 1.01),
        (pl.Boolean(), True, False),
        (pl.Date(), date(2025, 2, 28), date(2025, 3, 1)),
        (
            pl.Datetime("us", "UTC"),
            datetime(2025, 1, 1, tzinfo=UTC),
            datetime(2025, 1, 2, tzinfo=UTC),
        ),
    ],
)
def test_a_unit_more_is_the_smallest_step_of_the_type(
    kind: pl.DataType, value: object, more: object
) -> None:
    frame = pl.DataFrame({"v": [None, value]}, schema={"v": kind})
    assert corruptions.can_grow(kind)
    assert corruptions.with_unit_more(frame, "v").equals(
        pl.DataFrame({"v": [None, more]}, schema={"v": kind})
    )


@pytest.mark.parametrize(
    "kind",
    [
        pl.Int16(),
        pl.Int32(),
        pl.Int64(),
        pl.Float64(),
        pl.Decimal(12, 2),
        pl.Boolean(),
        pl.Date(),
        pl.Datetime("us", "UTC"),
        pl.Datetime("us"),
        pl.String(),
        pl.List(pl.String()),
    ],
)
def test_a_column_of_another_type_is_of_another_type(kind: pl.DataType) -> None:
    frame = pl.DataFrame({"v": []}, schema={"v": kind})
    assert corruptions.with_other_type(frame, "v").schema["v"] != kind


def test_a_value_that_the_type_has_not_is_an_error() -> None:
    frame = pl.DataFrame({"v": [1]}, schema={"v": pl.Int16})
    with pytest.raises((OverflowError, TypeError, pl.exceptions.PolarsError)):
        corruptions.with_value(frame, "v", 0, 40_000)


@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.text(max_size=3)), min_size=1, max_size=8),
    data=st.data(),
)
def test_one_spoiled_cell_leaves_all_other_cells(
    rows: list[tuple[int, str]], data: st.DataObject
) -> None:
    frame = pl.DataFrame(rows, schema={"n": pl.Int64, "t": pl.String}, orient="row")
    at = data.draw(st.integers(0, len(rows) - 1))
    spoiled = corruptions.with_value(frame, "n", at, None).rows()
    assert spoiled == [(None, t) if i == at else (n, t) for i, (n, t) in enumerate(rows)]


@given(values=st.lists(st.integers(0, 99), min_size=1, max_size=8, unique=True), data=st.data())
def test_a_dropped_and_a_doubled_row_change_the_count_by_one(
    values: list[int], data: st.DataObject
) -> None:
    frame = pl.DataFrame({"n": values})
    at = data.draw(st.integers(0, len(values) - 1))
    assert corruptions.with_row_dropped(frame, at)["n"].to_list() == values[:at] + values[at + 1 :]
    assert corruptions.with_row_doubled(frame, at)["n"].to_list() == [*values, values[at]]
