"""Cells of any types, as readers find them, as one column."""

import datetime as dt
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from carms_lake.errors import printable
from carms_lake.readers.frames import cell_text

_INT64 = 1 << 63
_MOST_DIGITS = 38
_DIRECT = {str: pl.String(), bool: pl.Boolean(), dt.date: pl.Date()}


def cells_of(values: list[Any]) -> tuple[pl.Series, int]:
    """The values as a column, objects and arrays as JSON text; how many of a text are not text."""
    values = [printable(value) if isinstance(value, str) else value for value in values]
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    for kind, dtype in _DIRECT.items():
        if kinds <= {kind}:
            return pl.Series(values, dtype=dtype), 0
    is_long = Decimal in kinds or any(type(v) is int and abs(v) >= _INT64 for v in present)
    if kinds <= {int, float, Decimal} and is_long:
        return _decimals(values), 0
    if kinds <= {int, float}:
        # A workbook has no numbers but floats.
        is_whole = all(float(value).is_integer() and abs(value) < _INT64 for value in present)
        number, dtype = (int, pl.Int64()) if is_whole else (float, pl.Float64())
        return pl.Series([None if v is None else number(v) for v in values], dtype=dtype), 0
    if kinds <= {dt.date, dt.datetime}:
        moments = (dt.datetime.combine(v, dt.time()) if type(v) is dt.date else v for v in values)
        return pl.Series(moments, dtype=pl.Datetime("us")), 0
    texts = [None if value is None else _text(value) for value in values]
    not_text = sum(not isinstance(value, str | dict | list) for value in present)
    return pl.Series(texts, dtype=pl.String), not_text


def _decimals(values: list[Any]) -> pl.Series:
    """Numbers with all their digits; as floats where no decimal has room for them."""
    digits = [None if value is None else Decimal(str(value)) for value in values]
    present = [d for d in digits if d is not None]
    if all(number.is_finite() for number in present):
        scale = max(0, *(-int(number.as_tuple().exponent) for number in present))
        if scale + max(number.adjusted() for number in present) < _MOST_DIGITS:
            texts = [None if d is None else format(d, "f") for d in digits]
            return pl.Series(texts, dtype=pl.String).cast(pl.Decimal(_MOST_DIGITS, scale))
    return pl.Series([None if value is None else float(value) for value in values])


def _text(value: Any) -> str:
    if not isinstance(value, dict | list):
        return cell_text(value)
    try:
        return orjson.dumps(value, default=str).decode()
    except orjson.JSONEncodeError:  # nested too deeply: what it is, though not what is in it
        return "{}" if isinstance(value, dict) else "[]"
