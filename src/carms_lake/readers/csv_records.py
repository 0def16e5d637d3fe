r"""The records of delimited text, on bytes, fast: where each ends, and whether it is well formed.

The rules (RFC 4180 in a contract's dialect, with the freedoms that every reader takes):
* `\n`, `\r\n` and `\r` outside quotes end a record; an empty line is not a record.
* A quote where a field starts opens a quoted field, `""` in it is one quote, the next single quote
  closes it; text between that and the next delimiter makes the record malformed. A quote elsewhere
  is a character.
* A quoted field that is never closed makes the rest of the file one malformed record.

Three ways through a block. **Plain**: valid UTF-8 without a quote, every `\r` before a `\n`: lines
are records and delimiters part fields, whoever splits them. **Clean**: after every quoted field is
removed (`Grammar.closed`) no quote is left, all `\r` belong to `\r\n`, and what remains when all
bytes but delimiters and `\n` are deleted is the same line, fields - 1 delimiters, repeated. Each of
these is one C call over the block, and together they prove that every record has exactly the
header's fields, so that any reader of RFC 4180 gives the same table. **Messy**: every quoted field
is covered by a mask of the same length (`Grammar.opened`), so that lines and fields can be found by
splitting, and each doubtful record is examined.

Where to cut a block is guessed from the parity of quotes; after a wrong guess a quote
remains, so the block is not clean, and the slow way cuts it by its mask.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from carms_lake.readers.text import is_text

RECORD_BYTES = 256 << 20
"""No record may be longer: memory stays bounded whatever a file holds."""
PIECE_BYTES = 4 << 20
LINE_ENDS = b"\r\n"


class RecordTooLong(Exception):
    """A record does not end within the limit; the argument is its number."""


@dataclass(frozen=True)
class Grammar:
    """A dialect: two ASCII characters and the patterns made of them."""

    delimiter: bytes
    quote: bytes
    opened: re.Pattern[bytes]
    """A quoted field, closed (group 1 is a quote) or not (it is empty)."""
    closed: re.Pattern[bytes]
    """A quoted field that is closed and followed by the end of the field."""
    surplus: re.Pattern[bytes]
    """In a masked record: text after a closing quote."""
    deleted: bytes
    """All bytes but the delimiter and the line feed."""


class Form(StrEnum):
    """What is known of the records of a piece."""

    PLAIN = "plain"
    """Text without quotes: lines are records, delimiters part fields, and no more is known."""
    CLEAN = "clean"
    """Quotes, and every record well formed, with the header's fields."""
    MESSY = "messy"
    """Anything else."""


class Piece(NamedTuple):
    """Whole records that follow each other."""

    raw: bytes
    first: int
    """The number of the first record."""
    records: int
    form: Form
    is_last: bool


@lru_cache(maxsize=16)
def grammar(delimiter: str, quote: str) -> Grammar:
    """The grammar of a dialect of two different ASCII characters."""
    d, q = delimiter.encode("ascii"), quote.encode("ascii")
    dd, qq = re.escape(d), re.escape(q)
    # The pattern begins with the quote itself, which `re` finds 30 times faster than a position;
    # at the start of the text nothing precedes the quote, so the look-behind cannot fail.
    start = qq + rb"(?<![^" + dd + rb"\r\n]" + qq + rb")"
    body = rb"[^" + qq + rb"]*+(?:" + qq + qq + rb"[^" + qq + rb"]*+)*+"
    return Grammar(
        delimiter=d,
        quote=q,
        opened=re.compile(start + body + rb"(" + qq + rb"|\Z)"),
        closed=re.compile(start + body + qq + rb"(?=[" + dd + rb"\r\n]|\Z)"),
        surplus=re.compile(rb"(?:(?<=" + dd + rb")|\A)" + qq + rb"++(?!" + dd + rb"|\Z)"),
        deleted=bytes(b for b in range(256) if b not in d + b"\n"),
    )


def pieces(
    blocks: Iterable[bytes], rules: Grammar, fields: int, *, piece_bytes: int | None = None
) -> Iterator[Piece]:
    """All records after the header, in pieces of about `piece_bytes` (4 MiB).

    Raises:
        RecordTooLong: a record does not end within `RECORD_BYTES`.
    """
    waiting: list[bytes] = []
    usual = piece_bytes or PIECE_BYTES
    size, wanted, first = 0, usual, 1
    for block in blocks:
        waiting.append(block)
        size += len(block)
        if size < wanted:
            continue
        buffer = b"".join(waiting)
        piece = _piece(buffer, rules, fields, first, is_last=False)
        taken = len(piece.raw)
        if not taken and size > RECORD_BYTES:
            raise RecordTooLong(first)
        if taken:
            yield piece
            first += piece.records
        waiting, size = [buffer[taken:]], size - taken
        # While one record does not end, the buffer doubles: joining it stays linear.
        wanted = max(usual, 2 * size)
    rest = b"".join(waiting)
    if rest:
        yield _piece(rest, rules, fields, first, is_last=True)


def mask(data: bytes, rules: Grammar) -> bytes:
    """The data with quoted fields masked: the remaining delimiters and line ends are real."""
    if rules.quote not in data:
        return data
    quote = rules.quote
    return rules.opened.sub(lambda field: quote * len(field[0]), data)


def fields_of(raw: bytes, rules: Grammar) -> list[bytes]:
    """The values of one record, unquoted."""
    return [value_of(cell, rules) for cell in cells_of(raw, mask(raw, rules), rules)]


def is_unclosed(raw: bytes, rules: Grammar) -> bool:
    """Whether the last quoted field of a record is never closed."""
    closings = [field[1] for field in rules.opened.finditer(raw)]
    return bool(closings) and not closings[-1]


def _piece(buffer: bytes, rules: Grammar, fields: int, first: int, *, is_last: bool) -> Piece:
    """The whole records at the start of a buffer; none if no record ends in it."""
    head = buffer if is_last else buffer[: _likely_cut(buffer, rules)]
    if _is_plain(head, rules):
        return Piece(head, first, _lines_with_text(head), Form.PLAIN, is_last)
    if head:
        count = _clean_records(head, rules, fields)
        if count is not None:
            return Piece(head, first, count, Form.CLEAN, is_last)
    masked = mask(buffer, rules)
    if not is_last:
        end = masked.rfind(b"\n") + 1 or masked.rfind(b"\r", 0, len(masked) - 1) + 1
        masked = masked[:end]
    count = sum(1 for line in masked.splitlines() if line)
    return Piece(buffer[: len(masked)], first, count, Form.MESSY, is_last)


def _likely_cut(buffer: bytes, rules: Grammar) -> int:
    """The end of the last line with an even number of quotes before it; 0 if there is none."""
    line_end = b"\n" if b"\n" in buffer else b"\r"
    # A `\r` at the very end may be the first half of `\r\n`.
    cut = buffer.rfind(line_end, 0, len(buffer) - (line_end == b"\r"))
    is_inside = buffer.count(rules.quote, 0, cut + 1) % 2 == 1
    while cut >= 0 and is_inside:
        opening = buffer.rfind(rules.quote, 0, cut)
        earlier = buffer.rfind(line_end, 0, max(opening, 0))
        is_inside ^= buffer.count(rules.quote, earlier + 1, cut) % 2 == 1
        cut = earlier
    return cut + 1


def _is_plain(head: bytes, rules: Grammar) -> bool:
    if not head or rules.quote in head or head.endswith(b"\r"):
        return False
    return head.count(b"\r") == head.count(b"\r\n") and is_text(head)


def _lines_with_text(head: bytes) -> int:
    """How many lines of a plain text are records: those that are not blank."""
    has_blank = head.startswith((b"\n", b"\r\n")) or b"\n\n" in head
    has_blank = has_blank or (b"\r" in head and b"\n\r\n" in head)
    if has_blank:
        return sum(1 for line in head.splitlines() if line)
    return head.count(b"\n") + (not head.endswith(b"\n"))


def _clean_records(head: bytes, rules: Grammar, fields: int) -> int | None:
    """The number of records if all are well formed and valid UTF-8; else None."""
    if head.endswith(b"\r"):
        return None
    if not head.endswith(b"\n"):
        head += b"\n"
    plain = head
    if rules.quote in head:
        plain = rules.closed.sub(b"x", head)
        if rules.quote in plain:
            return None
    if b"\r" in plain and plain.count(b"\r") != plain.count(b"\r\n"):
        return None
    if fields == 1:
        lines = plain.replace(b"\r", b"")
        if lines.startswith(b"\n") or b"\n\n" in lines:
            return None
    skeleton = plain.translate(None, rules.deleted)
    line = rules.delimiter * (fields - 1) + b"\n"
    count, rest = divmod(len(skeleton), len(line))
    if rest or skeleton != line * count or not is_text(head):
        return None
    return count


def cells_of(raw: bytes, body: bytes, rules: Grammar) -> Iterator[bytes]:
    """The fields of a record, quotes and all; `body` is its mask."""
    position = 0
    for masked in body.split(rules.delimiter):
        yield raw[position : position + len(masked)]
        position += len(masked) + 1


def value_of(cell: bytes, rules: Grammar) -> bytes:
    """The value of a field, unquoted."""
    quote = rules.quote
    return cell[1:-1].replace(quote * 2, quote) if cell.startswith(quote) else cell
