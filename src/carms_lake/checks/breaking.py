"""Values that a promise of a contract forbids, and whether a value is one that it allows.

These judge for themselves, in plain Python, not by the rules that are put to the test.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carms_lake.contract.model import Column
    from carms_lake.contract.types import ColumnType

LIMITS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
}
"""A bound as contracts and rules name it -> as `Bounds` does."""

_STRANGE = "~?"
"""A text that nobody writes."""
_MORE_THAN_A_YEAR = timedelta(days=400)
_NO_VALUE = {
    "smallint": "1.5",
    "integer": "1.5",
    "bigint": "1.5",
    "double": "1,5",
    "boolean": "perhaps",
    "date": "2025-02-30",
    "timestamp": "yesterday",
    "json": "{",
}


def limit_of(column: Column, bound: str) -> Any:
    """What a bound of a column is, by its ODCS name; None where it has none."""
    return getattr(column.bounds, LIMITS[bound])


def not_of_type(kind: ColumnType) -> str | None:
    """A text that is no value of a type; None where every text is one, or none is ever read."""
    if kind.name == "decimal":
        return "0." + "0" * kind.scale + "1"
    return _NO_VALUE.get(kind.name)


def outside(column: Column) -> Any:
    """A value that is none of those that a column allows; None where its type has no other."""
    if column.type.logical == "string":
        return _text_beside(column.enum)
    if column.type.logical in ("integer", "number"):
        return max(column.enum) + 1
    return None


def beyond(column: Column, bound: str) -> Any:
    """The nearest value on the wrong side of a bound; None where there is none.

    Of a length: a text of one character more, or less.
    """
    limit = limit_of(column, bound)
    if bound == "maxLength":
        return "x" * (limit + 1)
    if bound == "minLength":
        return "x" * (limit - 1) if limit else None
    value, step = _as_value(column.type, limit), _step(column.type)
    if bound.startswith("exclusive"):
        return value
    try:
        return value - step if bound == "minimum" else value + step
    except OverflowError:  # the first or the last day that there is
        return None


def unmatched(pattern: str, value: str | None) -> str | None:
    """A text that a pattern refuses, like the value if it can be; None where it takes all tried."""
    near = [value + " ", " " + value, value[:-1], value + value, value.swapcase()] if value else []
    return next((text for text in (*near, "", " ", _STRANGE) if not matches(pattern, text)), None)


def matches(pattern: str, text: str) -> bool:
    """Whether a text has a place that a pattern fits."""
    try:
        return re.search(pattern, text) is not None
    except re.error:  # what Rust's expressions know and Python's do not
        return bool(pl.Series([text]).str.contains(pattern).item())


def unknown(known: pl.Series) -> Any:
    """A value that is none of these, and of their type; None where the type gives no other."""
    kind, values = known.dtype, known.drop_nulls()
    if kind == pl.String:
        return _text_beside(set(values.to_list()))
    if values.is_empty():
        return None
    last: Any = values.max()
    try:
        if kind.is_numeric():
            return last + 1
        return last + timedelta(days=1) if isinstance(last, date) else None
    except OverflowError:
        return None


def elsewhere(known: pl.Series, value: Any) -> Any:
    """Another value than this one; a day or a moment of another year, whose text begins otherwise.

    None where the type gives no other.
    """
    if not isinstance(value, date):
        return unknown(known)
    try:
        return value + _MORE_THAN_A_YEAR
    except OverflowError:
        return None


def breaks(column: Column, value: Any) -> str | None:
    """The first promise of a column that a value breaks: `enum`, `pattern`, a bound; else None."""
    if value is None:
        return "required" if column.required else None
    if column.enum and value not in column.enum:
        return "enum"
    if column.pattern is not None and not matches(column.pattern, str(value)):
        return "pattern"
    return next((bound for bound in LIMITS if _is_beyond(column, bound, value)), None)


def _is_beyond(column: Column, bound: str, value: Any) -> bool:
    limit = limit_of(column, bound)
    if limit is None:
        return False
    if bound.endswith("Length"):
        size = len(str(value))
        return bool(size < limit if bound == "minLength" else size > limit)
    known = _as_value(column.type, limit)
    return bool(
        {
            "minimum": value < known,
            "maximum": value > known,
            "exclusiveMinimum": value <= known,
            "exclusiveMaximum": value >= known,
        }[bound]
    )


def _as_value(kind: ColumnType, limit: Any) -> Any:
    """A limit as the contract writes it -> a value of the column's type."""
    match kind.name:
        case "date":
            return date.fromisoformat(str(limit))
        case "timestamp":
            moment = datetime.fromisoformat(str(limit))
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        case "decimal":
            return Decimal(str(limit))
        case _:
            return limit


def _step(kind: ColumnType) -> Any:
    match kind.name:
        case "date":
            return timedelta(days=1)
        case "timestamp":
            return timedelta(seconds=1)
        case "decimal":
            return Decimal(1).scaleb(-kind.scale)
        case _:
            return 1


def _text_beside(known: Iterable[Any]) -> str:
    """A text that is none of these."""
    there, text = set(known), _STRANGE
    while text in there:
        text += _STRANGE
    return text
