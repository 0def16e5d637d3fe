"""Source file -> chunks -> rows: one module per format, found by name.

No reader knows a domain or a table; a contract is all that it is told. Records = rows + malformed.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from carms_lake.errors import ContractError, did_you_mean
from carms_lake.readers.content import ensure_unchanged
from carms_lake.readers.header import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.records import Chunk, FileChunks, ParsedRows, SourceFile

FORMATS = ("csv", "delta", "json", "jsonl", "parquet", "xlsx")
"""Each is a module of this room, imported when a file of that format is read."""


class Reader(Protocol):
    """What a format's module offers."""

    def read(self, source: SourceFile, contract: Contract) -> FileChunks:
        """The records of a file."""


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The records of a source file; read its parts inside `faults.readable(source)`.

    Raises:
        SourceRefused: the file is refused whole, here or while its parts are read.
        ContractError: the contract's format or dialect is unknown.
    """
    reader = _reader(source, contract)
    ensure_unchanged(source)
    batch = reader.read(source, contract)
    return replace(batch, chunks=_unchanged(batch))


class Parser(Protocol):
    """What a module offers that chunks name as the first word of their kind."""

    def parse_chunks(self, chunks: Sequence[Chunk]) -> ParsedRows:
        """The rows of chunks of one kind."""


def parse_chunks(chunks: Sequence[Chunk]) -> ParsedRows:
    """The rows of chunks of one kind, of one file or of several."""
    parser = import_module(f"{__name__}.{chunks[0].kind[0]}")
    return cast("Parser", parser).parse_chunks(chunks)


def _unchanged(batch: FileChunks) -> Iterator[Chunk]:
    """The parts of a file that was the same until the last of them was read."""
    try:
        yield from batch.chunks
    finally:
        ensure_unchanged(batch.source)  # a file that changed explains whatever went wrong


def _reader(source: SourceFile, contract: Contract) -> Reader:
    name = source.format or spec_of(contract).formats[0]
    if name not in FORMATS:
        raise ContractError(
            f"`{contract.ref}`: unknown format `{name}`", did_you_mean(name, FORMATS)
        )
    return cast("Reader", import_module(f"{__name__}.{name}"))
