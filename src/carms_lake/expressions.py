"""Polars expressions that domains share."""

from collections.abc import Iterable
from decimal import Decimal

import polars as pl

from carms_lake.names import natural_key

NULL_TOKENS = ("", "None", "N/A", "NULL")
"""Texts that programs write for a value that they do not have."""

_TIMESTAMP = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?$"
_DAY_BYTES = len("2025-01-31")
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
    """The moment that an ISO 8601 text names, in UTC; null where it is not one.

    A text without a zone is UTC already, a day alone is its midnight. No other order of day and
    month is guessed.

    >>> texts = ["2024-05-01T08:00:00+08:00", "2024-05-01 00:00", "2024-05-01", "01/05/2024"]
    >>> found = pl.DataFrame({"a": texts}).select(utc(pl.col("a")))["a"]
    >>> found.dt.to_string("%FT%RZ").to_list()
    ['2024-05-01T00:00Z', '2024-05-01T00:00Z', '2024-05-01T00:00Z', None]
    """
    return value.map_batches(_moments, return_dtype=_MOMENT, is_elementwise=True)


def _moments(texts: pl.Series) -> pl.Series:
    """The moments of texts; null where one is none.

    Texts that are spelled like the first one, with seconds and without an offset, are read in
    little more than half of the time of the others.
    """
    name, given = texts.name, texts.drop_nulls().head(1).to_list()
    sign = "T" if given and "T" in given[0] else " "
    usual = texts.str.strip_suffix("Z") if given and given[0].endswith("Z") else texts
    form = f"%Y-%m-%d{sign}%H:%M:%S%.f"
    read = usual.str.to_datetime(form, time_unit="us", strict=False).dt.replace_time_zone("UTC")
    if read.null_count() > texts.null_count():
        others = texts.zip_with(read.is_null(), pl.Series([None], dtype=pl.String))
        iso = pl.col(name).str.replace(" ", "T", literal=True)
        found = others.to_frame().select(_with_offset(iso).alias(name)).to_series()
        read = read.zip_with(read.is_not_null(), found)
    is_one = texts.str.contains(_TIMESTAMP)
    return read.zip_with(is_one.fill_null(value=False), pl.Series([None], dtype=_MOMENT))


def _with_offset(iso: pl.Expr) -> pl.Expr:
    """A moment in any of the spellings, after its seconds and an offset were added to it."""
    iso = iso.str.replace(r"Z$", "+0000").str.replace(r"([+-]\d{2}):(\d{2})$", "$1$2")
    iso = pl.when(iso.str.len_bytes() == _DAY_BYTES).then(iso + "T00:00:00").otherwise(iso)
    iso = iso.str.replace(r"T(\d{2}:\d{2})($|[+-])", "T$1:00$2")
    with_zone = pl.when(iso.str.contains(r"[+-]\d{4}$")).then(iso).otherwise(iso + "+0000")
    return with_zone.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False
    )


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
