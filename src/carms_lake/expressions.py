"""Polars expressions that domains share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def newest(columns: Iterable[str], *, by: str) -> list[pl.Expr]:
    """Aggregations that take each column from the row with the greatest `by`.

    Ties go to the greatest value.

    >>> frame = pl.DataFrame({"k": [1, 1], "year": ["2024", "2025"], "name": ["old", "new"]})
    >>> frame.group_by("k").agg(newest(["name"], by="year")).to_dicts()
    [{'k': 1, 'name': 'new'}]
    """
    return [pl.col(name).sort_by(by, name, nulls_last=False).last() for name in columns]
