"""Columns of Arrow as the values that a contract's column takes, and those that it cannot take."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from carms_lake.contract.model import Column
from carms_lake.readers.json.text import dumped
from carms_lake.readers.parquet.text import (
    PER_SECOND,
    int96_texts,
    is_bytes,
    is_int96,
    is_listed,
    is_text,
    is_valid,
    listed,
    plain,
    simple,
    temporal_texts,
)
from carms_lake.records import AS_TYPED

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31, in days from 1970."""
_GREGORIAN_DAY = -141_427
"""1582-10-15, before which other calendars count other days."""
_DAY_SECONDS = 86_400
_NS_RANGE = (1 << 63) // 1_000
"""Microseconds that have their nanoseconds, too."""
_OUTSIDE = "is outside of the years 1 to 9999"
_OLD = "is a day of the Julian calendar to the program that wrote it"
_YEAR_1, _YEAR_1583 = "0001", "1583"
_FINER = "has more digits than microseconds"


class Wrong(NamedTuple):
    """A value that no column of the lake can hold."""

    text: str
    why: str


class Landed(NamedTuple):
    """The values of a column."""

    values: pl.Series
    wrong: Mapping[int, Wrong]
    """By position, what cannot be held; it is null in `values`."""


def landed(values: Any, column: Column, *, is_old_calendar: bool = False) -> Landed:
    """A column of a file as values for a column of a contract.

    Text, numbers, days and moments are what they are; lists, structs and maps are JSON (or lists,
    where the contract wants them), bytes are text unless the contract wants them. What the lake has
    no type for is text: times of day, durations, decimals of more than 38 digits. Days before 1582
    are wrong where whoever wrote them counted by the Julian calendar, `is_old_calendar`.
    """
    first_day = _GREGORIAN_DAY if is_old_calendar else _FIRST_DAY
    kind = values.type
    if is_int96(kind):
        return _int96(values, first_day)
    if column.type.name == "blob" and (found := _as_bytes(values)) is not None:
        return Landed(found, {})
    values = _chunked(simple(chunk) for chunk in _chunks(values))
    kind = values.type
    if is_text(kind) and not is_valid(values):
        values, kind = values.cast(pa.large_binary()), pa.large_binary()
    if is_bytes(kind):
        return _decoded(values, column.bytes_encoding)
    if is_listed(kind) and (item := column.type.item):
        return _list(values.combine_chunks(), replace(column, type=item))
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _within_range(values, first_day)
    return Landed(_other(values, column), {})


def _other(values: Any, column: Column) -> pl.Series:
    kind = values.type
    if pa.types.is_null(kind):
        return pl.Series([None] * len(values), dtype=pl.String)
    if pa.types.is_nested(kind):
        return _texts([None if value is None else dumped(value) for value in plain(values)])
    if pa.types.is_decimal256(kind):
        is_whole = column.type.logical == "integer"
        numbers = (n and (n.whole if is_whole else n.plain) for n in plain(values))
        mark = AS_TYPED if column.spelling else ""
        return _texts([None if number is None else mark + number for number in numbers])
    if pa.types.is_temporal(kind):
        return _texts(plain(values))
    if pa.types.is_float16(kind):
        values = values.cast(pa.float32())
    return pl.Series(values)


def _chunks(values: Any) -> list[Any]:
    """The parts of a column, at least one."""
    return list(values.chunks) or [pa.nulls(0, values.type)]


def _chunked(chunks: Any) -> Any:
    return pa.chunked_array(list(chunks))


def _texts(texts: list[str | None]) -> pl.Series:
    return pl.Series(texts, dtype=pl.String)


def _as_bytes(values: Any) -> pl.Series | None:
    """A column of bytes as it is; None where it has something else."""
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        return _as_bytes(_chunked(chunk.storage for chunk in _chunks(values)))
    if pa.types.is_dictionary(kind):
        return _as_bytes(_chunked(chunk.dictionary_decode() for chunk in _chunks(values)))
    return pl.Series(values.cast(pa.large_binary())) if is_bytes(kind) else None


def _decoded(values: Any, encoding: str) -> Landed:
    """Bytes as text in an encoding; bytes that are not are wrong."""
    if encoding == "utf-8":
        try:
            return Landed(pl.Series(values.cast(pa.large_binary()).cast(pa.large_string())), {})
        except pa.ArrowInvalid:  # some of them are no text: which?
            pass
    texts: list[str | None] = []
    wrong: dict[int, Wrong] = {}
    for at, value in enumerate(values.to_pylist()):
        try:
            texts.append(None if value is None else value.decode(encoding))
        except UnicodeDecodeError:
            texts.append(None)
            wrong[at] = Wrong(value.hex(), f"is not text in {encoding}")
    return Landed(_texts(texts), wrong)


def _within_range(values: Any, first_day: int) -> Landed:
    """Days and moments; those before `first_day` or after 9999, `infinity` too, are wrong."""
    kind = values.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":  # from 1677 to 2262 only
        return Landed(_moments(values), {})
    if pa.types.is_date(kind):
        counts = pl.Series(values.cast(pa.date32()).cast(pa.int32()))
        first, end = first_day, _LAST_DAY + 1
    else:
        counts = pl.Series(values.cast(pa.int64()))
        per_day = _DAY_SECONDS * PER_SECOND[kind.unit]
        first, end = first_day * per_day, (_LAST_DAY + 1) * per_day
    low, high = counts.min(), counts.max()
    if low is None or (low >= first and high < end):  # type: ignore[operator]  # of integers
        return Landed(_moments(values), {})
    is_wrong = ((counts < first) | (counts >= end)).fill_null(value=False)
    return _without(values, is_wrong)


def _outside(text: str | None) -> str:
    year = str(text)[:4]
    return _OLD if year.isdigit() and _YEAR_1 <= year < _YEAR_1583 else _OUTSIDE


def _without(values: Any, is_wrong: pl.Series) -> Landed:
    whole = values.combine_chunks()
    places = is_wrong.arg_true()
    texts = temporal_texts(whole.take(places.to_arrow()))
    mask = (~is_wrong).to_arrow()
    kept = _chunked([pa.compute.if_else(mask, whole, pa.scalar(None, whole.type))])
    wrong = {at: Wrong(str(text), _outside(text)) for at, text in zip(places, texts, strict=True)}
    return Landed(_moments(kept), wrong)


def _moments(values: Any) -> pl.Series:
    """Days and moments; a fixed offset, which says how they are shown, is left out."""
    kind = values.type
    if pa.types.is_timestamp(kind):
        unit = "ms" if kind.unit == "s" else kind.unit
        zone = kind.tz and (kind.tz if _is_known(kind.tz) else "UTC")
        values = values.cast(pa.timestamp(unit, zone))
    return pl.Series(values)


def _is_known(zone: str) -> bool:
    try:
        pl.Series(pa.array([], pa.timestamp("us", zone)))
    except pl.exceptions.PolarsError:
        return False
    return True


def _int96(values: Any, first_day: int) -> Landed:
    """Moments of INT96 in microseconds; those that have more, or lie outside, are wrong."""
    whole = values.combine_chunks()
    parts = whole.flatten()
    us, ms, ns = (pl.Series(part.cast(pa.int64())) for part in parts)
    first, end = (day * _DAY_SECONDS * 1_000_000 for day in (first_day, _LAST_DAY + 1))
    is_outside = ((us // 1_000 != ms) | (us < first) | (us >= end)).fill_null(value=False)
    is_near = (us > -_NS_RANGE) & (us < _NS_RANGE)
    is_wrong = is_outside | (is_near & (us * 1_000 != ns)).fill_null(value=False)
    places = is_wrong.arg_true()
    texts = int96_texts(whole.take(places.to_arrow()))
    kept = pl.Series(parts[0]).set(is_wrong, None) if places.len() else pl.Series(parts[0])
    is_far = is_outside.gather(places)
    wrong = {
        at: Wrong(str(text), _outside(text) if far else _FINER)
        for at, text, far in zip(places, texts, is_far, strict=True)
    }
    return Landed(kept, wrong)


def _list(values: Any, item: Column) -> Landed:
    """Lists whose items are values for a column."""
    lengths, flat = listed(values)
    found = landed(_chunked([flat]), item)
    starts = list(accumulate((length or 0 for length in lengths), initial=0))
    lists = pa.LargeListArray.from_arrays(
        pa.array(starts, pa.int64()), found.values.to_arrow(), mask=values.is_null()
    )
    wrong = {bisect_right(starts, at) - 1: fault for at, fault in found.wrong.items()}
    return Landed(pl.Series(lists), wrong)
