"""Polars expressions that domains share."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl

from carms_lake.names import natural_key

NULL_TOKENS = ("", "None", "N/A", "NULL")
"""Texts that programs write for a value that they do not have."""

_ZONE = re.compile(
    r" ?(?:[Zz]|(?i:UTC|GMT)|(?P<sign>[+-])(?P<hours>[0-9]{2})"
    r"(?:(?P<colon_>:?)(?P<minutes>[0-5][0-9])(?:(?P=colon_)(?P<seconds>[0-5][0-9]))?)?)"
)
_TIMESTAMP = re.compile(
    r"(?P<year>[0-9]{4})(?P<dash>-?)(?P<month>[0-9]{2})(?P=dash)(?P<day>[0-9]{2})"
    r"(?:(?P<gap>[Tt ])(?P<hour>[0-9]{2})(?:(?P<colon>:?)(?P<minute>[0-5][0-9])"
    r"(?:(?P=colon)(?P<second>[0-5][0-9])(?:[.,](?P<fraction>[0-9]{1,6})0*)?)?)?"
    rf"(?P<zone>{_ZONE.pattern})?)?"
)
_USUAL = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,6}0*)?"
_FURTHEST = timedelta(hours=16)
"""PostgreSQL writes offsets up to 15:59:59, which cities had before there were zones."""
_END_OF_DAY = 24
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_MOMENT = pl.Datetime("us", "UTC")


def trimmed(column: str) -> pl.Expr:
    """Text with runs of white space folded into one space; null where nothing is left.

    >>> pl.DataFrame({"a": ["  St.  John's ", " ", None]}).select(trimmed("a"))["a"].to_list()
    ["St. John's", None, None]
    """
    text = pl.col(column).str.replace_all(r"\s+", " ").str.strip_chars()
    return null_if(text, "")


def null_if(value: pl.Expr, *nothings: str) -> pl.Expr:
    """Text, or null where it is one of the words that say nothing.

    >>> frame = pl.DataFrame({"a": ["xx", "x"]})
    >>> frame.select(null_if(pl.col("a"), "xx"))["a"].to_list()
    [None, 'x']
    """
    return pl.when(value.is_in(list(nothings)).not_()).then(value)


def null_if_placeholder(column: str) -> pl.Expr:
    """Text as `trimmed` gives it; null too where it is a program's word for nothing.

    >>> frame = pl.DataFrame({"a": [" Ann ", "None", " N/A", "none", ""]})
    >>> frame.select(null_if_placeholder("a"))["a"].to_list()
    ['Ann', None, None, 'none', None]
    """
    return null_if(trimmed(column), *NULL_TOKENS)


def within(column: str, low: float | Decimal, high: float | Decimal) -> pl.Expr:
    """Whether a figure is between two limits, or one of them; null where there is none.

    >>> pl.DataFrame({"a": [0.0, 90.0, 90.1, None]}).select(within("a", 0, 90))["a"].to_list()
    [True, True, False, None]
    """
    return pl.col(column).is_between(low, high)


def utc(value: pl.Expr) -> pl.Expr:
    """The moment that an ISO 8601 text names, in UTC; null where it does not name one.

    A text without a zone is UTC already, a day alone is its midnight. `T`, `t` or a space parts day
    and time; a fraction follows a dot or a comma, and what a microsecond cannot hold must be zeros.
    An offset is hours alone, or with minutes, or with seconds, up to 15:59:59; `Z`, `UTC` and `GMT`
    are none, `-00:00` is none too. 24:00 is the midnight that ends a day. The basic form
    (`20240501T080000Z`) needs its time. A leap second is null: it has no place in UTC as lakes
    count it. No other order of day and month is guessed.

    >>> texts = ["2024-05-01T08:00:00+08:00", "2024-05-01 00:00", "2024-05-01", "01/05/2024"]
    >>> found = pl.DataFrame({"a": texts}).select(utc(pl.col("a")))["a"]
    >>> found.dt.to_string("%FT%RZ").to_list()
    ['2024-05-01T00:00Z', '2024-05-01T00:00Z', '2024-05-01T00:00Z', None]
    >>> texts = ["2024-05-01 02:00:00+02", "2024-05-01 00:00:00 UTC", "20240430T24:00"]
    >>> found = pl.DataFrame({"a": texts}).select(utc(pl.col("a")))["a"]
    >>> found.dt.to_string("%FT%RZ").to_list()
    ['2024-05-01T00:00Z', '2024-05-01T00:00Z', '2024-05-01T00:00Z']
    """
    return value.map_batches(_moments, return_dtype=_MOMENT, is_elementwise=True)


def _moments(texts: pl.Series) -> pl.Series:
    """The moments of texts; null where one is none.

    Texts that are spelled like the first one, its zone included, are read at once, others one by
    one, which takes six times as long.
    """
    first = (texts.drop_nulls().head(1).to_list() or [""])[0]
    found = _TIMESTAMP.fullmatch(first) if _moment(first) else None
    zone = (found and found["zone"]) or ""
    form = f"%Y-%m-%d{'T' if 'T' in first[:11] else ' '}%H:%M:%S%.f"
    bare = texts.str.strip_suffix(zone) if zone else texts
    read = bare.str.to_datetime(form, time_unit="us", strict=False)
    is_usual = texts.str.contains(f"{_USUAL}{re.escape(zone)}$")
    read = (read - _offset(zone)).dt.replace_time_zone("UTC")
    is_usual &= read.is_between(_FIRST, _LAST)
    read = read.zip_with(is_usual.fill_null(value=False), pl.Series([None], dtype=_MOMENT))
    if read.null_count() == texts.null_count():
        return read
    others = [None if text is None else _moment(text) for text in texts.filter(read.is_null())]
    return read.scatter(read.is_null().arg_true(), pl.Series(others, dtype=_MOMENT))


def _moment(text: str) -> datetime | None:
    """The moment of a text in any of the spellings."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None or (found["dash"] == "" and found["hour"] is None):
        return None
    if found["hour"] is not None and found["minute"] is None and found["gap"] == " ":
        return None
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    microsecond = int((found["fraction"] or "").ljust(6, "0"))
    is_end = hour == _END_OF_DAY and not (minute or second or microsecond)
    try:
        day = datetime(int(found["year"]), int(found["month"]), int(found["day"]), tzinfo=UTC)
        time = day.replace(
            hour=0 if is_end else hour, minute=minute, second=second, microsecond=microsecond
        )
        return time + timedelta(days=is_end) - _offset(found["zone"] or "")
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> timedelta:
    """How far ahead of UTC a zone is.

    Raises:
        OverflowError: further than any place ever was.
    """
    found = _ZONE.fullmatch(zone)
    if found is None or not found["sign"]:
        return timedelta()
    hours, minutes, seconds = (int(found[name] or 0) for name in ("hours", "minutes", "seconds"))
    ahead = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if ahead >= _FURTHEST:
        raise OverflowError(zone)
    return -ahead if found["sign"] == "-" else ahead


def before_last(column: str, separator: str) -> pl.Expr:
    """The text in front of the last separator; the whole text where there is none.

    >>> frame = pl.DataFrame({"a": ["a for b for c", "a"]})
    >>> frame.select(before_last("a", " for "))["a"].to_list()
    ['a for b', 'a']
    """
    parts = pl.col(column).str.split(separator)
    head = parts.list.head(parts.list.len() - 1).list.join(separator)
    return pl.when(parts.list.len() > 1).then(head).otherwise(pl.col(column)).alias(column)


def after_last(column: str, separator: str) -> pl.Expr:
    """The text behind the last separator; null where there is none.

    >>> frame = pl.DataFrame({"a": ["a for b for c", "a"]})
    >>> frame.select(after_last("a", " for "))["a"].to_list()
    ['c', None]
    """
    parts = pl.col(column).str.split(separator)
    return pl.when(parts.list.len() > 1).then(parts.list.last()).alias(column)


def natural_order(column: str) -> pl.Expr:
    """What a text sorts by where numbers count as numbers, as they do in names of files.

    >>> frame = pl.DataFrame({"a": ["b10", "b9", None]})
    >>> frame.sort(natural_order("a"))["a"].to_list()
    [None, 'b9', 'b10']
    """
    return pl.col(column).map_batches(_natural_keys, return_dtype=pl.String, is_elementwise=True)


def _natural_keys(texts: pl.Series) -> pl.Series:
    distinct = texts.drop_nulls().unique()  # many rows are of few files
    if distinct.is_empty():
        return texts
    keys = pl.Series([natural_key(text) for text in distinct], dtype=pl.String)
    return texts.replace_strict(distinct, keys, default=None, return_dtype=pl.String)


def newest(columns: Iterable[str], *, by: str | pl.Expr) -> list[pl.Expr]:
    """Aggregations that take each column from the row with the greatest `by`.

    Ties go to the greatest value.

    >>> frame = pl.DataFrame({"k": [1, 1], "year": ["2024", "2025"], "name": ["old", "new"]})
    >>> frame.group_by("k").agg(newest(["name"], by="year")).to_dicts()
    [{'k': 1, 'name': 'new'}]
    """
    return [pl.col(name).sort_by(by, name, nulls_last=False).last() for name in columns]
