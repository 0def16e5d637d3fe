"""What the columns of a file are: type, spelling, nulls, pattern, each with its evidence."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from carms_lake.contract.types import ColumnType
from carms_lake.flows.drift.inference import TOLERANCE, count_nonconforming, inferred_type
from carms_lake.flows.drift.proposal import column_name
from carms_lake.flows.scaffold.spelled import TRIED, reading_of, shown, usual_mark
from carms_lake.flows.scaffold.table import Table, escaped
from carms_lake.names import AUDIT_COLUMNS, DELIVERY_COLUMNS, SRC_EXTRA, SRC_REPAIR

_NULLS = frozenset([
    "na", "n/a", "null", "nan", "none", "-", "--", ".", "#n/a", "#null!", "nil", "(null)", "\\n",
])  # fmt: skip
_MONEY_SCALE = 4
_MOST_DECIMAL = 10.0**38
_TYPED = (pl.Boolean, pl.Date, pl.Datetime, pl.Binary)
_DIGITS = 18
_EXACT_DIGITS = 15
_DISTINCT_SHOWN = 6
_PATTERN_VALUES = 5
_PATTERN_RUNS = 12
_TAKEN = (*AUDIT_COLUMNS, *DELIVERY_COLUMNS, SRC_EXTRA, SRC_REPAIR)


@dataclass
class Column:
    """A column as a contract describes it."""

    name: str
    header: str
    type: ColumnType
    values: pl.Series
    """As they are in the file; null where a value is missing."""
    keys: dict[str, Any] = field(default_factory=dict)
    """Custom properties."""
    pattern: str = ""
    evidence: list[str] = field(default_factory=list)

    @property
    def required(self) -> bool:
        """Whether no value is missing; without a record nobody knows."""
        return self.values.len() > 0 and not self.values.null_count()

    @property
    def is_distinct(self) -> bool:
        """Whether no value is missing or occurs twice."""
        return self.required and self.values.n_unique() == self.values.len()


def columns_of(table: Table) -> list[Column]:
    """The columns of a file, in its order; words for a missing value go to the table's keys."""
    taken = list(_TAKEN)
    names = {}
    for header in table.columns:
        names[header] = column_name(header, taken)
        taken.append(names[header])
    mark = usual_mark(table)
    words = _null_words(table)
    if words:
        table.say("nullValues", ["", *words], "written where a number or a date is missing")
    found = []
    for header, values in table.columns.items():
        present = _without(values, words)
        if present.dtype.is_float():
            present = present.fill_nan(None)
        column = Column(names[header], header, ColumnType("varchar"), present)
        _infer(column, table, mark)
        tell(column, table)
        found.append(column)
    return found


def _infer(column: Column, table: Table, mark: str) -> None:
    """The type, and how values of it are spelled."""
    values = column.values
    if values.dtype != pl.String:
        column.type = _typed(values, file_format=table.format)
        return
    texts = values.drop_nulls()
    if not texts.len():
        column.evidence.append("no value to tell the type from")
        return
    mixed = table.mixed.get(column.header, 0)
    if mixed:
        column.type = ColumnType("json") if table.format in ("json", "jsonl") else column.type
        column.evidence.append(f"{mixed:,} of them are not text: types are mixed")
        return
    kind = inferred_type(texts.str.strip_chars())
    if table.format in ("json", "jsonl") and kind.logical not in ("date", "timestamp"):
        kind = ColumnType("json" if kind.name == "json" else "varchar")
    elif kind.name == "double" and _is_no_measure(texts):
        kind = ColumnType("varchar")
    column.type = kind
    if kind.name == "varchar" or (kind.logical == "number" and mark == ","):
        is_json = table.format in ("json", "jsonl")
        reading = reading_of(texts.str.strip_chars(), mark, are_numbers=not is_json)
        column.type, column.keys = reading.type or kind, reading.keys
        if reading.doubt:
            column.evidence.append(reading.doubt)
    if column.type.name == "varchar":
        column.pattern = _pattern(texts)


def _typed(values: pl.Series, *, file_format: str) -> ColumnType:
    """The type of a column whose file has types; numbers with few decimals are money."""
    dtype, present = values.dtype, values.drop_nulls()
    if dtype.is_nested():
        return ColumnType("json")
    if not (dtype.is_numeric() or dtype in _TYPED):
        return ColumnType("varchar")
    kind = inferred_type(values)
    if not present.len():
        return kind
    if dtype == pl.Datetime and file_format == "xlsx" and (present.dt.time() == dt.time()).all():
        kind = ColumnType("date")  # a workbook has no other dates
    elif dtype == pl.Float64:
        scale = max(map(_scale, present.unique()), default=0)
        largest = max(map(abs, present), default=0.0)
        is_json = file_format in ("json", "jsonl")
        if is_json and 1 << 63 <= largest < _MOST_DECIMAL:  # orjson has no other number for these
            kind = ColumnType("decimal", 38, 0)
        elif scale <= _MONEY_SCALE and largest < 10 ** (_DIGITS - _MONEY_SCALE):
            kind = ColumnType("decimal", _DIGITS, max(scale, 2))
    return kind


def _scale(value: float) -> int:
    text = repr(value)
    return 99 if "e" in text or "n" in text else len(text.partition(".")[2].rstrip("0"))


def _is_no_measure(texts: pl.Series) -> bool:
    """Whether numbers are rather names: with a plus in front, or with more digits than count."""
    plus = texts.str.starts_with("+").any()
    is_long = (texts.str.replace_all(r"\D", "").str.len_chars() > _EXACT_DIGITS).any()
    return bool(plus) or (is_long and not texts.str.contains(r"[.eE]").any())


def _null_words(table: Table) -> list[str]:
    """Words in the place of a missing number or date; none that another column has as text."""
    found: dict[str, None] = {}
    kept: set[str] = set()
    for values in table.columns.values():
        if values.dtype != pl.String:
            continue
        texts = values.drop_nulls()
        words = [t for t in texts.unique(maintain_order=True).head(200) if t.lower() in _NULLS]
        others = texts.filter(~texts.is_in(words)) if words else texts
        is_number = others.len() and others.str.contains(r"^[-+]?\d[\d.,:/' TZ-]*$").mean() == 1.0
        if is_number:
            found |= dict.fromkeys(words)
        else:
            kept |= set(words)
    return [word for word in found if word not in kept]


def _without(values: pl.Series, words: Sequence[str]) -> pl.Series:
    if values.dtype != pl.String or not words:
        return values
    return values.to_frame("v").select(
        pl.when(pl.col("v").is_in(words)).then(None).otherwise(pl.col("v")).alias(values.name)
    )[values.name]


def _pattern(texts: pl.Series) -> str:
    """The pattern of ids such as `A-0012`; none for words, and none of few values."""
    found = texts.unique().head(TRIED).to_list()
    is_id = all(re.search(r"\d", text) and " " not in text for text in found)
    if len(found) < _PATTERN_VALUES or not is_id:
        return ""
    shapes = {tuple(_runs(text)) for text in found[:2000]}
    kinds = {tuple(kind for kind, _ in shape) for shape in shapes}
    if len(kinds) != 1 or len(next(iter(kinds))) > _PATTERN_RUNS:
        return ""
    parts = []
    for at, kind in enumerate(next(iter(kinds))):
        lengths = {shape[at][1] for shape in shapes}
        one = {"d": r"\d", "U": "[A-Z]", "l": "[a-z]"}.get(kind, escaped(kind))
        few, many = min(lengths), max(lengths)
        times = "" if few == many == 1 else f"{{{few}}}" if few == many else "+"
        parts.append(one + times)
    pattern = f"^{''.join(parts)}$"
    return pattern if all(re.fullmatch(pattern, text) for text in found) else ""


def _runs(text: str) -> Iterator[tuple[str, int]]:
    """The runs of digits, capitals, small letters and each other character, with their lengths."""
    for run in re.finditer(r"[0-9]+|[A-Z]+|[a-z]+|.", text, re.DOTALL):
        one = run[0]
        kind = "d" if one[0] in "0123456789" else "U" if "A" <= one[0] <= "Z" else "l"
        is_run = one[0].isascii() and one[0].isalnum()
        yield (kind, len(one)) if is_run else (one, 1)


def tell(column: Column, table: Table) -> None:
    """The evidence: missing and distinct values, the range, and values that do not fit."""
    values, count = column.values, column.values.len()
    missing = values.null_count()
    of = f"{count:,}" if table.is_whole else f"the first {count:,}"
    told = [f"{missing:,} of {of} values are missing"]
    present = values.drop_nulls()
    if present.len() and not values.dtype.is_nested():
        distinct = present.n_unique()
        told.append("all distinct" if distinct == present.len() else f"{distinct:,} distinct")
        if values.dtype.is_numeric() or values.dtype in (pl.Date, pl.Datetime):
            told.append(f"from {shown(present.min())} to {shown(present.max())}")
        elif column.type.name == "varchar" and distinct <= _DISTINCT_SHOWN < present.len():
            told.append(", ".join(f"`{shown(v)}`" for v in present.unique().sort()))
    if values.dtype == pl.String and not column.keys and column.type.name != "varchar":
        wrong = count_nonconforming(values.str.strip_chars(), column.type)
        if wrong:
            told.append(f"{wrong:,} are not of this type, under {TOLERANCE:.0%}: they are rejected")
    column.evidence.insert(0, "; ".join(told))


def key_of(columns: Sequence[Column]) -> tuple[str, ...]:
    """The columns that tell the rows apart: one that is named like an id, the first one, or two."""
    able = [
        c
        for c in columns
        if c.required
        and (c.type.name in ("varchar", "integer", "bigint") or c.type.logical == "date")
        and not c.values.dtype.is_nested()
    ]
    named = [c for c in able if _is_id(c.name)]
    rest = [c for c in able if c is columns[0] and c not in named and c.type.logical != "date"]
    for column in (*named, *rest):
        if column.is_distinct:
            return (column.name,)
    for one in (*named, *rest):
        for other in able:
            if other is one:
                continue
            pair = pl.DataFrame({"a": one.values, "b": other.values})
            if pair.n_unique() == pair.height:
                return tuple(c.name for c in columns if c in (one, other))
    return ()


def _is_id(name: str) -> bool:
    words = name.split("_")
    ends = {"id", "key", "code", "no", "nr", "number", "sku", "uuid", "guid", "isbn", "ean", "ref"}
    return bool({words[0], words[-1]} & ends) or words[-1].endswith("id") or name.endswith("nummer")
