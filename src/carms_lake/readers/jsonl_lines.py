"""Lines of JSON Lines that are kept whole: each only has to be an object.

Their values are extracted in silver.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import orjson
import polars as pl

from carms_lake.errors import SourceRefused
from carms_lake.names import SRC_ROW_NUMBER
from carms_lake.readers.content import blocks
from carms_lake.readers.faults import binary_kind, empty, wrong_format
from carms_lake.readers.frames import Fault, RawLines, chunk_numbers, malformed_frame
from carms_lake.readers.text import as_utf8, encoding_of, is_text, shown
from carms_lake.records import CHUNK, Chunk, ParsedRows, ReasonCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile

LINE_BYTES = 256 << 20
"""No line may be longer."""

_BLANKS = b" \t\r"


class _Lines(NamedTuple):
    """The content of a chunk."""

    names: tuple[str, ...]
    """The columns that hold the line."""
    good: dict[int, bytes]
    """By number."""
    faults: list[Fault]


def whole_lines_of(source: SourceFile, contract: Contract) -> Iterator[Chunk]:
    """The lines of a file, for a contract all of whose columns take the whole line.

    Raises:
        SourceRefused: the file cannot be read, or has no line.
    """
    encoding = encoding_of(contract)
    names = contract.column_names
    number = 0
    for lines in lines_of(source, encoding):
        found = _Lines(names, {}, [])
        for line in lines:
            number += 1
            try:
                is_object = type(orjson.loads(line)) is dict
            except orjson.JSONDecodeError as error:
                if not line.strip(_BLANKS):
                    number -= 1
                else:
                    found.faults.append(broken_line(number, line, encoding, error))
                continue
            if is_object:
                found.good[number] = line
            else:
                found.faults.append(no_object(number, shown(line, encoding)))
        yield Chunk(len(found.good) + len(found.faults), found, ("jsonl_lines", names))
    if not number:
        refuse_if_blank(source, contract)


def refuse_if_blank(source: SourceFile, contract: Contract) -> None:
    """Refuse a file of 0 bytes; one that has only blank lines is valid and has no records.

    Raises:
        SourceRefused: EMPTY_FILE.
    """
    if not next(as_utf8(blocks(source), encoding_of(contract)), b""):
        raise empty(source)


def lines_of(source: SourceFile, encoding: str) -> Iterator[list[bytes]]:
    """The lines that end in each block, without their ends; the last block has the rest.

    Raises:
        SourceRefused: WRONG_FORMAT, TOO_LARGE, UNREADABLE.
    """
    is_first = True
    for lines in _blocks_of_lines(as_utf8(blocks(source), encoding), source):
        if is_first and binary_kind(lines[0]):
            raise wrong_format(source, "JSON Lines", lines[0])
        is_first = False
        yield lines


def broken_line(number: int, line: bytes, encoding: str, error: orjson.JSONDecodeError) -> Fault:
    """The fault of a line that is not JSON."""
    raw = shown(line, encoding)
    if not is_text(line):
        message = f"record {number}: bytes that are not text in the contract's encoding"
        return Fault(number, raw, ReasonCode.ENCODING_ERROR, message)
    message = f"record {number}, column {error.colno}: {error.msg}"
    return Fault(number, raw, ReasonCode.MALFORMED_ROW, message)


def no_object(number: int, raw: str) -> Fault:
    """The fault of a record that is JSON but not an object."""
    return Fault(number, raw, ReasonCode.MALFORMED_ROW, f"record {number} is not an object")


def _blocks_of_lines(stream: Iterable[bytes], source: SourceFile) -> Iterator[list[bytes]]:
    """The lines that end in each block, without their ends; the last block has the rest."""
    waiting = b""
    for block in stream:
        waiting += block
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
    if waiting:
        yield _lines(waiting)


def _lines(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    return [line.removesuffix(b"\r") for line in lines] if b"\r" in text else lines


def parse_chunks(chunks: Sequence[Chunk]) -> ParsedRows:
    """The rows of chunks whose lines are kept whole."""
    contents: list[_Lines] = [chunk.content for chunk in chunks]
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
