"""Contracts and source files made in a line, for tests of readers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from carms_lake import readers
from carms_lake.contract.model import Column, Contract, SourceSpec
from carms_lake.contract.types import ColumnType, parse_type
from carms_lake.errors import SourceRefused
from carms_lake.names import Layer, TableRef
from carms_lake.readers import content
from carms_lake.readers.content import disk_facts, readable
from carms_lake.readers.csv import header as csv_header
from carms_lake.readers.csv import records as csv_records
from carms_lake.readers.frames import malformed_frame
from carms_lake.records import CHUNK, SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    import pytest

    from carms_lake.records import Chunk

REF = TableRef("test", Layer.BRONZE, "things")


def column(name: str, type_: str = "varchar", **rest: Any) -> Column:
    """A column of a contract; `source` is its header or path."""
    parsed: ColumnType = parse_type(None, type_, where=name)
    return Column(name=name, type=parsed, **{"source": name, **rest})


def bronze(*columns: Column | str, format: str = "csv", **spec: Any) -> Contract:  # noqa: A002 - the contract's key
    """A bronze contract; a bare name is a column of text."""
    own = SourceSpec(**{"files": (f"*.{format}",), "formats": (format,), **spec})
    return Contract(
        ref=REF,
        version="1.0.0",
        columns=tuple(column(c) if isinstance(c, str) else c for c in columns),
        grain="",
        source=own,
    )


def source(path: Path, member: str | None = None) -> SourceFile:
    """A file as `discover` finds it."""
    name = member or path.name.removesuffix(".gz")
    return SourceFile(REF, name, path, *disk_facts(path), member)


def written(folder: Path, content: bytes, name: str = "things.csv") -> SourceFile:
    """A file with this content; a name of its own where none is given, since times may be equal."""
    path = folder / name
    path.write_bytes(content)
    return source(path)


def unique(folder: Path, content: bytes, ending: str) -> SourceFile:
    """A file under a name that its content gives."""
    return written(folder, content, f"{hashlib.sha256(content).hexdigest()[:16]}.{ending}")


class Whole(NamedTuple):
    """A batch whose parts were read."""

    source: SourceFile
    rows: pl.DataFrame
    malformed: pl.DataFrame
    records: int
    notes: tuple[str, ...]
    chunks: tuple[Chunk, ...]


def read(file: SourceFile, contract: Contract) -> Whole:
    """A file as a flow reads it, all parts at once."""
    with readable(file):
        batch = readers.read(file, contract)
        parts = tuple(batch.chunks)
    parsed = [readers.parse_chunks([part]) for part in parts]
    rows = [found.rows.drop(CHUNK) for found in parsed]
    return Whole(
        file,
        pl.concat(rows) if rows else pl.DataFrame(schema={"src_row_number": pl.Int64}),
        pl.concat([malformed_frame(()), *(found.malformed.drop(CHUNK) for found in parsed)]),
        sum(part.records for part in parts),
        batch.notes,
        parts,
    )


def raw_records(file: SourceFile, contract: Contract, numbers: Sequence[int]) -> dict[int, str]:
    """The raw text of records, as their parts have it."""
    found: dict[int, str] = {}
    for part in read(file, contract).chunks:
        found |= readers.parse_chunks([part]).raw[0](numbers)
    return found


def cut_small(patched: pytest.MonkeyPatch, piece_bytes: int) -> None:
    """Have CSV files read in pieces of this size; as it is, small ones are one piece."""
    patched.setattr(csv_records, "PIECE_BYTES", piece_bytes)
    patched.setattr(csv_header, "_HEADER_BYTES", 40)
    patched.setattr(content, "BLOCK_BYTES", 17)


def collected(batch: Whole) -> pl.DataFrame:
    """The rows of a batch."""
    return batch.rows


def landed(file: SourceFile, contract: Contract) -> list[dict[str, Any]]:
    """The rows of a file without their numbers."""
    return read(file, contract).rows.drop("src_row_number").to_dicts()


def outcome(file: SourceFile, contract: Contract) -> tuple[Whole, pl.DataFrame] | SourceRefused:
    """What reading comes to: batch and rows, or the refusal; any other error is a bug."""
    try:
        batch = read(file, contract)
    except SourceRefused as refusal:
        return refusal
    return batch, batch.rows
