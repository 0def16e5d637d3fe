"""Moments as databases, libraries and spreadsheets write them; what is ambiguous is not guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.expressions import utc

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def moments(*texts: str | None) -> list[datetime | None]:
    return pl.DataFrame({"at": texts}).select(utc(pl.col("at")))["at"].to_list()


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01 12:00:00+00",  # PostgreSQL, DuckDB
        "2024-05-01 14:00:00+02",
        "2024-05-01 17:30:00+05:30",
        "2024-05-01 04:07:02-07:52:58",
        "2024-05-01 12:00:00 UTC",  # BigQuery
        "2024-05-01 12:00:00.000000 UTC",
        "2024-05-01 14:00:00.0000000 +02:00",  # SQL Server
        "20240501 12:00:00",
        "2024-05-01 12:00:00.000000000+00:00",  # pandas
        "2024-05-01 05:00:00.000 -0700",  # Snowflake
        "2024-05-01T12:00:00.000Z",  # JavaScript
        "2024-05-01 12:00:00",  # Excel
        "2024-05-01t12:00:00z",
        "2024-05-01T12:00:00,0Z",
        "2024-05-01T12:00Z",
        "2024-05-01T12",
        "2024-05-01T12:00:00-00:00",
        "2024-05-01 12:00:00 GMT",
        "20240501T120000Z",
        "20240501T1200+0000",
        "20240501T14+02",
        "2024-05-02T03:59:59+15:59:59",
    ],
)
def test_one_moment_has_many_spellings(text):
    # Texts that are spelled like the first one are read in another way than others.
    assert moments(text) == [NOON]
    assert moments("2020-01-01", None, text) == [datetime(2020, 1, 1, tzinfo=UTC), None, NOON]


@pytest.mark.parametrize(
    "text",
    [
        "01/05/2024 12:00",
        "2024-05-01 12:00:00 CET",
        "2024-05-01 12:00:00 +2",
        "2024-05-01 12:00:00+02:0",
        "2024-05-01 12:00:00+0200:00",
        "2024-05-01 12:00:00+16",
        "2024-05-01 12:00:00+02:60",
        "2024-05-01 12:00:00 UTC+2",
        "2024-05-01 12",
        "2024-05-01  12:00",
        "2024-05-01+02",
        "2024-05-01Z",
        "20240501",
        "202405011200",
        "2024-0501T12:00",
        "2024-05-01T1200:00",
        "2024-05-01 12:00:00.1234567",
        "2024-05-01 12:00:00.000000001+00",
        "2016-12-31T23:59:60Z",
        "2024-05-01T24:01",
        "2024-05-01T24:00:00.5",
        "2024-02-30T12:00:00Z",
        "0001-01-01 00:00:00+01",
        "9999-12-31 23:30:00-01",
        "9999-12-31 24:00:00",
        "0000-01-01 00:00:00",
        "infinity",
        "\u0662024-05-01T12:00:00",
        "2024-05-01T12:00:00\n",
        "",
    ],
)
def test_what_is_not_one_moment_is_none(text):
    assert moments(text) == [None]
    assert moments("2024-05-01 12:00:00", text) == [NOON, None]


def test_the_end_of_a_day_is_the_start_of_the_next_one():
    after = datetime(2024, 3, 1, tzinfo=UTC)
    assert moments("2024-02-29T24:00", "2024-02-29 24:00:00.000Z", "20240229T2400") == [after] * 3


OFFSETS = st.integers(min_value=-(16 * 3600 - 1), max_value=16 * 3600 - 1)
LOCAL = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 28))  # noqa: DTZ001 # a clock that names no zone


@given(LOCAL, OFFSETS, st.sampled_from("T t"), st.sampled_from(".,"), st.booleans(), st.data())
def test_a_moment_comes_back_from_any_spelling_that_holds_it(local, ahead, gap, mark, basic, data):
    text = local.strftime("%m%d" if basic else "-%m-%d")
    text = f"{local.year:04}{text}{gap}" + local.strftime("%H%M%S" if basic else "%H:%M:%S")
    if local.microsecond or data.draw(st.booleans()):
        zeros = "0" * data.draw(st.integers(min_value=0, max_value=3))
        text += f"{mark}{local.microsecond:06}{zeros}"
    colon = data.draw(st.sampled_from([":", ""]))
    parts = [f"{part:02}" for part in (abs(ahead) // 3600, abs(ahead) // 60 % 60, abs(ahead) % 60)]
    while parts[-1] == "00" and len(parts) > 1 and data.draw(st.booleans()):
        parts.pop()
    text += data.draw(st.sampled_from(["", " "])) + ("-" if ahead < 0 else "+") + colon.join(parts)
    expected = local.replace(tzinfo=UTC) - timedelta(seconds=ahead)
    assert moments(text) == [expected]
    assert moments("2024-05-01 12:00:00", text) == [NOON, expected]


@given(
    st.dates(min_value=date(2, 1, 1), max_value=date(9998, 12, 31)),
    st.times(),
    st.none() | st.integers(min_value=-839, max_value=839),
    st.sampled_from("T "),
)
def test_python_reads_the_same_moment_from_its_own_text(day, clock, minutes, gap):
    zone = None if minutes is None else timezone(timedelta(minutes=minutes))
    text = datetime.combine(day, clock, zone).isoformat(gap)
    oracle = datetime.fromisoformat(text)
    assert moments(text) == [oracle if zone else oracle.replace(tzinfo=UTC)]


@given(st.text(alphabet="0123456789-+:.,TtZz UTC", max_size=36))
def test_where_python_and_we_both_read_a_text_it_is_one_moment(text):
    (found,) = moments(text)
    try:
        oracle = datetime.fromisoformat(text)
    except ValueError:
        return
    if found is not None and oracle.time() != time():
        assert found == (oracle if oracle.tzinfo else oracle.replace(tzinfo=UTC))
