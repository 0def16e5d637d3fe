"""Values that a promise forbids: each breaks its promise, and is of the column's type."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from helpers import contract, property_
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.flows.check import corruptions as breaking
from carms_lake.quality.types import typed

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Column


def column(
    folder: Path, logical: str = "string", physical: str | None = None, **rest: Any
) -> Column:
    return contract(folder, "silver.t", [property_("c", logical, physical, **rest)]).column("c")


@pytest.mark.parametrize(
    ("physical", "logical"),
    [
        ("smallint", "integer"),
        ("integer", "integer"),
        ("bigint", "integer"),
        ("double", "number"),
        ("decimal(12,2)", "number"),
        ("decimal(12,0)", "number"),
        ("boolean", "boolean"),
        ("date", "date"),
        ("timestamp", "timestamp"),
    ],
)
def test_a_text_that_is_no_value_of_a_type_is_none(
    tmp_path: Path, physical: str, logical: str
) -> None:
    kind = column(tmp_path, logical, physical).type
    text = breaking.not_of_type(kind)
    found = pl.DataFrame({"c": [text]}).select(typed("c", pl.String(), kind))
    assert text is not None
    assert found["c"].to_list() == [None]


def test_every_text_is_a_text(tmp_path: Path) -> None:
    assert breaking.not_of_type(column(tmp_path).type) is None


@pytest.mark.parametrize(
    ("logical", "physical", "bound", "limit", "value"),
    [
        ("integer", "integer", "minimum", 1, 0),
        ("integer", "integer", "maximum", 5, 6),
        ("integer", "integer", "exclusiveMinimum", 0, 0),
        ("number", "decimal(12,2)", "minimum", 0, Decimal("-0.01")),
        ("number", "decimal(12,2)", "maximum", 99.5, Decimal("99.51")),
        ("date", "date", "maximum", "2025-12-31", date(2026, 1, 1)),
        ("date", "date", "exclusiveMaximum", "2025-12-31", date(2025, 12, 31)),
        ("date", "date", "minimum", "0001-01-01", None),
        (
            "timestamp",
            "timestamp",
            "minimum",
            "2025-01-01T00:00:00",
            datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC),
        ),
        ("string", "varchar", "maxLength", 3, "xxxx"),
        ("string", "varchar", "minLength", 2, "x"),
        ("string", "varchar", "minLength", 0, None),
    ],
)
def test_beyond_a_bound_is_one_step(
    tmp_path: Path, logical: str, physical: str, bound: str, limit: object, value: object
) -> None:
    made = column(tmp_path, logical, physical, logicalTypeOptions={bound: limit})
    assert breaking.beyond(made, bound) == value
    assert value is None or breaking.breaks(made, value) == bound


@pytest.mark.parametrize(
    ("logical", "physical", "enum", "value"),
    [
        ("string", "varchar", ["a", "b"], "~?"),
        ("string", "varchar", ["a", "~?"], "~?~?"),
        ("integer", "integer", [1, 7], 8),
        ("boolean", "boolean", [True], None),
    ],
)
def test_outside_a_set_is_a_value_of_the_type(
    tmp_path: Path, logical: str, physical: str, enum: list[Any], value: object
) -> None:
    made = column(tmp_path, logical, physical, enum=[{"value": value} for value in enum])
    assert breaking.outside(made) == value
    assert value is None or breaking.breaks(made, value) == "enum"
    assert breaking.breaks(made, enum[0]) is None


@pytest.mark.parametrize(
    ("pattern", "value", "text"),
    [
        (r"^\d+$", "12", "12 "),
        (r"^[A-Z]{2} ?$", "ON", " ON"),
        (r"\d", "7", ""),
        (r"", "x", None),
        (r"^\p{Lu}$", "A", "A "),
    ],
)
def test_an_unmatched_text_is_like_the_value(pattern: str, value: str, text: str | None) -> None:
    assert breaking.unmatched(pattern, value) == text


@given(st.from_regex(r"^[A-Z]{3}[0-9]{2}$", fullmatch=True))
def test_an_unmatched_text_does_not_match(value: str) -> None:
    text = breaking.unmatched(r"^[A-Z]{3}[0-9]{2}$", value)
    assert breaking.matches(r"^[A-Z]{3}[0-9]{2}$", value)
    assert text is not None
    assert not breaking.matches(r"^[A-Z]{3}[0-9]{2}$", text)


@pytest.mark.parametrize(
    "known",
    [
        pl.Series(["a", "~?", None]),
        pl.Series([1, 9]),
        pl.Series([Decimal("1.50")]),
        pl.Series([date(2025, 1, 1)]),
        pl.Series([datetime(2025, 1, 1, tzinfo=UTC)]),
    ],
)
def test_an_unknown_value_is_of_the_type_and_not_there(known: pl.Series) -> None:
    value = breaking.unknown(known)
    assert value is not None
    assert value not in known.to_list()
    assert pl.Series([value], dtype=known.dtype).to_list() == [value]


@pytest.mark.parametrize(
    "known", [pl.Series([True]), pl.Series([date.max]), pl.Series([], dtype=pl.Int64)]
)
def test_where_there_is_no_unknown_value_there_is_none(known: pl.Series) -> None:
    assert breaking.unknown(known) is None


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (date(2025, 1, 1), date(2026, 2, 5)),
        (datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC)),
        (date.max, None),
        ("a", "~?"),
        (7, 8),
    ],
)
def test_a_day_that_the_path_does_not_say_is_of_another_year(value: Any, other: Any) -> None:
    assert breaking.elsewhere(pl.Series([value]), value) == other
