"""Ways to corrupt a table, worked out in plain Python, not by the rules under test.

Patterns alone are matched by Polars, as everywhere: Python's own could take for ever.
"""

import operator
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from carms_lake.contract.model import Column
from carms_lake.contract.types import ColumnType

LIMITS = {
    "minimum": operator.lt,
    "maximum": operator.gt,
    "exclusiveMinimum": operator.le,
    "exclusiveMaximum": operator.ge,
    "minLength": operator.lt,
    "maxLength": operator.gt,
}
"""A bound, and how a value beyond it compares with it."""

_STRANGE = "~?"
"""A text that nobody writes."""
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
    """The bound of a column as a value of its type, by its ODCS name; None where it has none."""
    limit = column.bounds.get(bound)
    kind = None if limit is None else column.type.name
    if kind == "date":
        return date.fromisoformat(str(limit))
    if kind == "timestamp":
        moment = datetime.fromisoformat(str(limit))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Decimal(str(limit)) if kind == "decimal" else limit


def not_of_type(kind: ColumnType) -> str | None:
    """A text that is not a value of a type; None where every text is one, or none is ever read."""
    if kind.name == "decimal":
        return "0." + "0" * kind.scale + "1"
    return _NO_VALUE.get(kind.name)


def outside(column: Column) -> Any:
    """A value that is none of those that a column allows; None where its type has no other."""
    if column.type.logical == "string":
        return _unused_text(column.enum)
    if column.type.logical in ("integer", "number"):
        return max(column.enum) + 1
    return None


def beyond(column: Column, bound: str) -> Any:
    """The nearest value, or text by its length, beyond a bound; None where there is none."""
    limit = limit_of(column, bound)
    if bound == "maxLength":
        return "x" * (limit + 1)
    if bound == "minLength":
        return "x" * (limit - 1) if limit else None
    if bound.startswith("exclusive"):
        return limit
    steps = {
        "date": timedelta(days=1),
        "timestamp": timedelta(seconds=1),
        "decimal": Decimal(1).scaleb(-column.type.scale),
    }
    step: Any = steps.get(column.type.name, 1)
    try:
        return limit - step if bound == "minimum" else limit + step
    except OverflowError:  # the first or the last possible day
        return None


def unmatched(pattern: str, value: str | None) -> str | None:
    """A text that a pattern refuses, like the value if it can be; None where it takes all tried."""
    near = [value + " ", " " + value, value[:-1], value + value, value.swapcase()] if value else []
    return next((text for text in (*near, "", " ", _STRANGE) if not matches(pattern, text)), None)


def matches(pattern: str, text: str) -> bool:
    """Whether a text has a place that a pattern fits."""
    return bool(pl.Series([text]).str.contains(pattern).item())


def unknown(known: pl.Series) -> Any:
    """A value that is none of these, and of their type; None where the type gives no other."""
    kind, values = known.dtype, known.drop_nulls()
    if kind == pl.String:
        return _unused_text(set(values.to_list()))
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
    """Another value, for a date one of another year; None where the type gives no other."""
    if not isinstance(value, date):
        return unknown(known)
    try:
        return value + timedelta(days=400)
    except OverflowError:
        return None


def breaks(column: Column, value: Any) -> str | None:
    """The first constraint that a value breaks: `enum`, `pattern`, a bound; None for none."""
    if value is None:
        return "required" if column.required else None
    if column.enum and value not in column.enum:
        return "enum"
    if column.pattern is not None and not matches(column.pattern, str(value)):
        return "pattern"
    for bound, is_beyond in LIMITS.items():
        limit = limit_of(column, bound)
        measured = len(str(value)) if bound.endswith("Length") else value
        if limit is not None and is_beyond(measured, limit):
            return bound
    return None


def _unused_text(known: Iterable[Any]) -> str:
    there, text = set(known), _STRANGE
    while text in there:
        text += _STRANGE
    return text


_NEIGHBOURS: dict[type[pl.DataType], pl.DataType] = {
    pl.Int16: pl.Int32(),
    pl.Int32: pl.Int64(),
    pl.Int64: pl.Float64(),
    pl.Float64: pl.String(),
    pl.Decimal: pl.Float64(),
    pl.Boolean: pl.Int32(),
    pl.Date: pl.Datetime("us"),
    pl.Datetime: pl.Date(),
}
"""The type that a column is taken for by mistake: nearest to its own, and yet another."""


def with_value(frame: pl.DataFrame, column: str, at: int, value: Any) -> pl.DataFrame:
    """The same rows but for one cell; fails where the column's type does not have the value."""
    return _with_cell(frame, column, at, pl.Series([value], dtype=frame.schema[column]))


def with_cells_of(frame: pl.DataFrame, columns: Sequence[str], at: int, other: int) -> pl.DataFrame:
    """The same rows, but one has the cells that another has in these columns: its key, say."""
    for column in columns:
        frame = _with_cell(frame, column, at, frame[column].slice(other, 1))
    return frame


def with_swapped(frame: pl.DataFrame, column: str, other: str, at: int) -> pl.DataFrame:
    """The same rows but for one, in which two columns of one type have each other's value."""
    here, there = frame[column].slice(at, 1), frame[other].slice(at, 1)
    return _with_cell(_with_cell(frame, column, at, there), other, at, here)


def with_unit_more(frame: pl.DataFrame, column: str, at: int | None = None) -> pl.DataFrame:
    """The same rows, one value (without `at` all) a unit more: one, a cent, a day."""
    if at is None:
        return frame.with_columns(_more(frame[column]))
    return _with_cell(frame, column, at, _more(frame[column].slice(at, 1)))


def with_row_dropped(frame: pl.DataFrame, at: int) -> pl.DataFrame:
    """The rows without one of them."""
    return pl.concat([frame.head(at), frame.slice(at + 1)])


def with_row_doubled(frame: pl.DataFrame, at: int) -> pl.DataFrame:
    """The rows, and one of them once more."""
    return pl.concat([frame, frame.slice(at, 1)])


def with_rotated(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The same rows, each with the value of the row before it in one column."""
    values = frame[column]
    return frame.with_columns(pl.concat([values.tail(1), values.head(frame.height - 1)]))


def with_all(frame: pl.DataFrame, column: str, value: Any) -> pl.DataFrame:
    """The same rows, all with one value in one column; fails as `with_value` does."""
    one = pl.Series(column, [value], strict=False).cast(frame.schema[column])
    return frame.with_columns(one.new_from_index(0, frame.height))


def with_other_type(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The same rows, one column in a type that it is easily taken for; texts become bytes."""
    kind, value = frame.schema[column], pl.col(column)
    if isinstance(kind, pl.List):
        return frame.with_columns(value.list.len())
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        return frame.with_columns(value.dt.replace_time_zone(None))
    neighbour = _NEIGHBOURS.get(type(kind), pl.Binary() if kind == pl.String else pl.String())
    return frame.with_columns(value.cast(neighbour, strict=False))


def can_grow(kind: pl.DataType) -> bool:
    """Whether a value of the type can be a unit more."""
    return kind.is_numeric() or isinstance(kind, pl.Boolean | pl.Date | pl.Datetime)


def _more(values: pl.Series) -> pl.Series:
    """Values a unit more: of a decimal its last place, of a float a hundredth."""
    kind = values.dtype
    if isinstance(kind, pl.Boolean):
        return ~values
    if isinstance(kind, pl.Date | pl.Datetime):
        return values.dt.offset_by("1d")
    if isinstance(kind, pl.Decimal):
        unit = pl.lit(f"{10**-kind.scale:.{kind.scale}f}").cast(kind)
    else:
        unit = pl.lit(0.01 if kind.is_float() else 1, kind)
    return values.to_frame().select((pl.col(values.name) + unit).cast(kind)).to_series()


def _with_cell(frame: pl.DataFrame, column: str, at: int, cell: pl.Series) -> pl.DataFrame:
    values = frame[column]
    changed = pl.concat([values.head(at), cell, values.slice(at + 1)])
    return frame.with_columns(changed.alias(column))
