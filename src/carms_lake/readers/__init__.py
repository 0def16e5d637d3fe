"""Source file -> chunks -> rows: one module or package per format, found by name.

A reader knows no domain and no table, only the contract. Records = rows + malformed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module

from carms_lake.contract.model import Contract
from carms_lake.contract.types import FORMATS, added_formats
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.readers.content import ensure_unchanged
from carms_lake.readers.header import spec_of
from carms_lake.records import Chunk, FileChunks, ParsedRows, SourceFile


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The records of a source file; read its chunks inside `faults.readable(source)`.

    Raises:
        SourceRefused: the file is refused, here or while its chunks are read.
        ContractError: the contract's format or dialect is unknown.
    """
    name = source.format or spec_of(contract).formats[0]
    reader = _reader(name)
    if reader is None:
        known = (*FORMATS, *added_formats())
        raise ContractError(
            f"`{contract.ref}`: no reader for the format `{name}`", did_you_mean(name, known)
        )
    ensure_unchanged(source)
    found = reader(source, contract)
    return replace(found, chunks=_until_changed(found))


def parse_chunks(chunks: Sequence[Chunk]) -> ParsedRows:
    """The rows of chunks of one kind, of one file or of several; their kind names the module."""
    rows: ParsedRows = import_module(f"{__name__}.{chunks[0].kind[0]}").parse_chunks(chunks)
    return rows


def _until_changed(found: FileChunks) -> Iterator[Chunk]:
    """The chunks of a file; a file that changed in the meantime explains whatever went wrong."""
    try:
        yield from found.chunks
    finally:
        ensure_unchanged(found.source)


@cache
def _reader(name: str) -> Callable[[SourceFile, Contract], FileChunks] | None:
    """The function `read` of a format's module, here or in another package (`contract.types`)."""
    module = f"{__name__}.{name}" if name in FORMATS else added_formats().get(name)
    return getattr(import_module(module), "read", None) if module else None
