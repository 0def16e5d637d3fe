"""The records of source files as they stand there, where the file is still what landed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from carms_lake import readers
from carms_lake.errors import ContractError, SourceError
from carms_lake.flows.aside.landed import as_landed, by_name
from carms_lake.flows.aside.places import LOOKED_THROUGH_BYTES
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER
from carms_lake.readers.csv_records import RecordTooLong
from carms_lake.readers.discover import listing
from carms_lake.readers.faults import readable
from carms_lake.readers.header import spec_of
from carms_lake.readers.lines import csv_lines, jsonl_lines
from carms_lake.store import delta
from carms_lake.store.layout import table_path
from carms_lake.store.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.readers.discover import Listing
    from carms_lake.records import SourceFile
    from carms_lake.store.manifest import FileEntry

    Row = Mapping[str, Any]
    Place = tuple[str, int | None, int]
    """File, delivery (None for a source that is no snapshot), record."""


@dataclass(frozen=True)
class RawText:
    """A record as it stands in its file, or why it cannot be shown."""

    text: str | None
    missing: str = ""
    line: int | None = None
    """The line of a text file on which it begins, where that was looked up."""


def place_of(row: Row) -> Place:
    """Where a bronze row came from."""
    return row[SRC_FILENAME], row.get(DELIVERY_ID), row[SRC_ROW_NUMBER]


class Files:
    """The source files of a domain, looked for once."""

    def __init__(self, config: LakeConfig) -> None:
        self.config = config

    @cached_property
    def listing(self) -> Listing | None:
        """What is in their folder; None where there is none."""
        return listing(self.config.data_raw) if self.config.data_raw.exists() else None


def raw_texts(files: Files, contract: Contract, rows: Sequence[Row]) -> dict[Place, RawText]:
    """The records that rows of a bronze table were read from, from the files that are there.

    Raises:
        StoreError: the lake cannot be read.
    """
    wanted: dict[tuple[str, int | None], set[int]] = {}
    for row in rows:
        name, delivery, number = place_of(row)
        wanted.setdefault((name, delivery), set()).add(number)
    entries = {
        (entry.name, entry.delivery_id): entry
        for entry in read_manifest(delta.log(table_path(files.config, contract.ref))).entries
    }
    there = by_name(contract, files.listing)
    found: dict[Place, RawText] = {}
    for (name, delivery), numbers in wanted.items():
        texts = _of_file(contract, entries.get((name, delivery)), there.get(name, []), numbers)
        found |= {(name, delivery, number): text for number, text in texts.items()}
    return found


def _of_file(
    contract: Contract,
    entry: FileEntry | None,
    sources: Sequence[SourceFile],
    numbers: set[int],
) -> dict[int, RawText]:
    if not sources or entry is None:
        return dict.fromkeys(numbers, RawText(None, "the file is not in data_raw"))
    source = as_landed(sources, entry)
    if source is None:
        return dict.fromkeys(numbers, RawText(None, "the file in data_raw has other content now"))
    try:
        texts = _records(contract, source, numbers)
        lines = _lines(contract, source, set(texts))
    except (SourceError, ContractError) as error:
        return dict.fromkeys(numbers, RawText(None, f"the file cannot be read: {error.message}"))
    lost = RawText(None, "the file has no such record by its contract of today")
    return {n: RawText(texts[n], line=lines.get(n)) if n in texts else lost for n in numbers}


def _lines(contract: Contract, source: SourceFile, numbers: set[int]) -> dict[int, int]:
    """The lines on which records begin, in a text file that is not large."""
    kind = source.format or spec_of(contract).formats[0]
    if kind not in ("csv", "jsonl") or source.size > LOOKED_THROUGH_BYTES:
        return {}
    try:
        return (csv_lines if kind == "csv" else jsonl_lines)(source, contract, numbers)
    except RecordTooLong:  # of another record: those that are wanted were read
        return {}


def _records(contract: Contract, source: SourceFile, numbers: set[int]) -> dict[int, str]:
    """The raw text of some records; the file is read no further than it must be."""
    texts: dict[int, str] = {}
    with readable(source):
        for part in readers.read(source, contract).parts:
            texts |= _of_part(part, sorted(numbers - set(texts)))
            if len(texts) == len(numbers):
                break
    return texts


def _of_part(part: Any, numbers: list[int]) -> dict[int, str]:
    laid = part.lay_out([part])
    held = set(laid.rows[SRC_ROW_NUMBER]) if numbers else set()
    here = [number for number in numbers if number in held]
    return dict(laid.raw_records(0, here)) if here else {}
