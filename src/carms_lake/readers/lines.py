"""The records of a text file: lines, fields, and the file with some of them replaced."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from carms_lake.contract.model import Contract
from carms_lake.readers.content import blocks
from carms_lake.readers.csv.header import grammar_of, opened_at_header
from carms_lake.readers.csv.records import (
    LINE_ENDS,
    Form,
    Grammar,
    Piece,
    RecordTooLong,
    fields_of,
    is_unclosed,
    mask,
)
from carms_lake.readers.csv.table import table_pieces
from carms_lake.readers.header import spec_of
from carms_lake.readers.text import as_utf8, encoding_of
from carms_lake.records import SourceFile

Line = tuple[int, bytes, bytes]
"""The number of a record, 0 for anything else; its text; what ends it."""

_BLANKS = b" \t\r"


def record_lines(source: SourceFile, contract: Contract, wanted: Collection[int]) -> dict[int, int]:
    """The lines of a text file on which records begin, counted from 1, by the records' numbers.

    It is empty for other formats, and where a record has no end.

    Raises:
        SourceRefused: the file cannot be read.
    """
    is_csv, found, line = _format(source, contract) == "csv", dict[int, int](), 1
    if not wanted or not (is_csv or _format(source, contract) == "jsonl"):
        return found
    try:
        for number, text, end in _records(source, contract, wanted):
            if number in wanted:
                found[number] = line
                # The rest of a large file is not read for nothing.
                if len(found) == len(wanted):
                    break
            # In JSON Lines a carriage return alone is a character of its line.
            line += _line_ends(text + end) if is_csv else 1
    except RecordTooLong:
        return {}
    return found


def with_records(
    source: SourceFile, contract: Contract, replaced: Mapping[int, bytes]
) -> Iterator[bytes]:
    """A CSV or JSON Lines file as UTF-8, in pieces, with other texts for some of its records.

    Raises:
        SourceRefused: the file cannot be read.
        RecordTooLong: a record has no end.
    """
    for number, text, end in _records(source, contract, replaced):
        yield replaced.get(number, text) + end


def record_fields(raw: str, header: str | None, contract: Contract) -> dict[str, Any] | None:
    """The values of a raw record by header or key; None where it does not match its header."""
    formats = spec_of(contract).formats
    if formats != ("csv",) and raw.lstrip().startswith("{"):
        try:
            found = json.loads(raw)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None
    rules = grammar_of(contract)
    if "csv" not in formats or header is None or is_unclosed(raw.encode(), rules):
        return None
    names, cells = (
        [field.decode() for field in fields_of(text.encode(), rules)] for text in (header, raw)
    )
    is_complete = len(names) == len(cells) == len(set(names))
    return dict(zip(names, cells, strict=True)) if is_complete else None


def _format(source: SourceFile, contract: Contract) -> str:
    return source.format or spec_of(contract).formats[0]


def _records(source: SourceFile, contract: Contract, wanted: Collection[int]) -> Iterator[Line]:
    """A text file record by record; stretches of CSV without any of the wanted ones in one go."""
    if _format(source, contract) == "jsonl":
        yield from _jsonl_records(source, contract)
        return
    opened, rules = opened_at_header(source, contract), grammar_of(contract)
    yield 0, opened.before, b""
    for piece in table_pieces(opened.rest, rules, len(opened.found), contract):
        if piece.form is Form.OUTSIDE:
            yield 0, piece.raw, b""
            continue
        within = range(piece.first, piece.first + piece.records)
        if any(number in within for number in wanted):
            yield from _csv_records(piece, rules)
        else:
            yield 0, piece.raw, b""


def _csv_records(piece: Piece, rules: Grammar) -> Iterator[Line]:
    number, position = piece.first, 0
    for masked in mask(piece.raw, rules).splitlines(keepends=True):
        size = len(masked.rstrip(LINE_ENDS))
        raw = piece.raw[position : position + len(masked)]
        position += len(masked)
        yield number if size else 0, raw[:size], raw[size:]
        number += bool(size)


def _jsonl_records(source: SourceFile, contract: Contract) -> Iterator[Line]:
    number, waiting = 0, b""
    for block in as_utf8(blocks(source), encoding_of(contract, source.name)):
        *lines, waiting = (waiting + block).split(b"\n")
        for text in lines:
            is_record = bool(text.strip(_BLANKS))
            number += is_record
            yield number if is_record else 0, text, b"\n"
    yield number + 1 if waiting.strip(_BLANKS) else 0, waiting, b""


def _line_ends(raw: bytes) -> int:
    r"""How many lines end in a text, by `\n`, `\r\n` or `\r`."""
    return raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
