"""Values of Arrow arrays as text and as JSON: every digit and every day, whatever their type."""

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from carms_lake.readers.json.text import Number

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_DAY_SECONDS = 86_400
_CYCLE_DAYS = 146_097
"""So many days, and 400 years, after which the calendar repeats."""
_MOST_YEAR = 9_999
_START = dt.date(2000, 1, 1)
_EPOCH = dt.date(1970, 1, 1)
_INFINITE = {2**31 - 1, 2**63 - 1}
"""How PostgreSQL and DuckDB write the infinite day and moment."""
_FEW = 1_000
"""So many values are cut out of their column one by one."""
_FLOATS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def simple(values: Any) -> Any:
    """The same values, without dictionary, runs and the types of other tools."""
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return pa.array([None if v is None else str(UUID(bytes=v)) for v in _bytes_of(values)])
        is_bool = kind.extension_name == "arrow.bool8"
        return simple(values.storage.cast(pa.bool_()) if is_bool else values.storage)
    if pa.types.is_dictionary(kind):
        return simple(values.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return simple(pc.run_end_decode(values))
    return values


def plain(values: Any) -> list[Any]:
    """What `json.text.dumped` takes: texts, numbers with their digits, lists, objects."""
    if isinstance(values, pa.ChunkedArray):
        return [value for chunk in values.chunks for value in plain(chunk)]
    if is_int96(values.type):
        return int96_texts(values)
    values = simple(values)
    kind = values.type
    if pa.types.is_struct(kind):
        return _objects(values)
    if pa.types.is_map(kind):
        return _maps(values)
    if is_listed(kind):
        return _lists(values)
    return _single(values)


def _single(values: Any) -> list[Any]:
    kind = values.type
    if pa.types.is_temporal(kind):
        return temporal_texts(values)
    if pa.types.is_decimal(kind):
        return [None if v is None else Number(format(v, "f")) for v in values.to_pylist()]
    if pa.types.is_floating(kind):
        texts = values.cast(pa.string()).to_pylist()
        return [None if t is None else _FLOATS.get(t) or Number(t) for t in texts]
    if is_bytes(kind):
        return [None if v is None else _shown(v) for v in _bytes_of(values)]
    if is_text(kind) and not is_valid(values):
        return plain(values.cast(pa.large_binary()))
    return list(values.to_pylist())  # texts, booleans, whole numbers


def taken(values: Any, places: Sequence[int]) -> list[Any]:
    """Some of the values, by position, as `plain` gives them."""
    if len(places) > _FEW:
        every = plain(values)
        return [every[place] for place in places]
    return [plain(values.slice(place, 1))[0] for place in places]


def is_listed(kind: Any) -> bool:
    """Whether values of a type are lists."""
    return any((
        pa.types.is_list(kind),
        pa.types.is_large_list(kind),
        pa.types.is_fixed_size_list(kind),
        pa.types.is_list_view(kind),
        pa.types.is_large_list_view(kind),
    ))  # fmt: skip


def is_variant(kind: Any) -> bool:
    """Whether values of a type are VARIANT, which has a binary form of its own."""
    names = [field.name for field in kind] if pa.types.is_struct(kind) else []
    return names[:2] == ["metadata", "value"] and is_bytes(kind.field(0).type)


def is_text(kind: Any) -> bool:
    """Whether values of a type are texts."""
    is_plain = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return bool(is_plain or pa.types.is_string_view(kind))


def is_valid(texts: Any) -> bool:
    """Whether texts are UTF-8, which not every program sees to."""
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def is_bytes(kind: Any) -> bool:
    """Whether values of a type are bytes."""
    return any((
        pa.types.is_binary(kind),
        pa.types.is_large_binary(kind),
        pa.types.is_binary_view(kind),
        pa.types.is_fixed_size_binary(kind),
    ))  # fmt: skip


def listed(values: Any) -> tuple[list[int | None], Any]:
    """How long each list is, and the items of all of them."""
    return pc.list_value_length(values).to_pylist(), values.flatten()


def temporal_texts(values: Any) -> list[str | None]:
    """Days, moments, times of day and durations in ISO 8601; years beyond 9999 with a sign."""
    kind = values.type
    if pa.types.is_interval(kind):
        return [
            None if v is None else _duration(v.nanoseconds, "ns", v.months, v.days)
            for v in values.to_pylist()
        ]
    write: Callable[[int], str]
    width = pa.int32() if kind.bit_width == 32 else pa.int64()  # noqa: PLR2004 - bits
    if pa.types.is_date32(kind):
        write = _day
    elif pa.types.is_date64(kind):
        write = lambda count: moment_text(count, "ms").partition("T")[0]  # noqa: E731
    elif pa.types.is_time(kind):
        write = lambda count: moment_text(count, kind.unit).partition("T")[2]  # noqa: E731
    elif pa.types.is_duration(kind):
        write = lambda count: _duration(count, kind.unit)  # noqa: E731
    else:
        zone = "Z" if kind.tz else ""
        write = lambda count: moment_text(count, kind.unit, zone)  # noqa: E731
    return [None if c is None else write(c) for c in values.cast(width).to_pylist()]


def moment_text(count: int, unit: str, zone: str = "") -> str:
    """A moment by its distance from 1970."""
    if abs(count) in _INFINITE:
        return "infinity" if count > 0 else "-infinity"
    seconds, rest = divmod(count, PER_SECOND[unit])
    days, second = divmod(seconds, _DAY_SECONDS)
    minute, second = divmod(second, 60)
    fraction = f".{rest:0{len(str(PER_SECOND[unit])) - 1}}".rstrip("0") if rest else ""
    return f"{_day(days)}T{minute // 60:02}:{minute % 60:02}:{second:02}{fraction}{zone}"


def _day(days: int) -> str:
    if abs(days) in _INFINITE:
        return "infinity" if days > 0 else "-infinity"
    cycles, rest = divmod(days - (_START - _EPOCH).days, _CYCLE_DAYS)
    day = _START + dt.timedelta(rest)
    year = day.year + 400 * cycles
    digits = f"{year:04}" if 0 <= year <= _MOST_YEAR else f"{year:+05}"
    return f"{digits}-{day.month:02}-{day.day:02}"


def _duration(count: int, unit: str, months: int = 0, days: int = 0) -> str:
    """A duration in ISO 8601: its months, days and seconds, each with its own sign."""
    seconds, rest = divmod(abs(count), PER_SECOND[unit])
    fraction = f".{rest:0{len(str(PER_SECOND[unit])) - 1}}".rstrip("0") if rest else ""
    sign = "-" if count < 0 else ""
    minutes, second = divmod(seconds, 60)
    times = [(f"{minutes // 60}", "H"), (f"{minutes % 60}", "M"), (f"{second}{fraction}", "S")]
    time = "".join(f"{sign}{text}{name}" for text, name in times if text != "0")
    day = "".join(f"{number}{name}" for number, name in ((months, "M"), (days, "D")) if number)
    return f"P{day}T{time}" if time else f"P{day or 'T0S'}"


def interval_texts(values: Any) -> list[str | None]:
    """Intervals as Parquet holds them: 12 bytes with months, days and milliseconds."""
    return [None if value is None else _interval(value) for value in values.to_pylist()]


def _interval(value: bytes) -> str:
    months, days, millis = (int.from_bytes(value[at : at + 4], "little") for at in (0, 4, 8))
    return _duration(millis, "ms", months, days)


_INT96 = ("\x00int96.us", "\x00int96.ms", "\x00int96.ns")


def int96(us: Any, ms: Any, ns: Any) -> Any:
    """A column of the old type INT96, read three times: it holds more than any one unit can."""
    arrays = [column.combine_chunks() for column in (us, ms, ns)]
    found = pa.StructArray.from_arrays(arrays, names=list(_INT96), mask=arrays[0].is_null())
    return pa.chunked_array([found])


def is_int96(kind: Any) -> bool:
    """Whether it is the type of a column that `int96` made."""
    return bool(pa.types.is_struct(kind)) and [field.name for field in kind] == list(_INT96)


def int96_texts(values: Any) -> list[str | None]:
    """The moments of such a column, with all that the file has of them."""
    counts = zip(*(part.cast(pa.int64()).to_pylist() for part in values.flatten()), strict=True)
    return [None if us is None else _int96_text(us, ms, ns) for us, ms, ns in counts]


def _int96_text(us: int, ms: int, ns: int) -> str:
    if us // 1_000 != ms:
        return moment_text(ms, "ms")
    return moment_text(ns, "ns") if ns // 1_000 == us else moment_text(us, "us")


def _bytes_of(values: Any) -> Sequence[bytes | None]:
    stored = values.storage if isinstance(values.type, pa.BaseExtensionType) else values
    found: list[bytes | None] = stored.to_pylist()
    return found


def _shown(value: bytes) -> str:
    """Bytes that are text as text; others as hexadecimal digits."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()


def _objects(values: Any) -> list[dict[str, Any] | None]:
    names = [field.name for field in values.type]
    columns = [plain(part) for part in values.flatten()]
    rows = zip(*columns, strict=True) if columns else ([()] * len(values))
    there = values.is_valid().to_pylist()
    return [
        dict(zip(names, row, strict=True)) if is_there else None
        for row, is_there in zip(rows, there, strict=True)
    ]


def _lists(values: Any) -> list[list[Any] | None]:
    lengths, flat = listed(values)
    items = plain(flat)
    ends = pairwise(accumulate((length or 0 for length in lengths), initial=0))
    return [
        None if length is None else items[start:end]
        for length, (start, end) in zip(lengths, ends, strict=True)
    ]


def _maps(values: Any) -> list[dict[str, Any] | None]:
    ends = values.offsets.to_pylist()
    first, count = ends[0], ends[-1] - ends[0]
    keys = [_key(key) for key in plain(values.keys.slice(first, count))]
    pairs = list(zip(keys, plain(values.items.slice(first, count)), strict=True))
    return [
        dict(pairs[start - first : end - first]) if is_there else None
        for (start, end), is_there in zip(
            pairwise(ends), values.is_valid().to_pylist(), strict=True
        )
    ]


def _key(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.text if isinstance(value, Number) else str(value)
