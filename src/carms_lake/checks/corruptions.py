"""Ways to spoil a table: each from a frame to a frame, one cell, row or column another than before.

Nothing here knows a contract. What a promise forbids is in `breaking`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """The same rows but for one cell.

    Raises:
        OverflowError, TypeError, polars.exceptions.PolarsError: the column's type has no such
            value.
    """
    return _with_cell(frame, column, at, pl.Series([value], dtype=frame.schema[column]))


def with_null(frame: pl.DataFrame, column: str, at: int) -> pl.DataFrame:
    """The same rows but for one cell, which has no value any more."""
    return with_value(frame, column, at, None)


def with_cells_of(frame: pl.DataFrame, columns: Sequence[str], at: int, other: int) -> pl.DataFrame:
    """The same rows, but one has the cells that another has in these columns: its key, say."""
    for column in columns:
        frame = _with_cell(frame, column, at, frame[column].slice(other, 1))
    return frame


def with_swapped(frame: pl.DataFrame, column: str, other: str, at: int) -> pl.DataFrame:
    """The same rows but for one, in which two columns of one type have each other's value."""
    here, there = frame[column].slice(at, 1), frame[other].slice(at, 1)
    return _with_cell(_with_cell(frame, column, at, there), other, at, here)


def with_unit_more(frame: pl.DataFrame, column: str, at: int) -> pl.DataFrame:
    """The same rows but for one number, which is off by the smallest unit: by one, or one cent."""
    return _with_cell(frame, column, at, _more(frame[column].slice(at, 1)))


def with_row_dropped(frame: pl.DataFrame, at: int) -> pl.DataFrame:
    """The rows without one of them."""
    return pl.concat([frame.head(at), frame.slice(at + 1)])


def with_row_doubled(frame: pl.DataFrame, at: int) -> pl.DataFrame:
    """The rows, and one of them once more."""
    return pl.concat([frame, frame.slice(at, 1)])


def with_no_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns without a row."""
    return frame.clear()


def with_nulls(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The same rows, and no value left in one column."""
    return frame.with_columns(pl.lit(None, frame.schema[column]).alias(column))


def with_rotated(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The same rows, each with the value of the row before it in one column."""
    values = frame[column]
    return frame.with_columns(pl.concat([values.tail(1), values.head(frame.height - 1)]))


def with_all(frame: pl.DataFrame, column: str, value: Any) -> pl.DataFrame:
    """The same rows, all with one value in one column.

    Raises:
        OverflowError, TypeError, polars.exceptions.PolarsError: the column's type has no such
            value.
    """
    one = pl.Series(column, [value], strict=False).cast(frame.schema[column])
    return frame.with_columns(one.new_from_index(0, frame.height))


def with_values_of(frame: pl.DataFrame, column: str, other: str) -> pl.DataFrame:
    """The same rows, all with what another column of the type has in one column."""
    return frame.with_columns(pl.col(other).alias(column))


def with_columns_swapped(frame: pl.DataFrame, column: str, other: str) -> pl.DataFrame:
    """The same rows, in all of which two columns of one type have each other's value."""
    return frame.with_columns(pl.col(other).alias(column), pl.col(column).alias(other))


def with_units_more(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The same rows, each number, day or moment of one column a unit more, each truth its other."""
    return frame.with_columns(_more(frame[column]))


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
