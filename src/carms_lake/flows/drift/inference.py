"""Which contract type the values of a column fit, and how similar two columns are."""

import math
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

import orjson
import polars as pl

from carms_lake.contract.change import joined
from carms_lake.contract.types import ColumnType
from carms_lake.quality.types import polars_type, typed

TOLERANCE = 0.01
"""Fewer nonconforming values than this share are faults of their records, not of the type."""

_WHOLE = r"^-?(0|[1-9]\d*)$"
"""A leading zero is part of an id: `007` is not a number."""
_FRACTION = r"^-?(0|[1-9]\d*)(\.\d+)?$"
_DIGITS = 18
_MAX_SCALE = 6
_LEAST_SCALE = 2
"""Money may be written as 1.5."""
_TYPES: dict[str, str] = {
    **dict.fromkeys(("Int8", "Int16", "UInt8"), "smallint"),
    **dict.fromkeys(("Int32", "UInt16"), "integer"),
    **dict.fromkeys(("Int64", "UInt32"), "bigint"),
    **dict.fromkeys(("Float32", "Float64"), "double"),
    "Boolean": "boolean",
    "Date": "date",
    "Binary": "blob",
}
_JSON_TRIED = 200


def cast_to(values: pl.Series, kind: ColumnType) -> pl.Series:
    """The values in a contract's type, as ingest would cast them; null if they do not conform."""
    # A header such as `*` is more than a name to the frame library.
    frame = values.alias("value").to_frame()
    try:
        found = frame.with_columns(typed("value", values.dtype, kind))["value"]
        return found.alias(values.name)
    except pl.exceptions.PolarsError:  # there is no cast between these types at all
        return pl.Series(values.name, [None] * values.len(), dtype=polars_type(kind))


def count_nonconforming(values: pl.Series, kind: ColumnType, not_text: int = 0) -> int:
    """How many values would be rejected if the contract's type were `kind`."""
    if kind.name == "varchar" and not_text:
        return not_text
    return int((values.is_not_null() & cast_to(values, kind).is_null()).sum())


def are_comparable(one: ColumnType, other: ColumnType) -> bool:
    """Whether limits, patterns and lists of values for one type make sense for the other."""
    alike = {"integer": "number", "timestamp": "date"}
    return len({alike.get(kind.logical, kind.logical) for kind in (one, other)}) == 1


def inferred_type(values: pl.Series) -> ColumnType:
    """The narrowest contract type that fits all values, but for few faults; never a smallint."""
    found = _of_dtype(values.dtype)
    if found is not None:
        return found
    texts = values.cast(pl.String, strict=False).drop_nulls()
    if not texts.len():
        return ColumnType("varchar")
    for kind, share in _candidates(texts):
        if share >= 1 - TOLERANCE and count_nonconforming(texts, kind) <= TOLERANCE * texts.len():
            return kind
    return ColumnType("varchar")


def widened_type(values: pl.Series, wanted: ColumnType, not_text: int = 0) -> ColumnType | None:
    """The narrowest type that fits these values and, if possible, those of the wanted type."""
    own = inferred_type(values)
    allowed = TOLERANCE * max(values.len() - values.null_count(), 1)
    kinds = (joined(wanted, own), own, ColumnType("varchar"))
    return next((k for k in kinds if count_nonconforming(values, k, not_text) <= allowed), None)


def _of_dtype(dtype: pl.DataType) -> ColumnType | None:
    """The type that a typed file declares; None where it must be inferred from texts."""
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
    """Types, the narrowest first, and the share of texts that are written like one."""
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
    try:
        for text in texts.head(_JSON_TRIED):
            orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return bool(texts.str.contains(r"^\s*[\[{]").all())


PSI_LIMIT = 0.25
_BINS = 10
_TOP_VALUES = 20
_CATEGORIES = 50
"""Texts with more distinct values are compared only if the most frequent ones cover half."""
_DISTINCT_KEPT = 10_000
_FEW_VALUES = 3
_WORD = 3
"""Few values without a word of so many letters are shared by chance: this counts half."""
_ANSWERS = frozenset(["yes", "true", "false", "oui", "non"])
_SHAPE_WEIGHT = 0.8


class Stability(NamedTuple):
    """A population stability index, and the limit above which it is significant."""

    psi: float
    limit: float


def stability(old: pl.Series, new: pl.Series) -> Stability | None:
    """The index of two columns of one type; None where it would mean nothing.

    That is for dates and timestamps, integers that go on counting, and texts that hardly repeat.
    """
    then, now = old.drop_nulls(), new.drop_nulls()
    if not then.len() or not now.len():
        return None
    counts = None
    if then.dtype.is_numeric():
        # Ids and counters have other values in every file, as they should.
        goes_on = (now > then.max()).all() or (now < then.min()).all()
        counts = None if goes_on and then.dtype.is_integer() else _binned(then, now)
    elif then.dtype in (pl.String, pl.Boolean):
        counts = _top(then.cast(pl.String), now.cast(pl.String))
    return _psi(*counts) if counts else None


def overlap(old: pl.Series, new: pl.Series) -> float:
    """From 0 to 1: the values that two columns of one type share, or the patterns of texts."""
    then, now = old.drop_nulls(), new.drop_nulls()
    if not then.len() or not now.len():
        return 0.0
    first, second = (
        set(values.cast(pl.String, strict=False).unique(maintain_order=True).head(_DISTINCT_KEPT))
        for values in (then, now)
    )
    fewest = min(len(first), len(second))
    shared = len(first & second) / fewest
    # `yes` and `no`, or 0 and 1, are in many columns that have nothing to do with each other.
    if fewest <= _FEW_VALUES and not any(_is_word(value) for value in first & second):
        return 0.5 * shared
    found = stability(then, now)
    alike = math.exp(-found.psi) if found else None
    if alike is not None and fewest <= _CATEGORIES:
        return (shared + alike) / 2
    if then.dtype == pl.String:
        # How much of both is written in the same patterns.
        patterns, others = _patterns(then), _patterns(now)
        same = sum(min(share, others.get(pattern, 0.0)) for pattern, share in patterns.items())
        return max(shared, _SHAPE_WEIGHT * same)
    return max(shared, alike or 0.0)


def name_similarity(one: str, other: str) -> float:
    """From 0 to 1: how similar two names are, whatever their case and what joins their words.

    >>> name_similarity("customer_id", "Customer Id"), round(name_similarity("qty", "colour"), 1)
    (1.0, 0.0)
    """
    first, second = (
        " ".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())
        for name in (one, other)
    )
    straight = SequenceMatcher(None, first, second, autojunk=False).ratio()
    # Words may have changed places: `date_order` and `order_date` are one name.
    words = (" ".join(sorted(first.split())), " ".join(sorted(second.split())))
    return max(straight, SequenceMatcher(None, *words, autojunk=False).ratio())


def _is_word(value: str) -> bool:
    return len(value) >= _WORD and value.isalpha() and value.casefold() not in _ANSWERS


def _binned(then: pl.Series, now: pl.Series) -> tuple[list[int], list[int]]:
    first, second = then.cast(pl.Float64), now.cast(pl.Float64)
    cuts = {first.quantile(at / _BINS, "lower") for at in range(1, _BINS)}
    edges = [-math.inf, *sorted(cut for cut in cuts if cut is not None), math.inf]
    old, new = (
        [int(((values > low) & (values <= high)).sum()) for low, high in pairwise(edges)]
        for values in (first, second)
    )
    return old, new


def _top(then: pl.Series, now: pl.Series) -> tuple[list[int], list[int]] | None:
    counts = then.alias("value").value_counts().sort("count", "value", descending=[True, False])
    top = counts.head(_TOP_VALUES)
    covered = int(top["count"].sum())
    if counts.height > _CATEGORIES and covered * 2 < then.len():
        return None
    here = dict(now.alias("value").value_counts().iter_rows())
    found = [int(here.get(value, 0)) for value in top["value"]]
    return [*top["count"], then.len() - covered], [*found, now.len() - sum(found)]


def _psi(old: list[int], new: list[int]) -> Stability:
    bins, n, m = len(old), sum(old), sum(new)
    total = 0.0
    for then, now in zip(old, new, strict=True):
        # Half a row more in every bin: an empty one would make the index infinite.
        p, q = (then + 0.5) / (n + 0.5 * bins), (now + 0.5) / (m + 0.5 * bins)
        total += (p - q) * math.log(p / q)
    chance = (1 / n + 1 / m) * ((bins - 1) + 3 * math.sqrt(2 * (bins - 1)))
    return Stability(total, max(PSI_LIMIT, chance))


def _patterns(texts: pl.Series) -> dict[str, float]:
    """The shares of patterns such as `a-9`; plain words have none."""
    found = texts.head(_DISTINCT_KEPT).str.replace_all(r"\p{L}+", "a").str.replace_all(r"\d+", "9")
    shares = found.alias("pattern").value_counts(normalize=True, name="share")
    return {text: share for text, share in shares.iter_rows() if text.replace("a", "").strip()}
