"""Delimited text in the contract's dialect; `src_row_number` counts records after the header.

One pass over the bytes, piece by piece (`records`). A piece without quotes is split at line
ends and delimiters. A piece with quotes goes to Polars' reader unchanged if every record provably
has the header's fields; otherwise each doubtful record is examined, the good ones go to Polars in
clean form, and the others are rejected. So Polars gets only clean bytes: its reader takes blank
lines for rows, and fails the whole file for one bad byte or quote. The rows that it returns are
compared with the number of records counted on the bytes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import NamedTuple

import polars as pl

from carms_lake.contract.model import Contract, SourceSpec
from carms_lake.errors import SourceRefused
from carms_lake.names import SRC_REPAIR, SRC_ROW_NUMBER
from carms_lake.readers import frames
from carms_lake.readers.csv.header import Opened, grammar_of, no_csv, opened_at_header
from carms_lake.readers.csv.judge import judged, texts_of
from carms_lake.readers.csv.records import Form, Grammar, Piece, RecordTooLong
from carms_lake.readers.csv.table import table_pieces
from carms_lake.readers.extent import after_note, with_place
from carms_lake.readers.header import Layout, parse, spec_of
from carms_lake.readers.text import BOM, binary_kind, encoding_of, shown
from carms_lake.records import CHUNK, Chunk, FileChunks, ParsedRows, ReasonCode, SourceFile

_ZLIB = (b"x\x01", b"x^")
"""Beginnings of a compressed stream that are also valid text."""


class _Csv(NamedTuple):
    """How one file is read."""

    source: SourceFile
    contract: Contract
    rules: Grammar
    encoding: str
    layout: Layout

    @property
    def spec(self) -> SourceSpec:
        """How the contract's files are read."""
        return spec_of(self.contract)


def _texts(file: _Csv, piece: Piece, row_numbers: Sequence[int]) -> dict[int, str]:
    """The text of some records of a piece, by number."""
    texts = texts_of(piece, file.rules, row_numbers)
    return {number: shown(text, file.encoding) for number, text in texts.items()}


def _plain_texts(
    lines: pl.Series, start: int, piece: Piece, row_numbers: Sequence[int]
) -> dict[int, str]:
    """The same of a piece without quotes, whose lines begin at `start` among those of others."""
    here = [n for n in row_numbers if 0 <= n - piece.first < piece.records]
    places = [start + n - piece.first for n in here]
    return dict(zip(here, lines.gather(places), strict=True))


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The records of a delimited file, all columns text.

    Raises:
        SourceRefused: a fault of the header or of the whole file.
        ContractError: the contract's dialect cannot be read.
    """
    opened = opened_at_header(source, contract)
    try:
        layout = parse(opened.found, contract, opened.where)
    except SourceRefused as error:
        if binary_kind(opened.start):
            raise no_csv(source, opened.start) from error
        raise with_place(error, contract, partial(_headers, source)) from None
    encoding = encoding_of(contract, source.name)
    file = _Csv(source, contract, grammar_of(contract), encoding, layout)
    notes = [*opened.notes, *layout.notes]
    return FileChunks(source, _chunks(file, opened, notes), notes)


def _headers(source: SourceFile, contract: Contract) -> tuple[list[str], str]:
    opened = opened_at_header(source, contract)
    return opened.found, opened.where


def _chunks(file: _Csv, opened: Opened, notes: list[str]) -> Iterator[Chunk]:
    layout = file.layout
    kind = ("csv", layout.positions, layout.width, layout.extra)
    last = after = 0
    try:
        for piece in table_pieces(opened.rest, file.rules, layout.width, file.contract):
            if piece.form is Form.OUTSIDE:
                after += piece.records
                continue
            if piece.form is Form.PLAIN:
                chunk = Chunk(piece.records, (file, piece), kind)
            else:
                chunk = _quoted(file, piece)
            last += piece.records
            yield replace(chunk, header=opened.header)
        if after:
            notes.append(after_note("", after, last))
    except RecordTooLong as error:
        raise SourceRefused(
            "TOO_LARGE",
            f"`{file.source.name}`, record {error.args[0]} is longer than 256 MiB",
            "look for a quote that is opened there and never closed",
        ) from None


def _quoted(file: _Csv, piece: Piece) -> Chunk:
    """A piece with quotes: each doubtful record is examined."""
    faults: list[frames.Fault] = []
    if piece.form is Form.CLEAN:
        rows = _frame(file, piece.raw, range(piece.first, piece.first + piece.records), ())
    else:
        # Where the file has the column that takes the surplus fields of a record.
        position = dict(file.layout.positions).get(file.spec.merge_surplus_into or "")
        found = judged(piece, file.rules, file.layout.width, position)
        faults = [
            frames.Fault(number, shown(raw, file.encoding), code, f"record {number}: {fault}")
            for number, raw, code, fault in found.broken
        ]
        rows = _frame(file, found.text, found.numbers, found.repaired)
    malformed = frames.malformed_frame(faults)
    return frames.parsed_chunk(rows, malformed, piece.records, partial(_texts, file, piece))


def parse_chunks(chunks: Sequence[Chunk]) -> ParsedRows:
    """The rows of pieces without quotes, of files with the same header, split by Polars."""
    contents: list[tuple[_Csv, Piece]] = [chunk.content for chunk in chunks]
    file, parts = contents[0][0], [piece for _, piece in contents]
    width, delimiter = file.layout.width, file.spec.delimiter
    raws = [piece.raw for piece in parts]
    lines = _lines(b"".join(raw if raw.endswith(b"\n") else raw + b"\n" for raw in raws))
    counts = [chunk.records for chunk in chunks]
    starts = [0, *accumulate(counts)]
    number = pl.concat(
        pl.int_range(piece.first, piece.first + n, dtype=pl.Int64, eager=True)
        for piece, n in zip(parts, counts, strict=True)
    )
    fields = (
        pl.DataFrame(
            [lines.alias("raw"), number.alias(SRC_ROW_NUMBER), frames.chunk_numbers(counts)]
        )
        .lazy()
        .with_columns(
            pl.col("raw")
            .str.split_exact(delimiter, width)
            .struct.rename_fields([str(position) for position in range(width + 1)])
            .alias("fields")
        )
        .unnest("fields")
        .collect(engine="streaming")
    )
    has_fields = fields[str(width - 1)].is_not_null() & fields[str(width)].is_null()
    malformed = pl.DataFrame(schema={CHUNK: pl.UInt32, **frames.MALFORMED_SCHEMA})
    if not has_fields.all():
        if file.spec.merge_surplus_into and fields[str(width)].count():
            return frames.parse_chunks([_quoted(*content) for content in contents])
        malformed = _miscounted(fields.filter(~has_fields), delimiter, width)
        fields = fields.filter(has_fields)
    places = zip(starts, parts, strict=False)
    raw = [partial(_plain_texts, lines, start, piece) for start, piece in places]
    return ParsedRows(_columns(file, fields, (), CHUNK), malformed, raw)


def _lines(raw: bytes) -> pl.Series:
    """The lines of plain text that are records."""
    # Polars would take these for the start of a compressed stream.
    is_taken_for_zlib = raw.startswith(_ZLIB)
    lines = pl.read_lines(b"\n" + raw if is_taken_for_zlib else raw)["line"]
    return lines.filter(lines != "") if is_taken_for_zlib or (lines == "").any() else lines


def _miscounted(fields: pl.DataFrame, delimiter: str, width: int) -> pl.DataFrame:
    """Records with too few or too many fields, as malformed ones."""
    found = pl.col("raw").str.count_matches(delimiter, literal=True) + 1
    message = pl.format("record {}: {} fields, the header has {}", SRC_ROW_NUMBER, found, width)
    # Over columns whose chunks end in different places `format` panics (Polars 2.1).
    return fields.rechunk().select(
        CHUNK,
        SRC_ROW_NUMBER,
        pl.col("raw").alias("raw_record"),
        pl.lit(str(ReasonCode.MALFORMED_ROW)).alias("code"),
        pl.lit(None, pl.String).alias("column"),
        pl.lit(None, pl.String).alias("value"),
        message.alias("message"),
    )


def _frame(
    file: _Csv, text: bytes, numbers: Sequence[int], repaired: Sequence[int]
) -> pl.DataFrame:
    schema = {str(position): pl.String() for position in range(file.layout.width)}
    frame = pl.DataFrame(schema=schema)
    if numbers:
        frame = pl.read_csv(
            _as_text(text, file.rules),
            has_header=False,
            schema=schema,
            separator=file.spec.delimiter,
            quote_char=file.rules.written.decode(),
            empty_string_is_null=False,
        )
    if frame.height != len(numbers):
        raise SourceRefused(
            "UNREADABLE",
            f"`{file.source.name}`: {len(numbers)} records from record {numbers[0]} on "
            f"were parsed as {frame.height}",
            "this is a bug of carms: please report it with this file",
        )
    numbered = frame.with_columns(pl.Series(SRC_ROW_NUMBER, numbers, dtype=pl.Int64))
    return _columns(file, numbered, repaired)


def _columns(file: _Csv, fields: pl.DataFrame, repaired: Sequence[int], *kept: str) -> pl.DataFrame:
    """The contract's columns, from fields named by their position, and the `kept` ones."""
    spec = file.spec
    added: list[pl.Expr] = []
    if spec.merge_surplus_into:
        how = pl.lit(f"merge_surplus_into:{spec.merge_surplus_into}")
        is_repaired = pl.col(SRC_ROW_NUMBER).is_in(list(repaired))
        added.append(pl.when(is_repaired).then(how).alias(SRC_REPAIR))
    if file.layout.extra:
        nulls = ("", *spec.null_values)
        extra = [
            frames.without_null_values(str(position), nulls).alias(name)
            for name, position in file.layout.extra
        ]
        added.append(frames.extra_values(extra))
    columns = [
        frames.without_null_values(str(position), spec.null_values, is_trimmed=spec.trim).alias(
            name
        )
        for name, position in file.layout.positions
    ]
    return fields.select(*kept, SRC_ROW_NUMBER, *columns, *added)


def _as_text(text: bytes, rules: Grammar) -> bytes:
    """The records, with the first cell quoted if Polars would mistake its start for compression."""
    if not text.startswith((BOM, *_ZLIB)):
        return text
    cell = re.split(rb"[\r\n" + re.escape(rules.delimiter) + rb"]", text, maxsplit=1)[0]
    return rules.written + cell + rules.written + text[len(cell) :]
