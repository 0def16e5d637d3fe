"""Returns: base tables of two versions and files of changes become one table with tombstones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from domains.retail.frames import bronze, kept
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.retail import silver as made

if TYPE_CHECKING:
    import polars as pl


def base(return_id: int, reason: str | None, file: str = "returns") -> dict[str, Any]:
    return {"return_id": return_id, "reason": reason, "qty": 1, "src_filename": file}


def change(
    kind: str, return_id: int, reason: str | None, day: int = 2, **rest: Any
) -> dict[str, Any]:
    file = f"returns_changes_2025-01-{day:02d}.parquet"
    row = {"return_id": return_id, "change_type": kind, "reason": reason, "qty": 1}
    return {**row, "src_filename": file, **rest}


def returns(*rows: dict[str, Any]) -> pl.DataFrame:
    found = kept("customer_return", made.customer_return(bronze("returns", *rows)))
    assert found.quarantined.is_empty()
    assert found.rows.height + found.superseded == len(rows)
    return found.rows.sort("return_id")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([base(1, "broken")], [(1, "broken", False)]),
        ([base(1, "broken"), change("update", 1, "late")], [(1, "late", False)]),
        ([change("update", 1, "late"), base(1, "broken")], [(1, "late", False)]),
        ([change("insert", 2, "new")], [(2, "new", False)]),
        ([base(1, "broken"), change("delete", 1, None)], [(1, "broken", True)]),
        (
            [base(1, "a"), change("delete", 1, None, 3), change("update", 1, "b", 2)],
            [(1, "b", True)],
        ),
        (
            [base(1, "a"), change("delete", 1, None, 2), change("insert", 1, "b", 3)],
            [(1, "b", False)],
        ),
        ([change("delete", 1, "gone")], [(1, "gone", True)]),
        ([base(1, "a"), change("update", 1, None)], [(1, None, False)]),
        ([base(1, "a"), change(" DELETE ", 1, None)], [(1, "a", True)]),
        ([base(1, "v1"), base(1, "v2", "returns_v2.parquet")], [(1, "v2", False)]),
        (
            [
                base(1, "a"),
                change("delete", 1, None, src_filename="returns_changes_10.parquet"),
                change("update", 1, "late", src_filename="returns_changes_9.parquet"),
            ],
            [(1, "late", True)],
        ),
        (
            [change("update", 1, "first"), change("update", 1, "second")],
            [(1, "second", False)],
        ),
        (
            [base(1, "a"), change("delete", 1, None, 2), change("delete", 1, "x", 3)],
            [(1, "a", True)],
        ),
    ],
)
def test_the_last_change_of_a_return_holds_and_a_delete_keeps_what_was_known(
    rows, expected
) -> None:
    assert returns(*rows).select("return_id", "reason", "is_deleted").rows() == expected


def test_a_reason_code_comes_with_the_second_version() -> None:
    found = returns(
        base(1, "a"), base(2, "a"), change("update", 1, "a", return_reason_code=" DAMAGED ")
    )
    assert found["return_reason_code"].to_list() == ["DAMAGED", None]


rows_of_files = st.lists(
    st.tuples(
        st.sampled_from(["", "insert", "update", "delete"]),
        st.integers(1, 3),
        st.sampled_from(["a", "b", "c", None]),
        st.integers(1, 3),
    ),
    max_size=12,
)


def expected_returns(rows: list[dict[str, Any]]) -> dict[int, tuple[str | None, bool]]:
    """The merge by hand, one row after the other."""
    found: dict[int, tuple[str | None, bool]] = {}
    known: dict[int, str | None] = {}
    ordered = sorted(
        rows, key=lambda r: ("change_type" in r, r["src_filename"], r["src_row_number"])
    )
    for row in ordered:
        is_deleted = row.get("change_type") == "delete"
        if not is_deleted:
            known[row["return_id"]] = row["reason"]
        found[row["return_id"]] = (known.get(row["return_id"], row["reason"]), is_deleted)
    return found


@pytest.mark.slow
@given(drawn=rows_of_files, order=st.randoms(use_true_random=False))
def test_files_in_any_order_give_the_same_returns(drawn, order) -> None:
    rows = [
        base(return_id, reason, f"returns_v{day}")
        if not kind
        else change(kind, return_id, reason, day)
        for kind, return_id, reason, day in drawn
    ]
    rows = [{**row, "src_row_number": number} for number, row in enumerate(rows, start=1)]
    wanted = {(return_id, *last) for return_id, last in expected_returns(rows).items()}
    shuffled = list(rows)
    order.shuffle(shuffled)
    for given_rows in (rows, shuffled):
        found = returns(*given_rows).select("return_id", "reason", "is_deleted")
        assert set(found.rows()) == wanted
