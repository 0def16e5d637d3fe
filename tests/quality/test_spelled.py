"""Values in a contract's own spelling are the values that Python reads from them, or nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.contract.sources import spelling
from carms_lake.contract.types import parse_type
from carms_lake.quality.types import typed
from carms_lake.records import AS_TYPED


def read(physical: str, *texts: str, **own: Any) -> list[Any]:
    wanted = parse_type(None, physical, where="test")
    said = spelling(own, {}, wanted.name)
    frame = pl.DataFrame({"a": texts})
    return frame.select(typed("a", pl.String(), wanted, said))["a"].to_list()


@pytest.mark.parametrize(
    ("own", "text", "value"),
    [
        ({"decimalMark": ","}, "1234,5", "1234.5"),
        ({"decimalMark": ","}, "-,5", "-.5"),
        ({"decimalMark": ","}, "7", "7"),
        ({"decimalMark": ","}, "1.5", None),
        ({"decimalMark": ","}, "1,2,3", None),
        ({"decimalMark": ",", "thousandsSeparator": "."}, "1.234.567,89", "1234567.89"),
        ({"decimalMark": ",", "thousandsSeparator": "."}, "1234567,89", "1234567.89"),
        ({"decimalMark": ",", "thousandsSeparator": "."}, "1.5", None),
        ({"decimalMark": ",", "thousandsSeparator": "."}, "1.2345", None),
        ({"decimalMark": ",", "thousandsSeparator": "."}, "1..234", None),
        ({"decimalMark": ",", "thousandsSeparator": "."}, ".234", None),
        ({"decimalMark": ",", "thousandsSeparator": "."}, "1234.567", None),
        ({"thousandsSeparator": ","}, "+1,234.50", "1234.50"),
        ({"thousandsSeparator": ","}, "12,34,567", "1234567"),
        ({"thousandsSeparator": ","}, "12,34", None),
        ({"thousandsSeparator": "'"}, "1'234", "1234"),
        ({"thousandsSeparator": [" ", "\u202f", "\u00a0"]}, "1\u202f234 567", "1234567"),
        ({"thousandsSeparator": "|"}, "1|234", "1234"),
    ],
)
def test_a_number_is_read_by_its_separators_alone(own, text, value):
    expected = None if value is None else Decimal(value)
    assert read("decimal(12,2)", text, **own) == [expected]
    assert read("double", text, **own) == [None if value is None else float(value)]


def test_whole_numbers_have_separators_too_and_no_decimals():
    own = {"decimalMark": ",", "thousandsSeparator": "."}
    assert read("bigint", "1.234", "-12", "1,0", "12.34", **own) == [1234, -12, None, None]


@pytest.mark.parametrize(
    ("formats", "text", "day"),
    [
        ("%d/%m/%Y", "03/04/2024", date(2024, 4, 3)),
        ("%d/%m/%Y", "3/4/2024", date(2024, 4, 3)),
        ("%m/%d/%Y", "03/04/2024", date(2024, 3, 4)),
        ("%d/%m/%Y", "2024-04-03", None),
        ("%d/%m/%Y", "31/02/2024", None),
        ("%d/%m/%Y", "03/04/24", None),
        ("%d/%m/%Y", "03/04/2024 ", None),
        ("%d/%m/%Y", "03-04-2024", None),
        ("%d.%m.%y", "03.04.24", date(2024, 4, 3)),
        ("%d.%m.%y", "03x04x24", None),
        ("%d.%m.%y", "03.04.68", date(2068, 4, 3)),
        ("%d.%m.%y", "03.04.69", date(1969, 4, 3)),
        ("%Y%m%d", "20240403", date(2024, 4, 3)),
        ("%Y%m%d", "2024403", None),
        ("%d %b %Y", "3 APR 2024", date(2024, 4, 3)),
        ("%d %b %Y", "3 Xyz 2024", None),
        ("%B %d, %Y", "April 3, 2024", date(2024, 4, 3)),
        ("%A, %d %B %Y", "Wednesday, 3 April 2024", date(2024, 4, 3)),
        (["%d/%m/%Y", "%Y-%m-%d"], "2024-04-03", date(2024, 4, 3)),
        (["%d/%m/%Y", "%m/%d/%Y"], "03/04/2024", date(2024, 4, 3)),
        (["%d/%m/%Y", "%m/%d/%Y"], "04/13/2024", date(2024, 4, 13)),
        ("%d/%m/%Y %H:%M", "03/04/2024 00:00", date(2024, 4, 3)),
        ("%d/%m/%Y %H:%M", "03/04/2024 00:01", None),
    ],
)
def test_a_day_is_read_by_the_formats_alone(formats, text, day):
    assert read("date", text, formats=formats) == [day]


@pytest.mark.parametrize(
    ("formats", "text", "moment"),
    [
        ("%d/%m/%Y %H:%M:%S", "03/04/2024 13:05:09", datetime(2024, 4, 3, 13, 5, 9)),  # noqa: DTZ001 # in UTC
        ("%m/%d/%Y %I:%M %p", "4/3/2024 12:05 am", datetime(2024, 4, 3, 0, 5)),  # noqa: DTZ001
        ("%m/%d/%Y %I:%M %p", "4/3/2024 12:05 PM", datetime(2024, 4, 3, 12, 5)),  # noqa: DTZ001
        ("%m/%d/%Y %I:%M %p", "4/3/2024 13:05 PM", None),
        ("%d.%m.%Y %H:%M:%S,%f", "03.04.2024 01:02:03,5", datetime(2024, 4, 3, 1, 2, 3, 500_000)),  # noqa: DTZ001
        ("%Y%m%d%H%M%S", "20240403010203", datetime(2024, 4, 3, 1, 2, 3)),  # noqa: DTZ001
        ("%d/%m/%Y %H:%M %z", "03/04/2024 02:00 +02", datetime(2024, 4, 3)),  # noqa: DTZ001
        ("%d/%m/%Y %H:%M %Z", "03/04/2024 02:00 GMT", datetime(2024, 4, 3, 2)),  # noqa: DTZ001
        ("%d/%m/%Y %H:%M %Z", "03/04/2024 02:00 CET", None),
        ("%d/%m/%Y", "03/04/2024", datetime(2024, 4, 3)),  # noqa: DTZ001
        ("%d/%m/%Y %H:%M", "03/04/2024 24:00", None),
        ("%F %T", "2024-04-03 01:02:03", datetime(2024, 4, 3, 1, 2, 3)),  # noqa: DTZ001
    ],
)
def test_a_moment_is_read_by_the_formats_alone(formats, text, moment):
    expected = moment and moment.replace(tzinfo=UTC)
    assert read("timestamp", text, formats=formats) == [expected]


DAYS = ["%d/%m/%Y", "%m-%d-%Y", "%Y.%m.%d", "%d %b %Y", "%B %d, %Y", "%a %d %B %Y", "%Y%m%d"]
CLOCKS = ["", " %H:%M:%S", "T%H%M%S", " %I:%M:%S %p", " %H:%M:%S.%f"]
MOMENTS = st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9998, 1, 1))  # noqa: DTZ001 # as texts have it


@given(MOMENTS, st.sampled_from(DAYS), st.sampled_from(CLOCKS))
def test_python_reads_the_same_from_every_format(moment, day, clock):
    text = moment.strftime(day + clock)
    oracle = datetime.strptime(text, day + clock).replace(tzinfo=UTC)
    assert read("timestamp", text, formats=day + clock) == [oracle]


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False),
    st.sampled_from([",.", ".,", ", ", ",\u202f", ".'", "\u066b\u066c"]),
    st.booleans(),
)
def test_an_amount_comes_back_from_every_spelling(amount, marks, is_grouped):
    mark, between = marks
    text = f"{amount:,.2f}" if is_grouped else f"{amount:.2f}"
    text = text.translate({ord("."): mark, ord(","): between})
    own = {"decimalMark": mark, "thousandsSeparator": between}
    assert read("decimal(12,2)", text, **own) == [amount]


def test_the_words_of_a_contract_replace_the_usual_ones():
    both = {"trueWords": ["Oui", "x"], "falseWords": ["non", ""]}
    assert read("boolean", "oui", "NON", "X", "", "yes", "0", **both) == [
        True, False, True, False, None, None,
    ]  # fmt: skip
    assert read("boolean", "ja", "no", "true", "0", trueWords="ja") == [True, False, None, False]


def test_a_value_that_the_file_has_in_its_own_type_has_the_usual_spelling():
    assert read("double", f"{AS_TYPED}1.5", "1.5", "1,5", decimalMark=",") == [1.5, None, 1.5]
    days = read("date", f"{AS_TYPED}2024-04-03", "2024-04-03", formats="%d/%m/%Y")
    assert days == [date(2024, 4, 3), None]
