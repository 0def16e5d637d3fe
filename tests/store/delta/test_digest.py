"""The logical digest: the same for the same rows, another for any other row, type or name."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from carms_lake.store.delta.maintain import digest, digest_of
from carms_lake.store.delta.write import append

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: dict[str, Any] = {
    "name": pl.String,
    "amount": pl.Decimal(10, 2),
    "share": pl.Float64,
    "at": pl.Datetime("us", "UTC"),
    "tags": pl.List(pl.String),
    "hash": pl.Binary,
    "reasons": pl.List(pl.Struct({"code": pl.String, "value": pl.String})),
}
ROW: dict[str, Any] = {
    "name": "Tea",
    "amount": Decimal("2.50"),
    "share": 0.25,
    "at": datetime(2025, 1, 1, tzinfo=UTC),
    "tags": ["a", "b"],
    "hash": b"\x00\xff",
    "reasons": [{"code": "A", "value": None}],
}


def value(*rows: dict[str, Any], schema: dict[str, Any] | None = None) -> str:
    return digest_of(pl.DataFrame(list(rows), schema=schema or SCHEMA).lazy()).value


OTHERS: dict[str, dict[str, Any]] = {
    "a null": {"name": None},
    "an empty text for a null": {"name": ""},
    "the mark of a null": {"name": "-"},
    "a cent": {"amount": Decimal("2.51")},
    "another number": {"share": 0.2500000000000001},
    "a microsecond": {"at": datetime(2025, 1, 1, 0, 0, 0, 1, tzinfo=UTC)},
    "an element less": {"tags": ["a"]},
    "one element for two": {"tags": ["ab"]},
    "an element that looks like two": {"tags": ["a1:b"]},
    "no list": {"tags": None},
    "an empty list": {"tags": []},
    "a null in a list": {"tags": ["a", None]},
    "other bytes": {"hash": b"\x00\xfe"},
    "a field of an element": {"reasons": [{"code": "A", "value": ""}]},
}


def test_every_other_row_has_another_digest() -> None:
    values = [value(ROW), *(value({**ROW, **other}) for other in OTHERS.values())]
    assert len(set(values)) == len(values)


def test_a_row_twice_is_not_the_row_once() -> None:
    assert len({value(), value(ROW), value(ROW, ROW), value(ROW, ROW, ROW)}) == 4


def test_names_and_types_of_columns_count() -> None:
    plain = value({"a": 1}, schema={"a": pl.Int64})
    assert plain != value({"b": 1}, schema={"b": pl.Int64})
    assert plain != value({"a": 1}, schema={"a": pl.Int32})
    assert plain != value({"a": "1"}, schema={"a": pl.String})


def test_the_order_of_columns_does_not_count() -> None:
    one = value({"a": 1, "b": 2}, schema={"a": pl.Int64, "b": pl.Int64})
    assert one == value({"a": 1, "b": 2}, schema={"b": pl.Int64, "a": pl.Int64})


def test_the_marks_of_runs_do_not_count_unless_they_are_asked_for() -> None:
    marked = [pl.LazyFrame({"a": [1], "run_id": [run]}) for run in ("r1", "r2")]
    assert digest_of(marked[0]) == digest_of(marked[1])
    assert digest_of(marked[0], leave_out=()) != digest_of(marked[1], leave_out=())


@settings(max_examples=25)
@given(st.lists(st.tuples(st.text(max_size=3) | st.none(), st.integers(0, 3)), max_size=8))
def test_neither_order_nor_division_into_parts_counts(rows: list[tuple[str | None, int]]) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.Int64}, orient="row")
    whole = digest_of(frame.lazy())
    assert digest_of(frame.reverse().lazy()) == whole
    half = len(rows) // 2
    assert digest_of(pl.concat([frame[half:].lazy(), frame[:half].lazy()])) == whole
    assert whole.rows == len(rows)


def test_a_version_of_a_table_has_its_own_digest(tmp_path: Path) -> None:
    append(tmp_path / "t", pl.DataFrame({"a": [1]}), {})
    append(tmp_path / "t", pl.DataFrame({"a": [2]}), {})
    assert digest(tmp_path / "t") == digest_of(pl.LazyFrame({"a": [2, 1]}))
    assert digest(tmp_path / "t", 1) == digest_of(pl.LazyFrame({"a": [1]}))


def test_an_empty_table_has_a_digest() -> None:
    assert digest_of(pl.LazyFrame(schema={"a": pl.Int64})).rows == 0
