"""The lines of records in a text file, and the file with corrected records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.readers.content import blocks
from carms_lake.readers.csv_header import grammar_of, opened_at_header
from carms_lake.readers.csv_records import LINE_ENDS, mask, pieces
from carms_lake.readers.text import as_utf8, encoding_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from carms_lake.contract.model import Contract
    from carms_lake.readers.csv_records import Grammar, Piece
    from carms_lake.records import SourceFile

_BLANKS = b" \t\r"


def csv_lines(source: SourceFile, contract: Contract, wanted: Collection[int]) -> dict[int, int]:
    """The lines of some records of a delimited file, counted from 1, by the records' numbers.

    Raises:
        SourceRefused: the file cannot be read.
        RecordTooLong: a record does not end.
    """
    opened, rules = opened_at_header(source, contract), grammar_of(contract)
    line = 1 + _line_ends(opened.header)
    found: dict[int, int] = {}
    last = max(wanted, default=0)
    for piece in pieces(opened.rest, rules, len(opened.found)):
        if piece.first > last:
            break
        within = range(piece.first, piece.first + piece.records)
        if any(number in within for number in wanted):
            found |= {n: at for n, at in _starts(piece, rules, line) if n in wanted}
        line += _line_ends(piece.raw)
    return found


def jsonl_lines(source: SourceFile, contract: Contract, wanted: Collection[int]) -> dict[int, int]:
    """The same for a file of JSON Lines, where a blank line is not a record.

    Raises:
        SourceRefused: the file cannot be read.
    """
    found: dict[int, int] = {}
    number = line = 0
    waiting = b""
    for block in (*as_utf8(blocks(source), encoding_of(contract)), b"\n"):
        *whole, waiting = (waiting + block).split(b"\n")
        for text in whole:
            line += 1
            if text.strip(_BLANKS):
                number += 1
                if number in wanted:
                    found[number] = line
        if len(found) == len(wanted):
            break
    return found


def csv_with(
    source: SourceFile, contract: Contract, corrected: Mapping[int, bytes]
) -> Iterator[bytes]:
    """A delimited file as UTF-8, piece by piece, with some of its records corrected.

    Raises:
        SourceRefused: the file cannot be read.
        RecordTooLong: a record does not end.
    """
    opened, rules = opened_at_header(source, contract), grammar_of(contract)
    yield opened.header
    for piece in pieces(opened.rest, rules, len(opened.found)):
        within = range(piece.first, piece.first + piece.records)
        if not any(number in within for number in corrected):
            yield piece.raw
            continue
        number, position = piece.first, 0
        for masked in mask(piece.raw, rules).splitlines(keepends=True):
            raw = piece.raw[position : position + len(masked)]
            position += len(masked)
            body = masked.rstrip(LINE_ENDS)
            yield corrected.get(number, raw[: len(body)]) + raw[len(body) :] if body else raw
            number += bool(body)


def jsonl_with(
    source: SourceFile, contract: Contract, corrected: Mapping[int, bytes]
) -> Iterator[bytes]:
    """The same for a file of JSON Lines.

    Raises:
        SourceRefused: the file cannot be read.
    """
    number = 0
    lines = b"".join(as_utf8(blocks(source), encoding_of(contract))).split(b"\n")
    for place, line in enumerate(lines):
        is_record = bool(line.strip(_BLANKS))
        number += is_record
        text = corrected.get(number, line) if is_record else line
        yield text + b"\n" if place + 1 < len(lines) else text


def _starts(piece: Piece, rules: Grammar, line: int) -> Iterator[tuple[int, int]]:
    """The number and the line of each record of a piece that begins on a line."""
    number, position = piece.first, 0
    for masked in mask(piece.raw, rules).splitlines(keepends=True):
        raw = piece.raw[position : position + len(masked)]
        position += len(masked)
        if masked.strip(LINE_ENDS):
            yield number, line
            number += 1
        line += _line_ends(raw)


def _line_ends(raw: bytes) -> int:
    r"""How many lines end in a text, by `\n`, `\r\n` or `\r`."""
    return raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
