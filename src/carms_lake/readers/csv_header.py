"""The header of delimited text: where it ends, its cells, and whether it is one at all."""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError, SourceRefused
from carms_lake.readers.content import blocks
from carms_lake.readers.csv_records import Grammar, fields_of, grammar, is_unclosed, mask
from carms_lake.readers.header import spec_of
from carms_lake.readers.text import as_utf8, encoding_of, is_text, looks_like
from carms_lake.records import SourceFile

_HEADER_BYTES = 1 << 20
"""A header must end within this many bytes."""
_OTHER_DELIMITERS = (",", ";", "\t", "|")


class Opened(NamedTuple):
    """A file whose header was read."""

    header: bytes
    """Everything up to the first record, UTF-8."""
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
    stream = as_utf8(blocks(source), encoding_of(contract))
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
    skipped, end = _first_line(start, rules)
    raw = start[skipped:end].rstrip(b"\r\n")
    # Then the limit ended the line, and not a line end.
    too_long = end == _HEADER_BYTES < len(start)
    if too_long or not is_text(raw) or is_unclosed(raw, rules):
        raise no_csv(source, start)
    found = [cell.decode("utf-8") for cell in fields_of(raw, rules)]
    _check_delimiter(source, contract, found, start)
    return Opened(start[:end], found, chain([start[end:]], stream), start[:200])


def _first_line(start: bytes, rules: Grammar) -> tuple[int, int]:
    """Where the first line that is not blank begins, and where it ends with its line end."""
    first = start[: start.find(b"\n") + 1]
    body = first.rstrip(b"\r\n")
    # The usual header is found without masking a megabyte.
    if body and rules.quote not in body and b"\r" not in body and len(first) <= _HEADER_BYTES:
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
    for key, character in (("delimiter", spec.delimiter), ("quote", spec.quote)):
        if len(character) != 1 or not character.isascii() or character in "\r\n\0":
            raise ContractError(
                f"`{contract.ref}`: `carms.{key}` is {character!r}",
                "write one ASCII character",
            )
    if spec.delimiter == spec.quote:
        raise ContractError(
            f"`{contract.ref}`: `carms.delimiter` and `carms.quote` are the same",
            "write two different characters",
        )
    return grammar(spec.delimiter, spec.quote)


def _check_delimiter(
    source: SourceFile, contract: Contract, found: list[str], start: bytes
) -> None:
    """Refuse a header of one field where several are expected: it has another delimiter."""
    wanted = {c.source.casefold() for c in contract.columns if c.from_path is None}
    if len(found) != 1 or len(wanted) == 1 or found[0].strip().casefold() in wanted:
        return
    for other in _OTHER_DELIMITERS:
        names = {name.strip(' "').casefold() for name in found[0].split(other)}
        if len(names & wanted) > 1:
            raise SourceRefused(
                "MISSING_COLUMN",
                f"`{source.name}`, line 1: the columns are separated by {other!r}, "
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
