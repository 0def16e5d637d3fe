r"""The records of delimited text, on bytes, fast: where each ends, and whether it is well formed.

The rules (RFC 4180 in a contract's dialect, with the freedoms that every reader takes):
* `\n`, `\r\n` and `\r` outside quotes end a record; an empty line is not a record.
* A quote where a field starts opens a quoted field, `""` in it is one quote, the next single quote
  closes it; text between that and the next delimiter makes the record malformed. A quote elsewhere
  is a character.
* A quoted field that is never closed makes the rest of the file one malformed record.
* Where the contract has an escape, it makes a quote, a delimiter, a line end or itself a character.

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
    """A dialect: its ASCII characters and the patterns made of them."""

    delimiter: bytes
    quote: bytes
    """Empty where no field is quoted."""
    written: bytes
    """The quote of records in clean form."""
    escape: bytes
    escaped: re.Pattern[bytes]
    """What is escaped, behind its escape."""
    pairs: re.Pattern[bytes]
    """In a quoted field: two bytes or more of which the first does not count."""
    opened: re.Pattern[bytes]
    """A quoted field, closed (group 1 is a quote) or not (it is empty)."""
    closed: re.Pattern[bytes]
    """A quoted field that is closed and followed by the end of the field."""
    surplus: re.Pattern[bytes]
    """In a masked record: text after a closing quote."""
    deleted: bytes
    """All bytes but the delimiter and the line feed."""

    def has_quote(self, data: bytes) -> bool:
        """Whether a field may be quoted."""
        return bool(self.quote) and self.quote in data

    def has_escape(self, data: bytes) -> bool:
        """Whether a character may be escaped."""
        return bool(self.escape) and self.escape in data

    def without_escaped(self, data: bytes) -> bytes:
        """The data, as long as it is, with letters in place of what is escaped."""
        if not self.has_escape(data):
            return data
        return self.escaped.sub(lambda found: b"x" * len(found[0]), data)


class Form(StrEnum):
    """What is known of the records of a piece."""

    PLAIN = "plain"
    """Text without quotes: lines are records, delimiters part fields, and no more is known."""
    CLEAN = "clean"
    """Quotes, and every record well formed, with the header's fields."""
    MESSY = "messy"
    """Anything else."""
    OUTSIDE = "outside"
    """Behind the end of the table: these are not records of it."""


class Piece(NamedTuple):
    """Whole records that follow each other."""

    raw: bytes
    first: int
    """The number of the first record."""
    records: int
    form: Form
    is_last: bool


@lru_cache(maxsize=16)
def grammar(delimiter: str, quote: str, escape: str = "") -> Grammar:
    """The grammar of a dialect of different ASCII characters; quote and escape may be empty."""
    d, q, e = (character.encode("ascii") for character in (delimiter, quote, escape))
    never, dd, qq = rb"(?!)()", re.escape(d), re.escape(q)
    escaped = re.escape(e) + rb"(?:\r\n|[\r\n" + re.escape(d + q + e) + rb"])" if e else never
    # The pattern begins with the quote itself, which `re` finds 30 times faster than a position;
    # at the start of the text nothing precedes the quote, so the look-behind cannot fail.
    start = qq + rb"(?<![^" + dd + rb"\r\n]" + qq + rb")"
    body = rb"[^" + qq + rb"]*+(?:" + qq + qq + rb"[^" + qq + rb"]*+)*+"
    surplus = rb"(?:(?<=" + dd + rb")|\A)" + qq + rb"++(?!" + dd + rb"|\Z)"
    return Grammar(
        delimiter=d,
        quote=q,
        written=q or (b"'" if d == b'"' else b'"'),
        escape=e,
        escaped=re.compile(escaped),
        pairs=re.compile((qq + qq if q else never) + b"|" + escaped),
        opened=re.compile(start + body + rb"(" + qq + rb"|\Z)" if q else never),
        closed=re.compile(start + body + qq + rb"(?=[" + dd + rb"\r\n]|\Z)" if q else never),
        surplus=re.compile(surplus if q else never),
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
        piece = piece_of(buffer, rules, fields, first, is_last=False)
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
        yield piece_of(rest, rules, fields, first, is_last=True)


def mask(data: bytes, rules: Grammar) -> bytes:
    """The data with quoted fields masked: the remaining delimiters and line ends are real."""
    data = rules.without_escaped(data)
    if not rules.has_quote(data):
        return data
    quote = rules.quote
    return rules.opened.sub(lambda field: quote * len(field[0]), data)


def fields_of(raw: bytes, rules: Grammar) -> list[bytes]:
    """The values of one record, unquoted."""
    return [value_of(cell, rules) for cell in cells_of(raw, mask(raw, rules), rules)]


def is_unclosed(raw: bytes, rules: Grammar) -> bool:
    """Whether the last quoted field of a record is never closed."""
    closings = [field[1] for field in rules.opened.finditer(rules.without_escaped(raw))]
    return bool(closings) and not closings[-1]


def piece_of(buffer: bytes, rules: Grammar, fields: int, first: int, *, is_last: bool) -> Piece:
    """The whole records at the start of a buffer; none if no record ends in it."""
    head = buffer if is_last else buffer[: _likely_cut(buffer, rules)]
    # Behind an escape a quote is a character: their parity says nothing of where to cut.
    if rules.has_escape(buffer):
        head = b""
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
    is_inside = bool(rules.quote) and buffer.count(rules.quote, 0, cut + 1) % 2 == 1
    while cut >= 0 and is_inside:
        opening = buffer.rfind(rules.quote, 0, cut)
        earlier = buffer.rfind(line_end, 0, max(opening, 0))
        is_inside ^= buffer.count(rules.quote, earlier + 1, cut) % 2 == 1
        cut = earlier
    return cut + 1


def _is_plain(head: bytes, rules: Grammar) -> bool:
    if not head or rules.has_quote(head) or head.endswith(b"\r"):
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
    if rules.has_quote(head):
        plain = rules.closed.sub(b"x", head)
        if rules.quote in plain:
            return None
    if b"\r" in plain and plain.count(b"\r") != plain.count(b"\r\n"):
        return None
    # Blank lines are no records, and with one column the skeleton cannot tell them apart.
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
    is_quoted = bool(quote) and cell.startswith(quote)
    # Of a malformed field, the last byte may be a part of a letter.
    body = cell[1:].removesuffix(quote) if is_quoted else cell
    if rules.has_escape(cell):
        return (rules.pairs if is_quoted else rules.escaped).sub(lambda pair: pair[0][1:], body)
    return body.replace(quote * 2, quote) if is_quoted else body


def clean(cell: bytes, rules: Grammar) -> bytes:
    """A field in clean form: without escapes, and quoted where it has a quote."""
    is_quoted = bool(rules.quote) and cell.startswith(rules.quote)
    if not rules.has_escape(cell) and (is_quoted or rules.written not in cell):
        return cell
    written = rules.written
    return written + value_of(cell, rules).replace(written, written * 2) + written
