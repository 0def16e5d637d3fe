"""A sample of a file's records that is the same every time, as rows and as JSON objects."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import polars as pl

from carms_lake import readers
from carms_lake.contract.model import Column, NewColumns
from carms_lake.contract.types import ColumnType
from carms_lake.errors import SourceRefused
from carms_lake.readers.content import blocks, ensure_unchanged
from carms_lake.readers.faults import looks_like
from carms_lake.readers.frames import cell_text
from carms_lake.readers.header import spec_of
from carms_lake.readers.json_values import LINE
from carms_lake.readers.text import as_utf8, encoding_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile


HEAD_RECORDS = 1_000
"""The first records of a file, all of them; few, since many files are sorted."""
SPREAD_RECORDS = 100_000
"""About this many more at most, from the whole of it."""

_GOLDEN = 2_654_435_769
"""2**32 divided by the golden ratio: its multiples fall evenly, and never in a short cycle."""
_RANGE = 1 << 32
_WRAP = 1 << 31

_INDEX = "\x00index"


class Sampler:
    """Takes rows as they come and keeps few of them."""

    def __init__(self) -> None:
        self.rows = 0
        self._stride = 1
        self._kept: list[pl.DataFrame] = []
        self._held = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Take the next rows."""
        numbered = rows.with_columns(
            pl.int_range(self.rows, self.rows + rows.height, dtype=pl.Int64).alias(_INDEX)
        )
        self.rows += rows.height
        self._keep(numbered)
        while self._held > HEAD_RECORDS + 2 * SPREAD_RECORDS:
            self._stride *= 2
            kept, self._kept, self._held = self._kept, [], 0
            for frame in kept:
                self._keep(frame)

    def sample(self, empty: pl.DataFrame) -> pl.DataFrame:
        """The rows that are kept, in order; `empty` where there was none."""
        if not self._kept:
            return empty
        stride = stride_of(self.rows)
        whole = pl.concat(self._kept, how="vertical_relaxed").filter(_is_kept(stride))
        return whole.drop(_INDEX)

    @staticmethod
    def places(rows: int) -> list[int]:
        """Which of that many rows are kept, counted from 0."""
        limit = _RANGE // stride_of(rows)
        return [
            at for at in range(rows) if at < HEAD_RECORDS or at % _WRAP * _GOLDEN % _RANGE < limit
        ]

    def _keep(self, frame: pl.DataFrame) -> None:
        kept = frame.filter(_is_kept(self._stride))
        self._kept.append(kept)
        self._held += kept.height


def is_spread(index: pl.Expr, stride: int) -> pl.Expr:
    """Whether a record is one of the spread, by its number; one in `stride` is."""
    return index % _WRAP * _GOLDEN % _RANGE < _RANGE // stride


def stride_of(rows: int) -> int:
    """One record in how many is kept of so many; a power of two, so that fewer are some of more."""
    stride = 1
    while rows > HEAD_RECORDS + SPREAD_RECORDS * stride:
        stride *= 2
    return stride


def _is_kept(stride: int) -> pl.Expr:
    index = pl.col(_INDEX)
    return (index < HEAD_RECORDS) | is_spread(index, stride)


_INT64 = 1 << 63


class Cells(NamedTuple):
    """A column."""

    series: pl.Series
    not_text: int = 0
    """How many values of a column of text are none."""


def cells_of(values: list[Any]) -> Cells:
    """The values as a column; None is null, objects and arrays are JSON text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str}:
        return Cells(pl.Series(values, dtype=pl.String))
    if kinds == {bool}:
        return Cells(pl.Series(values, dtype=pl.Boolean))
    if kinds <= {int, float}:
        return Cells(_numbers(values))
    if kinds == {dt.date}:
        return Cells(pl.Series(values, dtype=pl.Date))
    if kinds <= {dt.date, dt.datetime}:
        return Cells(pl.Series(map(_moment, values), dtype=pl.Datetime("us")))
    texts = [None if value is None else _text(value) for value in values]
    plain = sum(value is not None and not isinstance(value, str | dict | list) for value in values)
    return Cells(pl.Series(texts, dtype=pl.String), plain)


def _numbers(values: list[Any]) -> pl.Series:
    """Whole numbers where all are whole: workbooks know no other numbers than floats."""
    is_whole = all(
        value is None or (float(value).is_integer() and abs(value) < _INT64) for value in values
    )
    if is_whole:
        whole = [None if value is None else int(value) for value in values]
        return pl.Series(whole, dtype=pl.Int64)
    return pl.Series([None if v is None else float(v) for v in values], dtype=pl.Float64)


def _moment(value: Any) -> dt.datetime | None:
    if value is None or isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time())


def _text(value: Any) -> str:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else cell_text(value)


_LEVELS = 8
"""Objects nested deeper stay one value."""


def json_rows(
    source: SourceFile, contract: Contract, most: int | None = None
) -> tuple[list[dict[str, Any]], int, int]:
    """A sample of the objects, how many records there are, and how many are no objects.

    With `most`, of the first so many lines of JSON lines, and of those that are read with them.

    Raises:
        SourceRefused: the file is no JSON of its contract's kind.
    """
    if (source.format or spec_of(contract).formats[0]) == "jsonl":
        return _lines(source, contract, most)
    elements = _elements(source, contract)
    chosen = [elements[at] for at in Sampler.places(len(elements))]
    objects = [element for element in chosen if isinstance(element, dict)]
    return objects, len(elements), sum(not isinstance(e, dict) for e in elements)


def parsed_objects(texts: Iterable[str | None]) -> list[dict[str, Any]]:
    """The objects among JSON texts."""
    found = (orjson.loads(text) for text in texts if text is not None)
    return [document for document in found if isinstance(document, dict)]


def flattened(
    document: dict[str, Any], leaves: Collection[str], prefix: str = "", level: int = 1
) -> dict[str, Any]:
    """The values by dotted path; an object stays whole under the paths in `leaves`.

    >>> flattened({"a": {"b": 1}, "c": {"d": 2}}, {"c"})
    {'a.b': 1, 'c': {'d': 2}}
    """
    values: dict[str, Any] = {}
    for key, value in document.items():
        path = prefix + key
        if isinstance(value, dict) and value and path not in leaves and level < _LEVELS:
            values |= flattened(value, leaves, f"{path}.", level + 1)
        else:
            values[path] = value
    return values


def _lines(
    source: SourceFile, contract: Contract, most: int | None
) -> tuple[list[dict[str, Any]], int, int]:
    line = Column("line", ColumnType("json"), LINE)
    own = replace(spec_of(contract), new_columns=NewColumns.REFUSE, drop_columns=())
    batch = readers.read(source, replace(contract, columns=(line,), source=own))
    sampler = Sampler()
    malformed = 0
    for part in batch.chunks:
        laid = readers.parse_chunks([part])
        malformed += laid.malformed.height
        sampler.add(laid.rows.select("line"))
        if most is not None and sampler.rows >= most:
            break
    sample = sampler.sample(pl.DataFrame(schema={"line": pl.String}))
    return parsed_objects(sample["line"]), sampler.rows + malformed, malformed


def _elements(source: SourceFile, contract: Contract) -> list[Any]:
    ensure_unchanged(source)
    data = b"".join(as_utf8(blocks(source), encoding_of(contract)))
    ensure_unchanged(source)
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise SourceRefused(
            "UNREADABLE" if data.strip() else "EMPTY_FILE",
            f"`{source.name}` is no JSON: it holds {looks_like(data[:200])}; line {error.lineno}, "
            f"column {error.colno}: {error.msg}",
            "the file may be cut off or damaged; send it again",
        ) from error
    if not isinstance(document, list):
        raise SourceRefused(
            "WRONG_FORMAT",
            f"`{source.name}` holds one JSON value, not an array",
            "put the objects into one array: [{...}, {...}]",
        )
    return document
