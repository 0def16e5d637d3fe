"""The header of delimited text: where it ends, its cells, and whether it is one at all."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from carms_lake.contract.model import Contract
from carms_lake.contract.spelling import AUTO, NO_HEADER
from carms_lake.errors import ContractError, SourceRefused
from carms_lake.readers.content import blocks
from carms_lake.readers.csv.records import Grammar, fields_of, grammar, is_unclosed, mask
from carms_lake.readers.extent import (
    MOST_ROWS,
    before_note,
    blank_header,
    header_among,
    names_by_position,
    no_such_line,
)
from carms_lake.readers.header import names_in_files, spec_of
from carms_lake.readers.text import as_utf8, encoding_of, is_text, looks_like
from carms_lake.records import SourceFile

_HEADER_BYTES = 1 << 20
"""A header must end within this many bytes."""
_HEADER_RECORD = 1 << 16
"""`carms.header: auto` finds a header with line ends in it that is no longer than this."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
USUAL_DELIMITERS = (",", ";", "\t", "|")
"""What is tried where a contract names another one, or there is no contract yet."""


class Opened(NamedTuple):
    """A file whose header was read."""

    before: bytes
    """Everything up to the first record, UTF-8."""
    header: str
    """The header alone, which names the fields of the records."""
    where: str
    """The file and the header's line, for messages."""
    notes: tuple[str, ...]
    """What was left out before the header."""
    found: list[str]
    rest: Iterator[bytes]
    start: bytes
    """The first bytes, for messages."""


def opened_at_header(source: SourceFile, contract: Contract) -> Opened:
    """Read a file up to its first record.

    Raises:
        SourceRefused: EMPTY_FILE, WRONG_FORMAT, MISSING_COLUMN, UNREADABLE, TOO_LARGE.
        ContractError: the contract's dialect cannot be read.
    """
    rules = grammar_of(contract)
    stream = as_utf8(blocks(source), encoding_of(contract, source.name))
    start = b""
    for block in stream:
        start += block
        if len(start) >= _HEADER_BYTES:
            break
    if not start.strip(b"\r\n"):
        raise SourceRefused(
            "EMPTY_FILE",
            f"`{source.name}` has no header: it contains {looks_like(start)}",
            "send the file again",
        )
    extent = spec_of(contract).extent
    if extent.header == NO_HEADER:
        found = names_by_position(_widths(start, rules), contract)
        rest = chain([start], stream)
        return Opened(
            b"", _as_header(found, rules), f"`{source.name}`", (), found, rest, start[:200]
        )
    above = _header_place(start, rules, source, contract)
    skipped, end = (above + place for place in _first_line(start[above:], rules))
    raw = start[skipped:end].rstrip(b"\r\n")
    # Then the limit ended the line, and not a line end.
    too_long = end - above == _HEADER_BYTES < len(start) - above
    if too_long or not is_text(raw) or is_unclosed(raw, rules):
        raise no_csv(source, start)
    found = [cell.decode("utf-8") for cell in fields_of(raw, rules)]
    before = start[:skipped].splitlines()
    where = f"`{source.name}`, line {len(before) + 1}"
    _check_delimiter(where, contract, found, source, start)
    notes = before_note("", sum(1 for line in before if line.strip()))
    rest = chain([start[end:]], stream)
    return Opened(start[:end], raw.decode("utf-8"), where, notes, found, rest, start[:200])


def _header_place(start: bytes, rules: Grammar, source: SourceFile, contract: Contract) -> int:
    """Where the line begins that the contract says is the header, or the lines before it end.

    Raises:
        SourceRefused: the file ends before that line.
    """
    header = spec_of(contract).extent.header
    if header is None:
        return 0
    ends = (found.end() for found in _LINE_END.finditer(start))
    if header != AUTO:
        row = int(header)
        places = [0, *islice(ends, row - 1)]
        if len(places) < row or not start[places[-1] :].strip(b"\r\n"):
            raise no_such_line(f"`{source.name}`", row, len(start.splitlines()))
        if start[places[-1] :].startswith((b"\r", b"\n")):
            raise blank_header(f"`{source.name}`", row)
        return places[-1]
    places = [0, *islice(ends, MOST_ROWS)]
    at = header_among((_cells_at(start, place, rules) for place in places), contract)
    return 0 if at is None else places[at]


def _cells_at(start: bytes, place: int, rules: Grammar) -> list[str]:
    """The fields of the record that begins with a line."""
    end = _LINE_END.search(start, place)
    raw = start[place : end.start() if end else len(start)]
    if is_unclosed(raw, rules):  # a header may have line ends in its names
        part = start[place : place + _HEADER_RECORD]
        raw = part[slice(*_first_line(part, rules))].rstrip(b"\r\n")
    return [cell.decode("utf-8", "replace") for cell in fields_of(raw, rules)]


def _widths(start: bytes, rules: Grammar) -> list[int]:
    """How many fields the first records have; the last one may go on behind the limit."""
    lines = [line for line in mask(start[:_HEADER_RECORD], rules).splitlines() if line]
    complete = lines[:-1] if len(start) > _HEADER_RECORD else lines
    return [line.count(rules.delimiter) + 1 for line in complete[:MOST_ROWS]]


def _as_header(names: Sequence[str], rules: Grammar) -> str:
    cells = (name.encode() for name in names)
    quote = rules.quote
    quoted = (quote + cell.replace(quote, quote * 2) + quote if quote else cell for cell in cells)
    return rules.delimiter.join(quoted).decode("utf-8")


def _first_line(start: bytes, rules: Grammar) -> tuple[int, int]:
    """Where the first line that is not blank begins, and where it ends with its line end."""
    first = start[: start.find(b"\n") + 1]
    body = first.rstrip(b"\r\n")
    # The usual header is found without masking a megabyte.
    is_plain = not rules.has_quote(body) and not rules.has_escape(body) and b"\r" not in body
    if body and is_plain and len(first) <= _HEADER_BYTES:
        return 0, len(first)
    lines = mask(start[:_HEADER_BYTES], rules).splitlines(keepends=True)
    blank = 0
    while not lines[blank].strip(b"\r\n"):
        blank += 1
    skipped = sum(map(len, lines[:blank]))
    return skipped, skipped + len(lines[blank])


def grammar_of(contract: Contract) -> Grammar:
    """The grammar of the contract's dialect.

    Raises:
        ContractError: delimiter or quote is not one ASCII character, or they are the same.
    """
    spec = spec_of(contract)
    characters = {"delimiter": spec.delimiter, "quote": spec.quote, "escape": spec.escape}
    present = {key: one for key, one in characters.items() if one or key == "delimiter"}
    for key, character in present.items():
        if len(character) != 1 or not character.isascii() or character in "\r\n\0":
            raise ContractError(
                f"`{contract.ref}`: `carms.{key}` is {character!r}",
                "write one ASCII character",
            )
    for key, character in present.items():
        other = next(name for name, one in present.items() if one == character)
        if other != key:
            raise ContractError(
                f"`{contract.ref}`: `carms.{other}` and `carms.{key}` are the same",
                "write two different characters",
            )
    return grammar(spec.delimiter, spec.quote, spec.escape)


def _check_delimiter(
    where: str, contract: Contract, found: list[str], source: SourceFile, start: bytes
) -> None:
    """Refuse a header of one field where several are expected: it has another delimiter."""
    names = (names_in_files(c) for c in contract.columns if c.from_path is None)
    wanted = {name.casefold() for name in chain.from_iterable(names)}
    if len(found) != 1 or len(wanted) == 1 or found[0].strip().casefold() in wanted:
        return
    for other in USUAL_DELIMITERS:
        cells = {name.strip(' "').casefold() for name in found[0].split(other)}
        if len(cells & wanted) > 1 and other == spec_of(contract).delimiter:
            raise SourceRefused(
                "WRONG_FORMAT",
                f"{where}: the line is quoted as a whole, so that it is one column",
                "take the quotes around each line off, or have it saved as CSV once, not twice",
            )
        if len(cells & wanted) > 1:
            raise SourceRefused(
                "MISSING_COLUMN",
                f"{where}: the columns are separated by {other!r}, "
                f"not by {spec_of(contract).delimiter!r}",
                f"set `carms.delimiter` to {other!r} in the contract, or have the file corrected",
            )
    if looks_like(start) != "text":
        raise no_csv(source, start)


def no_csv(source: SourceFile, start: bytes) -> SourceRefused:
    """The refusal of a file that is not delimited text, with what it looks like."""
    return SourceRefused(
        "WRONG_FORMAT",
        f"`{source.name}` is not delimited text in the contract's encoding: "
        f"it looks like {looks_like(start)}",
        "correct `carms.format` or `carms.encoding` in the contract, or have the file sent as CSV",
    )
