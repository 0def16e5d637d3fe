"""One JSON object per line; a column whose `physicalName` is `$` takes the whole line.

Lines end with a line feed; a blank line is not a record. Where a column takes the whole line, the
other keys of the object are not compared with the contract: their values are extracted in silver.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import orjson
import polars as pl

from carms_lake.contract.model import Contract
from carms_lake.errors import SourceRefused
from carms_lake.names import SRC_EXTRA, SRC_ROW_NUMBER
from carms_lake.readers.content import BLOCK_BYTES, blocks, empty, other_encoding, wrong_format
from carms_lake.readers.frames import (
    Fault,
    Gathered,
    RawLines,
    chunk_numbers,
    malformed_frame,
    parsed_chunk,
    text_frame,
)
from carms_lake.readers.json.text import json_fault, loaded
from carms_lake.readers.json.values import LINE, Shape, compare_keys, misfit_fault, shape_of
from carms_lake.readers.text import (
    as_utf8,
    binary_kind,
    encoding_of,
    is_text,
    shown,
    unicode_kind,
)
from carms_lake.records import CHUNK, Chunk, FileChunks, ParsedRows, ReasonCode, SourceFile

LINE_BYTES = 256 << 20
"""No line may be longer."""

_BLANKS = b" \t\r"
_PART_RECORDS = 50_000


class _WholeLines(NamedTuple):
    """The content of a chunk whose lines are kept whole: each only has to be an object."""

    names: tuple[str, ...]
    """The columns that hold the line."""
    good: dict[int, bytes]
    """By number."""
    faults: list[Fault]


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The lines of a JSON Lines file, all columns text; malformed lines are rejected.

    Raises:
        SourceRefused: the file cannot be read, has no line, or its keys are not the contract's.
    """
    encoding = encoding_of(contract, source.name)
    if all(column.source == LINE for column in contract.columns):
        return FileChunks(source, _whole_lines(source, encoding, contract.column_names))
    shape = shape_of(contract)
    line_columns = [column.name for column in contract.columns if column.source == LINE]
    # A chunk cannot know which columns later chunks will have, so all chunks have all columns.
    every = [*contract.column_names, *([SRC_EXTRA] if shape.lets_in else [])]
    found = Gathered(lambda: _chunks(source, shape, encoding, line_columns, every))
    notes: tuple[str, ...] = ()
    kept = shape.found
    if line_columns:
        kept = [c.name for c in contract.columns if c.from_path is None or shape.has(c)]
    else:
        has_none = found.records == found.malformed
        notes = compare_keys(shape, f"`{source.name}`", contract, is_empty=has_none)
    return FileChunks(source, found.parts(kept), notes)


def parse_chunks(chunks: Sequence[Chunk]) -> ParsedRows:
    """The rows of chunks whose lines are kept whole."""
    contents: list[_WholeLines] = [chunk.content for chunk in chunks]
    good = list(chain.from_iterable(content.good.values() for content in contents))
    # Every line begins with a brace, so Polars does not mistake the text for compressed data.
    lines = pl.read_lines(b"\n".join(good))["line"] if good else pl.Series([], dtype=pl.String)
    numbers = chain.from_iterable(content.good for content in contents)
    rows = pl.DataFrame(
        [
            chunk_numbers([len(content.good) for content in contents]),
            pl.Series(SRC_ROW_NUMBER, list(numbers), dtype=pl.Int64),
            *(lines.alias(name) for name in contents[0].names),
        ]
    )
    faults = malformed_frame(chain.from_iterable(content.faults for content in contents))
    malformed = faults.with_columns(chunk_numbers([len(content.faults) for content in contents]))
    raw = [RawLines(content.good) for content in contents]
    return ParsedRows(rows, malformed.select(CHUNK, *faults.columns), raw)


def _whole_lines(source: SourceFile, encoding: str, names: tuple[str, ...]) -> Iterator[Chunk]:
    number = 0
    for lines in _blocks_of_lines(source, encoding):
        found = _WholeLines(names, {}, [])
        for line in lines:
            number += 1
            try:
                is_object = type(orjson.loads(line)) is dict
            except orjson.JSONDecodeError as error:
                if not line.strip(_BLANKS):
                    number -= 1
                else:
                    found.faults.append(_broken_line(number, line, encoding, error))
                continue
            if is_object:
                found.good[number] = line
            else:
                found.faults.append(misfit_fault(number, shown(line, encoding), ()))
        yield Chunk(len(found.good) + len(found.faults), found, ("jsonl", names))


def _chunks(
    source: SourceFile, shape: Shape, encoding: str, line_columns: list[str], every: list[str]
) -> Iterator[Chunk]:
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    lines: dict[int, bytes] = {}

    def chunk() -> Chunk:
        raw = RawLines(lines, encoding)
        return parsed_chunk(text_frame(rows, every), malformed_frame(faults), len(lines), raw)

    number = size = 0
    for line in chain.from_iterable(_blocks_of_lines(source, encoding)):
        if not line.strip(_BLANKS):
            continue
        number += 1
        result = _record(number, line, shape, encoding, line_columns)
        if isinstance(result, Fault):
            faults.append(result)
        else:
            rows.append(result)
        lines[number] = line
        size += len(line)
        if size >= BLOCK_BYTES or len(lines) >= _PART_RECORDS:
            yield chunk()
            rows, faults, lines, size = [], [], {}, 0
    yield chunk()


def _record(
    number: int, line: bytes, shape: Shape, encoding: str, line_columns: list[str]
) -> dict[str, Any] | Fault:
    try:
        if line_columns:  # what lands whole must be JSON to every reader
            orjson.loads(line)
        document = loaded(line)
    except orjson.JSONDecodeError as error:
        return _broken_line(number, line, encoding, error)
    if not isinstance(document, dict):
        return misfit_fault(number, shown(line, encoding), ())
    row: dict[str, Any] = {SRC_ROW_NUMBER: number}
    if shape.root:
        values, misfits = shape.parse(document)
        if misfits:
            return misfit_fault(number, shown(line, encoding), misfits)
        row |= values
    if line_columns:
        row |= dict.fromkeys(line_columns, line.decode("utf-8"))
    return row


def _broken_line(number: int, line: bytes, encoding: str, error: orjson.JSONDecodeError) -> Fault:
    fault, _ = json_fault(line, error)
    code, what = ReasonCode.MALFORMED_ROW, f", column {error.colno}: {fault}"
    if not is_text(line):
        code, what = (
            ReasonCode.ENCODING_ERROR,
            ": bytes that are not text in the contract's encoding",
        )
    return Fault(number, shown(line, encoding), code, f"record {number}{what}")


def _blocks_of_lines(source: SourceFile, encoding: str) -> Iterator[list[bytes]]:
    """The lines that end in each block, without their ends; the last block has the rest.

    A file of 0 bytes is refused; one that has only blank lines is valid and has no records.
    """
    start = waiting = b""
    for block in as_utf8(blocks(source), encoding):
        if not start and (kind := unicode_kind(block)):
            raise other_encoding(source, kind)
        if not start and binary_kind(block):
            raise wrong_format(source, "JSON Lines", block)
        start = start or block[:1]
        waiting += block
        # Only the new block can have a line end: what waited has none.
        end = waiting.rfind(b"\n", len(waiting) - len(block)) + 1
        if end:
            yield _lines(waiting[: end - 1])
            waiting = waiting[end:]
        if len(waiting) > LINE_BYTES:
            raise SourceRefused(
                "TOO_LARGE",
                f"`{source.name}` has a line longer than 256 MiB",
                "have the file sent with one JSON object per line",
            )
    if not start:
        raise empty(source)
    if waiting:
        yield _lines(waiting)


def _lines(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    return [line.removesuffix(b"\r") for line in lines] if b"\r" in text else lines
