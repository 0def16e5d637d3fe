"""Source files that are still there as they landed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carms_lake.errors import SourceRefused
from carms_lake.readers.content import digest
from carms_lake.readers.discover import discover

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.readers.discover import Listing
    from carms_lake.records import SourceFile
    from carms_lake.store.manifest import FileEntry


def by_name(contract: Contract, there: Listing | None) -> dict[str, list[SourceFile]]:
    """The files of a contract that are there, by name; one name may stand twice, as .csv and .gz.

    Raises:
        ContractError: the contract is not one of bronze.
    """
    found: dict[str, list[SourceFile]] = {}
    for source in discover(contract, there) if there else ():
        found.setdefault(source.name, []).append(source)
    return found


def as_landed(files: Sequence[SourceFile], entry: FileEntry) -> SourceFile | None:
    """Of files with one name the one that has the content that landed; None where there is none."""
    for source in files:
        if (source.size, source.mtime_ns) == (entry.size, entry.mtime_ns):
            return replace(source, sha256=entry.sha256)
    for source in files:
        try:
            if digest(source).sha256 == entry.sha256:
                return replace(source, sha256=entry.sha256)
        except SourceRefused:  # it is gone, or cannot be read: it is not there as it landed
            continue
    return None
