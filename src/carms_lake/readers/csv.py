"""Delimited text in the contract's dialect; `src_row_number` counts records after the header.

Well-formed UTF-8 files on disk take the fast path: one pass proves that every record has the
header's fields (`csv_records`), then Polars scans the file, lazily, with its own row numbers.
Polars alone cannot be trusted: it takes blank lines for rows, and one bad byte or quote fails the
whole file. All other files take the repair path: pieces that are clean go to Polars as they are,
the records of the others are judged one by one, the good ones go to Polars in clean form, and the
others are set aside. So Polars sees nothing but clean bytes. The repair path holds the number of
rows that it gives against the number counted on the bytes; on the fast path `Batch.records` has
that number, for whoever collects the rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from carms_lake.errors import SourceRefused
from carms_lake.names import SRC_ROW_NUMBER
from carms_lake.readers.content import is_packed
from carms_lake.readers.csv_header import Opened, grammar_of, no_csv, opened_at_header
from carms_lake.readers.csv_records import Grammar, Piece, RecordTooLong, pieces, records
from carms_lake.readers.frames import (
    Fault,
    Part,
    gathered,
    malformed_frame,
    text_schema,
    without_null_values,
)
from carms_lake.readers.header import Layout, lay_out, spec_of
from carms_lake.readers.signature import binary_kind
from carms_lake.readers.text import BOM, encoding_of, is_utf8, shown
from carms_lake.records import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carms_lake.contract.model import Contract, SourceSpec
    from carms_lake.records import SourceFile


class _Csv(NamedTuple):
    """How one file is read."""

    source: SourceFile
    spec: SourceSpec
    rules: Grammar
    encoding: str
    layout: Layout


def read(source: SourceFile, contract: Contract) -> Batch:
    """The records of a delimited file, all columns text.

    Raises:
        SourceRefused: a fault of the header or of the whole file.
        ContractError: the contract's dialect cannot be read.
    """
    opened = opened_at_header(source, contract)
    file = _csv(source, contract, opened)
    names = [name for name, _ in file.layout.positions]
    clean = _clean_records(file, opened)
    if clean is not None:
        rows = _scan(file)
        return Batch(source, rows, malformed_frame(()), file.layout.notes, clean)
    found = gathered(lambda: _parts(file, contract), text_schema(names))
    return Batch(source, found.rows, found.malformed, file.layout.notes, found.records)


def raw_records(
    source: SourceFile, contract: Contract, row_numbers: Sequence[int]
) -> dict[int, str]:
    """The text of some records as it stands in the file.

    Raises:
        SourceRefused: the file cannot be read any more.
    """
    opened = opened_at_header(source, contract)
    file = _csv(source, contract, opened)
    wanted = set(row_numbers)
    texts: dict[int, str] = {}
    for piece in _pieces(file, opened.rest):
        here = wanted.intersection(range(piece.first, piece.first + piece.records))
        if here:
            for record in records(piece, file.rules, file.layout.width):
                if record.number in here:
                    texts[record.number] = shown(record.raw, file.encoding)
        if len(texts) == len(wanted):
            break
    return texts


def _csv(source: SourceFile, contract: Contract, opened: Opened) -> _Csv:
    try:
        layout = lay_out(opened.found, contract, f"`{source.name}`, line 1")
    except SourceRefused as error:
        if binary_kind(opened.start):
            raise no_csv(source, opened.start) from error
        raise
    return _Csv(source, spec_of(contract), grammar_of(contract), encoding_of(contract), layout)


def _clean_records(file: _Csv, opened: Opened) -> int | None:
    """How many records the file has, where Polars can be trusted with all of it; else None."""
    # Polars skips the header as one physical line.
    is_one_line = opened.header.count(b"\n") == 1 and b"\r" not in opened.header.replace(
        b"\r\n", b"\n"
    )
    if is_packed(file.source) or not is_utf8(file.encoding) or not is_one_line:
        return None
    count = 0
    for piece in _pieces(file, opened.rest):
        # Polars would take a byte order mark in front of the first record away from its first cell.
        if not piece.is_clean or (piece.first == 1 and piece.raw.startswith(BOM)):
            return None
        count += piece.records
    return count


def _pieces(file: _Csv, rest: Iterator[bytes]) -> Iterator[Piece]:
    try:
        yield from pieces(rest, file.rules, file.layout.width)
    except RecordTooLong as error:
        raise SourceRefused(
            "TOO_LARGE",
            f"`{file.source.name}`, record {error.args[0]} does not end within 256 MiB",
            "look for a quote that is opened there and never closed",
        ) from None


def _scan(file: _Csv) -> pl.LazyFrame:
    frame = pl.scan_csv(
        file.source.path,
        has_header=False,
        skip_lines=1,
        schema=_positions(file),
        separator=file.spec.delimiter,
        quote_char=file.spec.quote,
        empty_string_is_null=False,
        raise_if_empty=False,
        row_index_name=SRC_ROW_NUMBER,
        row_index_offset=1,
        glob=False,
    )
    return frame.select(pl.col(SRC_ROW_NUMBER).cast(pl.Int64), *_columns(file))


def _positions(file: _Csv) -> dict[str, pl.DataType]:
    return {str(position): pl.String() for position in range(file.layout.width)}


def _columns(file: _Csv) -> list[pl.Expr]:
    return [
        without_null_values(str(position), file.spec.null_values).alias(name)
        for name, position in file.layout.positions
    ]


def _parts(file: _Csv, contract: Contract) -> Iterator[Part]:
    for piece in _pieces(file, opened_at_header(file.source, contract).rest):
        if piece.is_clean:
            numbers: Sequence[int] = range(piece.first, piece.first + piece.records)
            yield Part(_frame(file, piece.raw, numbers), ())
            continue
        good, faults = [], []
        for record in records(piece, file.rules, file.layout.width):
            if record.code is None:
                good.append((record.number, record.laid_out))
                continue
            faults.append(
                Fault(
                    record.number,
                    shown(record.raw, file.encoding),
                    record.code,
                    f"record {record.number}: {record.fault}",
                )
            )
        text = b"\n".join(line for _, line in good)
        yield Part(_frame(file, text, [number for number, _ in good]), faults)


def _frame(file: _Csv, text: bytes, numbers: Sequence[int]) -> pl.DataFrame:
    schema = text_schema([name for name, _ in file.layout.positions])
    if not numbers:
        return pl.DataFrame(schema=schema)
    frame = pl.read_csv(
        _without_mark_in_front(text, file.rules),
        has_header=False,
        schema=_positions(file),
        separator=file.spec.delimiter,
        quote_char=file.spec.quote,
        empty_string_is_null=False,
    )
    if frame.height != len(numbers):
        raise SourceRefused(
            "UNREADABLE",
            f"`{file.source.name}`: {len(numbers)} records from record {numbers[0]} on "
            f"were read as {frame.height}",
            "please report this file",
        )
    row_numbers = pl.Series(SRC_ROW_NUMBER, numbers, dtype=pl.Int64)
    return frame.select(row_numbers, *_columns(file))


def _without_mark_in_front(text: bytes, rules: Grammar) -> bytes:
    """The records, the first cell quoted where Polars would take a mark away from it."""
    if not text.startswith(BOM):
        return text
    cell = re.split(rb"[\r\n" + re.escape(rules.delimiter) + rb"]", text, maxsplit=1)[0]
    return rules.quote + cell + rules.quote + text[len(cell) :]
