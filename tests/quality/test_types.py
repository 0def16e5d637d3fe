"""Text becomes a value by our own strict rules, or it becomes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.contract.types import parse_type
from carms_lake.errors import ContractError
from carms_lake.quality.types import polars_type, typed

NO_ZONE = datetime(2025, 1, 1)  # noqa: DTZ001  # as sources that name no zone give it


def cast(values: list[Any], physical: str, found: Any = pl.String) -> list[Any]:
    series = pl.Series("value", values, dtype=found)
    wanted = parse_type(None, physical, where="test")
    return series.to_frame().select(typed("value", series.dtype, wanted))["value"].to_list()


@pytest.mark.parametrize(
    ("physical", "text", "value"),
    [
        ("integer", "1", 1),
        ("integer", "007", 7),
        ("integer", "+3", 3),
        ("integer", "-3", -3),
        ("integer", "1.0", None),
        ("integer", "1_000", None),
        ("integer", "0x10", None),
        ("integer", " 5 ", None),
        ("integer", "", None),
        ("integer", "99999999999", None),
        ("bigint", "99999999999", 99999999999),
        ("smallint", "40000", None),
        ("double", "1.5", 1.5),
        ("double", ".5", 0.5),
        ("double", "1e3", 1000.0),
        ("double", "nan", None),
        ("double", "inf", None),
        ("double", "1e400", None),
        ("decimal(10,2)", "1.00", Decimal("1.00")),
        ("decimal(10,2)", "1.5000", Decimal("1.50")),
        ("decimal(10,2)", "1.005", None),
        ("decimal(10,2)", "1e3", None),
        ("decimal(4,2)", "123.45", None),
        ("boolean", "True", True),
        ("boolean", "NO", False),
        ("boolean", "perhaps", None),
        ("date", "2025-08-07", date(2025, 8, 7)),
        ("date", "2025-02-30", None),
        ("date", "2025-8-7", None),
        ("date", "07/08/2025", None),
        ("date", "2025-08-07 10:00:00", None),
        ("date", "infinity", None),
        ("timestamp", "2025-08-07T04:04:08", datetime(2025, 8, 7, 4, 4, 8, tzinfo=UTC)),
        ("timestamp", "2023-12-08T13:46:52Z", datetime(2023, 12, 8, 13, 46, 52, tzinfo=UTC)),
        (
            "timestamp",
            "2024-01-01 01:37:00.000780",
            datetime(2024, 1, 1, 1, 37, 0, 780, tzinfo=UTC),
        ),
        ("timestamp", "2024-01-01T00:00:00+08:00", datetime(2023, 12, 31, 16, tzinfo=UTC)),
        ("timestamp", "2024-01-01T00:00:00-0330", datetime(2024, 1, 1, 3, 30, tzinfo=UTC)),
        ("timestamp", "2024-01-01", datetime(2024, 1, 1, tzinfo=UTC)),
        ("timestamp", "2024-01-01T10:00", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("timestamp", "2024-01-01T25:00:00", None),
        ("timestamp", "08/07/2025 10:00", None),
    ],
)
def test_text_is_a_value_of_the_type_or_nothing(physical: str, text: str, value: Any) -> None:
    assert cast([text], physical) == [value]


@pytest.mark.parametrize(
    ("physical", "found", "value", "expected"),
    [
        ("integer", pl.Float64, 1.0, 1),
        ("integer", pl.Float64, 1.7, None),
        ("bigint", pl.UInt64, 2**63, None),
        ("decimal(12,2)", pl.Float64, 0.1, Decimal("0.10")),
        ("decimal(12,2)", pl.Float64, 1.005, None),
        ("decimal(12,2)", pl.Decimal(21, 2), Decimal("5.25"), Decimal("5.25")),
        ("decimal(12,2)", pl.Decimal(21, 3), Decimal("5.255"), None),
        ("varchar", pl.Int64, 27447, None),
        ("timestamp", pl.Int64, 1, None),
        ("date", pl.Datetime("us"), NO_ZONE, date(2025, 1, 1)),
        ("date", pl.Datetime("us"), NO_ZONE.replace(hour=3), None),
        ("timestamp", pl.Datetime("ns"), NO_ZONE, datetime(2025, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_typed_value_is_cast_only_where_nothing_is_lost(
    physical: str, found: Any, value: Any, expected: Any
) -> None:
    assert cast([value], physical, found) == [expected]


@given(st.integers(min_value=-(2**31), max_value=2**31 - 1))
def test_every_integer_comes_back_from_its_text(number: int) -> None:
    assert cast([str(number)], "integer") == [number]


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False))
def test_every_amount_comes_back_to_the_cent(amount: Decimal) -> None:
    assert cast([f"{amount:.2f}"], "decimal(12,2)") == [amount]


@given(st.datetimes(min_value=NO_ZONE.replace(year=1900), max_value=NO_ZONE.replace(year=2200)))
def test_every_moment_comes_back_from_iso_text(moment: datetime) -> None:
    assert cast([moment.isoformat()], "timestamp") == [moment.replace(tzinfo=UTC)]


@given(st.text(max_size=30))
def test_no_text_makes_a_cast_raise(text: str) -> None:
    for physical in (
        "integer",
        "double",
        "decimal(10,2)",
        "boolean",
        "date",
        "timestamp",
        "varchar",
    ):
        assert len(cast([text], physical)) == 1


def test_a_list_type_has_its_item() -> None:
    assert polars_type(parse_type("array", "varchar[]", where="test")) == pl.List(pl.String)


@pytest.mark.parametrize(
    ("logical", "physical"), [("string", "bigint"), ("integer", "text"), ("string", "varchar[]")]
)
def test_types_that_contradict_each_other_are_refused(logical: str, physical: str) -> None:
    with pytest.raises(ContractError):
        parse_type(logical, physical, where="test")
