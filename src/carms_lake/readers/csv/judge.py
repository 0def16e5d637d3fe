"""The records of a piece of delimited text that is not clean, each doubtful one examined."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from carms_lake.readers.csv.records import (
    LINE_ENDS,
    Form,
    Grammar,
    Piece,
    cells_of,
    clean,
    is_unclosed,
    mask,
    value_of,
)
from carms_lake.readers.text import is_text
from carms_lake.records import ReasonCode


class Broken(NamedTuple):
    """One record that cannot be parsed."""

    number: int
    raw: bytes
    """As it is in the file, without its line end."""
    code: ReasonCode
    fault: str


class Judged(NamedTuple):
    """The records of a piece, the good ones in clean form."""

    text: bytes
    numbers: Sequence[int]
    """Of the records in `text`, in their order."""
    repaired: Sequence[int]
    broken: Sequence[Broken]


def judged(piece: Piece, rules: Grammar, fields: int, merge_into: int | None = None) -> Judged:
    """Each record of a piece that is not clean, good or broken.

    With `merge_into`, the position of a field, the surplus fields of a record are joined back into
    that field.
    """
    lines, texts = lines_of(piece, rules)
    good: list[bytes] = []
    numbers: list[int] = []
    repaired: list[int] = []
    broken: list[Broken] = []
    number, done = piece.first, 0
    for index in _suspicious(piece, lines, texts, rules, fields):
        good += texts[done:index]
        numbers += range(number, number + index - done)
        number, done = number + index - done, index + 1
        body = lines[index].rstrip(LINE_ENDS)
        if not body:
            continue
        raw = texts[index][: len(body)]
        # Only the last record of a file can have a quote that is never closed.
        is_end = piece.is_last and index == len(lines) - 1
        code, fault = _fault(raw, body, rules, fields, is_end=is_end)
        text = None if code else _normalized(raw, body, rules)
        if text is None and merge_into is not None:
            text = merged(raw, rules, fields, merge_into)
            repaired += [] if text is None else [number]
        if text is None and code:
            broken.append(Broken(number, raw, code, fault))
        elif text is not None:
            good.append(text + b"\n")
            numbers.append(number)
        number += 1
    good += texts[done:]
    numbers += range(number, number + len(texts) - done)
    return Judged(b"".join(good), numbers, repaired, broken)


def texts_of(piece: Piece, rules: Grammar, wanted: Iterable[int]) -> dict[int, bytes]:
    """Some records of a piece as they are in the file, without their line ends."""
    lines, texts = lines_of(piece, rules)
    if piece.form is not Form.CLEAN:  # which has no blank lines
        texts = [text for line, text in zip(lines, texts, strict=True) if line.strip(LINE_ENDS)]
        lines = [line for line in lines if line.strip(LINE_ENDS)]
    places = ((number, number - piece.first) for number in wanted)
    return {
        number: texts[place][: len(lines[place].rstrip(LINE_ENDS))]
        for number, place in places
        if 0 <= place < len(texts)
    }


def merged(raw: bytes, rules: Grammar, fields: int, into: int) -> bytes | None:
    """A record whose surplus fields are joined back into one, in clean form.

    None if it has no surplus fields, or another fault.
    """
    body = mask(raw, rules)
    if body.count(rules.delimiter) < fields or is_unclosed(raw, rules):
        return None
    if rules.surplus.search(body) or not is_text(raw):
        return None
    cells = list(cells_of(raw, body, rules))
    end = into + len(cells) - fields + 1
    joined = rules.delimiter.join(value_of(cell, rules) for cell in cells[into:end])
    quote = rules.written
    field = quote + joined.replace(quote, quote * 2) + quote
    others = [[clean(cell, rules) for cell in part] for part in (cells[:into], cells[end:])]
    return rules.delimiter.join([*others[0], field, *others[1]])


def lines_of(piece: Piece, rules: Grammar) -> tuple[list[bytes], list[bytes]]:
    """The lines of a piece with their ends: with quoted fields masked, and as they are."""
    masked = mask(piece.raw, rules)
    lines = masked.splitlines(keepends=True)
    if masked is piece.raw:
        return lines, lines
    ends = list(accumulate(map(len, lines)))
    return lines, [piece.raw[a:b] for a, b in zip([0, *ends], ends, strict=False)]


def _suspicious(
    piece: Piece, lines: Sequence[bytes], texts: Sequence[bytes], rules: Grammar, fields: int
) -> Sequence[int]:
    """Which lines must be examined; the others are clean records."""
    delimiter, quote, wanted = rules.delimiter, rules.written, fields - 1
    found = [index for index, line in enumerate(lines) if line.count(delimiter) != wanted]
    others: list[int] = []
    if quote in piece.raw:
        others += [index for index, line in enumerate(lines) if quote in line]
    if rules.has_escape(piece.raw):
        others += [index for index, text in enumerate(texts) if rules.escape in text]
    if piece.raw.count(b"\r") != piece.raw.count(b"\r\n"):
        others += [index for index, line in enumerate(lines) if line.endswith(b"\r")]
    # With one column a blank line has as many delimiters as a record.
    if wanted == 0:
        others += [index for index, line in enumerate(lines) if not line.strip(LINE_ENDS)]
    if not is_text(piece.raw):
        others += [index for index, text in enumerate(texts) if not is_text(text)]
    return sorted({*found, *others}) if others else found


def _fault(
    raw: bytes, body: bytes, rules: Grammar, fields: int, *, is_end: bool
) -> tuple[ReasonCode | None, str]:
    if is_end and is_unclosed(raw, rules):
        return (
            ReasonCode.MALFORMED_ROW,
            "a quote is opened and never closed, so the rest of the file is one record",
        )
    if rules.surplus.search(body):
        return ReasonCode.MALFORMED_ROW, "text follows a closing quote"
    found = body.count(rules.delimiter) + 1
    if found != fields:
        return ReasonCode.MALFORMED_ROW, f"{found} fields, the header has {fields}"
    if not is_text(raw):
        return ReasonCode.ENCODING_ERROR, "bytes that are not text in the contract's encoding"
    return None, ""


def _normalized(raw: bytes, body: bytes, rules: Grammar) -> bytes:
    """The record with quotes only around fields: `5" x` becomes `"5"" x"`."""
    if rules.written not in raw and not rules.has_escape(raw):
        return raw
    return rules.delimiter.join(clean(cell, rules) for cell in cells_of(raw, body, rules))
