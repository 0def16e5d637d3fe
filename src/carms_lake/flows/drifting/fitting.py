"""Which contract type the values of a column keep, and how many do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import polars as pl

from carms_lake.checks.types import polars_type, typed
from carms_lake.contract.types import ColumnType
from carms_lake.contract.widening import joined

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLERANCE = 0.01
"""So few values that do not keep a type are faults of their records, not of the type."""

_WHOLE = r"^-?(0|[1-9]\d*)$"
"""A leading zero is part of an id, so that `007` is no number."""
_FRACTION = r"^-?(0|[1-9]\d*)(\.\d+)?$"
_DIGITS = 18
_MAX_SCALE = 6
_LEAST_SCALE = 2
"""Money is written as 1.5 too."""
_TYPES: dict[str, str] = {
    "Int8": "smallint",
    "Int16": "smallint",
    "UInt8": "smallint",
    "Int32": "integer",
    "UInt16": "integer",
    "Int64": "bigint",
    "UInt32": "bigint",
    "Float32": "double",
    "Float64": "double",
    "Boolean": "boolean",
    "Date": "date",
    "Binary": "blob",
}
_JSON_LOOKED_AT = 200


def in_type(values: pl.Series, kind: ColumnType) -> pl.Series:
    """The values in a contract's type, as ingest would cast them; null where they are none."""
    try:
        return values.to_frame().select(typed(values.name, values.dtype, kind))[values.name]
    except pl.exceptions.PolarsError:  # no cast at all leads from one type to the other
        return pl.Series(values.name, [None] * values.len(), dtype=polars_type(kind))


def misfits(values: pl.Series, kind: ColumnType, not_text: int = 0) -> int:
    """How many values would be set aside if the contract's type were `kind`."""
    if kind.name == "varchar" and not_text:
        return not_text
    return int((values.is_not_null() & in_type(values, kind).is_null()).sum())


def means_the_same(one: ColumnType, other: ColumnType) -> bool:
    """Whether limits, patterns and lists of values that were made for one type fit the other."""
    return _sort(one) == _sort(other)


def narrowest(values: pl.Series) -> ColumnType:
    """The narrowest contract type of which all values are, but for few faults; never a smallint."""
    found = _of_dtype(values.dtype)
    if found is not None:
        return found
    texts = values.cast(pl.String, strict=False).drop_nulls()
    if not texts.len():
        return ColumnType("varchar")
    for kind, share in _candidates(texts):
        if share >= 1 - TOLERANCE and misfits(texts, kind) <= TOLERANCE * texts.len():
            return kind
    return ColumnType("varchar")


def holding(values: pl.Series, wanted: ColumnType, not_text: int = 0) -> ColumnType | None:
    """The narrowest type that keeps these values and, where one does, those of the wanted type."""
    own = narrowest(values)
    allowed = TOLERANCE * max(values.len() - values.null_count(), 1)
    for kind in (joined(wanted, own), own, ColumnType("varchar")):
        if misfits(values, kind, not_text) <= allowed:
            return kind
    return None


def _sort(kind: ColumnType) -> str:
    logical = kind.logical
    return {"integer": "number", "timestamp": "date"}.get(logical, logical)


def _of_dtype(dtype: pl.DataType) -> ColumnType | None:
    """The type that a typed file says; None where only the texts can tell."""
    if isinstance(dtype, pl.Decimal):
        return ColumnType("decimal", dtype.precision or 38, dtype.scale or 0)
    if isinstance(dtype, pl.Datetime):
        return ColumnType("timestamp")
    if isinstance(dtype, pl.List):
        inner = _of_dtype(pl.Series(dtype=dtype.inner).dtype)
        return ColumnType("list", item=inner or ColumnType("varchar"))
    name = _TYPES.get(str(dtype))
    return ColumnType(name) if name else None


def _candidates(texts: pl.Series) -> Iterator[tuple[ColumnType, float]]:
    """Types from the narrowest on, and the share of texts that are written like one."""
    yield ColumnType("boolean"), _share(texts.str.to_lowercase().is_in(["true", "false"]))
    whole = _share(texts.str.contains(_WHOLE))
    yield ColumnType("integer"), whole
    yield ColumnType("bigint"), whole
    fraction = _share(texts.str.contains(_FRACTION))
    scale = int(texts.str.extract(r"\.(\d+)$").str.len_chars().max() or 0)  # type: ignore[arg-type]  # of lengths
    if scale <= _MAX_SCALE:
        yield ColumnType("decimal", _DIGITS, max(scale, _LEAST_SCALE)), fraction
    yield ColumnType("double"), _share(~texts.str.contains(r"^[+-]?0\d"))
    for name in ("date", "timestamp"):
        yield ColumnType(name), 1.0
    if _is_json(texts):
        yield ColumnType("json"), 1.0


def _share(is_one: pl.Series) -> float:
    return float(is_one.mean() or 0.0)  # type: ignore[arg-type]  # of truth values


def _is_json(texts: pl.Series) -> bool:
    if not texts.str.contains(r"^\s*[\[{]").all():
        return False
    try:
        for text in texts.head(_JSON_LOOKED_AT):
            orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
