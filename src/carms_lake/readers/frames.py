"""What readers share about frames: null values, typed cells as text, bounded memory."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from carms_lake.names import SRC_EXTRA, SRC_ROW_NUMBER
from carms_lake.readers.text import shown
from carms_lake.records import CHUNK, Chunk, ParsedRows, RawTexts, ReasonCode


class ErrorCell(NamedTuple):
    """A cell of a workbook without a value: an error, or a formula that nothing has computed."""

    text: str
    """`#DIV/0!`; of a formula what it is, after `=`."""


EXACT_INTEGERS = 2**53
"""Up to here a float holds every whole number."""


def number_text(number: float | Decimal) -> str:
    """All digits of a number and no exponent; a whole number has no decimal point.

    >>> number_text(27447.0), number_text(0.1), number_text(1e-7), number_text(Decimal("1.10"))
    ('27447', '0.1', '0.0000001', '1.10')
    """
    if isinstance(number, int):
        return str(number)
    if isinstance(number, float):
        if number.is_integer() and abs(number) <= EXACT_INTEGERS:
            return str(int(number))
        # The shortest digits that give the same float; a decimal writes them without exponent.
        number = Decimal(repr(number))
        if number == number.to_integral_value():
            return format(number, "f").split(".")[0]
    return format(number, "f")


def cell_text(value: Any, *, is_date: bool = False) -> str:
    """A typed value as text; with `is_date` a midnight is the day that it begins.

    A time may have more than 24 hours, as spreadsheets show it: `30:00:00`.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return number_text(value)
    if isinstance(value, dt.datetime):
        is_midnight = value.time() == dt.time()
        return value.date().isoformat() if is_date and is_midnight else value.isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value.text if isinstance(value, ErrorCell) else _clock(value)


def _clock(value: Any) -> str:
    if not isinstance(value, dt.timedelta):
        return str(value)
    seconds = abs(value) // dt.timedelta(seconds=1)
    sign = "-" if value < dt.timedelta() else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


MALFORMED_SCHEMA = pl.Schema(
    {
        SRC_ROW_NUMBER: pl.Int64(),
        "raw_record": pl.String(),
        "code": pl.String(),
        "column": pl.String(),
        "value": pl.String(),
        "message": pl.String(),
    }
)

KEPT_BYTES = 128 << 20
"""Chunks of a file up to this size stay in memory; a larger file is read twice."""


class Fault(NamedTuple):
    """One record that cannot be parsed."""

    row_number: int
    raw_record: str
    code: ReasonCode
    message: str
    column: str | None = None
    value: str | None = None


def malformed_frame(faults: Iterable[Fault]) -> pl.DataFrame:
    """One row per record that cannot be parsed."""
    return pl.DataFrame(
        [(f.row_number, f.raw_record, str(f.code), f.column, f.value, f.message) for f in faults],
        schema=MALFORMED_SCHEMA,
        orient="row",
    )


def text_frame(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> pl.DataFrame:
    """Rows with their numbers, all columns text; a value that a row lacks is null."""
    schema = pl.Schema({SRC_ROW_NUMBER: pl.Int64(), **dict.fromkeys(names, pl.String())})
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema)


def without_null_values(
    name: str, null_values: Sequence[str], *, is_trimmed: bool = False
) -> pl.Expr:
    """The text of a column, null if it is one of the contract's null values."""
    text = pl.col(name).str.strip_chars() if is_trimmed else pl.col(name)
    if not null_values:
        return text
    # Comparing with one value is faster than looking it up in a list of one.
    if len(null_values) == 1:
        return pl.when(text != null_values[0]).then(text).alias(name)
    return pl.when(~text.is_in(list(null_values))).then(text).alias(name)


def extra_values(values: Sequence[pl.Expr]) -> pl.Expr:
    """The values of columns that the contract does not know, as one JSON object, or null."""
    has_value = pl.any_horizontal([value.is_not_null() for value in values])
    return pl.when(has_value).then(pl.struct(values).struct.json_encode()).alias(SRC_EXTRA)


@dataclass(frozen=True)
class RawLines:
    """Raw records, kept one by one."""

    by_number: Mapping[int, bytes]
    encoding: str = "utf-8"

    def __call__(self, row_numbers: Sequence[int]) -> dict[int, str]:
        """The text of these records, as far as the chunk has them, by number."""
        held = self.by_number
        return {n: shown(held[n], self.encoding) for n in row_numbers if n in held}


class Frames(NamedTuple):
    """The content of a chunk that was parsed as it was read."""

    rows: pl.DataFrame
    malformed: pl.DataFrame
    raw: RawTexts


def parsed_chunk(rows: pl.DataFrame, malformed: pl.DataFrame, records: int, raw: RawTexts) -> Chunk:
    """A chunk that is parsed as it is read; see `ParsedRows` for the columns, without `CHUNK`."""
    kind = ("frames", *rows.schema.items())
    return Chunk(records, Frames(rows, malformed, raw), kind)


def parse_chunks(chunks: Sequence[Chunk]) -> ParsedRows:
    """The rows of chunks that are parsed already, one behind the other."""
    found: list[Frames] = [chunk.content for chunk in chunks]
    return ParsedRows(
        _concat([frames.rows for frames in found]),
        _concat([frames.malformed for frames in found]),
        [frames.raw for frames in found],
    )


def _concat(of_chunks: list[pl.DataFrame]) -> pl.DataFrame:
    numbers = (pl.lit(number, pl.UInt32).alias(CHUNK) for number in range(len(of_chunks)))
    return pl.concat([frame.with_columns(n) for frame, n in zip(of_chunks, numbers, strict=True)])


def chunk_numbers(counts: Sequence[int]) -> pl.Series:
    """0 as often as the first count says, then 1 ...: the column `CHUNK`."""
    numbers = pl.int_range(len(counts), dtype=pl.UInt32, eager=True)
    repeated = numbers.repeat_by(pl.Series(counts, dtype=pl.UInt32))
    return repeated.explode(empty_as_null=False).alias(CHUNK)


class Gathered:
    """The parsed chunks of a file that must be read to its end before its columns are known.

    `read` is called a second time for a file that is too large to be kept.
    """

    def __init__(self, read: Callable[[], Iterator[Chunk]]) -> None:
        self._read = read
        self._kept: list[Chunk] | None = []
        self.records = 0
        self.malformed = 0
        size = 0.0
        for part in read():
            found: Frames = part.content
            self.records += part.records
            self.malformed += found.malformed.height
            size += found.rows.estimated_size() + found.malformed.estimated_size()
            if size > KEPT_BYTES:
                self._kept = None
            if self._kept is not None:
                self._kept.append(part)

    def parts(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """The chunks, in order, their rows with these columns only."""
        for part in self._read() if self._kept is None else self._kept:
            found: Frames = part.content
            rows = found.rows.select(SRC_ROW_NUMBER, *columns)
            yield parsed_chunk(rows, found.malformed, part.records, found.raw)
