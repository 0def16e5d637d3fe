"""Source file -> batch: one module per format, found by name.

No reader knows a domain or a table; a contract is all that it is told. Records = rows + malformed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from carms_lake.errors import ContractError, did_you_mean
from carms_lake.readers.content import ensure_unchanged
from carms_lake.readers.header import spec_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.records import Batch, SourceFile

FORMATS = ("csv", "delta", "json", "jsonl", "parquet", "xlsx")
"""Each is a module of this room, imported when a file of that format is read."""


class Reader(Protocol):
    """What a format's module offers."""

    def read(self, source: SourceFile, contract: Contract) -> Batch:
        """The records of a file."""

    def raw_records(
        self, source: SourceFile, contract: Contract, row_numbers: Sequence[int]
    ) -> dict[int, str]:
        """The raw text of some records."""


def read(source: SourceFile, contract: Contract) -> Batch:
    """The records of a source file; collect lazy rows inside `faults.readable(source)`.

    Raises:
        SourceRefused: the file is refused whole.
        ContractError: the contract's format or dialect is unknown.
    """
    reader = _reader(contract)
    ensure_unchanged(source)
    batch = reader.read(source, contract)
    ensure_unchanged(source)
    return batch


def raw_records(
    source: SourceFile, contract: Contract, row_numbers: Sequence[int]
) -> dict[int, str]:
    """The raw text of some records as they stand in the file, by row number; for sheets, JSON.

    Raises:
        SourceRefused: the file cannot be read any more.
        ContractError: the contract's format or dialect is unknown.
    """
    return _reader(contract).raw_records(source, contract, row_numbers) if row_numbers else {}


def _reader(contract: Contract) -> Reader:
    name = spec_of(contract).format
    if name not in FORMATS:
        raise ContractError(
            f"`{contract.ref}`: unknown format `{name}`", did_you_mean(name, FORMATS)
        )
    return cast("Reader", import_module(f"{__name__}.{name}"))
