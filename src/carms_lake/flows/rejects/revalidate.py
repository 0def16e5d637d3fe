"""The set-aside records of one bronze table, judged again by its contract of today."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from carms_lake import readers
from carms_lake.flows.ingest.batches import BATCH_RECORDS
from carms_lake.flows.rejects import as_landed, by_name
from carms_lake.flows.rejects.reparse import Reread, reread
from carms_lake.names import (
    INGESTION_TS,
    RUN_ID,
    SRC_EXTRA,
    SRC_FILENAME,
    SRC_REPAIR,
    SRC_ROW_NUMBER,
)
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.quality.split import AUDIT_SCHEMA, landed_schema, split
from carms_lake.records import FileReport, FileStatus, Provenance
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.manifest import read_manifest
from carms_lake.store.layout import table_path

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.flows.run import Run
    from carms_lake.names import TableRef
    from carms_lake.readers.discover import Listing
    from carms_lake.records import TrackedChunk
    from carms_lake.store.delta.manifest import FileEntry

    Progress = Callable[[str, int, int | None], None]


ADDED = (SRC_REPAIR, SRC_EXTRA)
"""Columns that a contract may begin to ask for: null in the rows that landed before."""


@dataclass(frozen=True)
class Replayed:
    """What became of the set-aside records of one file."""

    table: TableRef
    name: str
    set_aside: int
    """How many there were."""
    landed: int
    left: int
    """Still set aside, those that could not be read again among them."""
    read_from: str
    """`raw record`, `source file`, or nothing."""
    why_not: str
    """Why not all of them could be read again."""


@dataclass(frozen=True)
class _File:
    """One file with set-aside records, and what could be read of them again."""

    entry: FileEntry
    aside: pl.DataFrame
    read: Reread


@dataclass
class Rejudged:
    """One bronze table: its set-aside records judged again, and what is to be committed."""

    run: Run
    contract: Contract
    done: list[Replayed] = field(default_factory=list)
    accepted: list[pl.DataFrame] = field(default_factory=list)
    rejected: list[pl.DataFrame] = field(default_factory=list)
    entries: list[FileEntry] = field(default_factory=list)
    reports: list[FileReport] = field(default_factory=list)


def files_of(
    table: Rejudged, aside: pl.DataFrame, there: Listing | None, progress: Progress | None
) -> Iterator[_File]:
    """Each file with what can be read of its records again."""
    contract, run = table.contract, table.run
    path = table_path(run.config, contract.ref)
    current = read_manifest(delta.log(path)).current
    why_not = _other_columns(path, contract)
    sources = by_name(contract, there)
    files = aside.partition_by(SRC_FILENAME, as_dict=True, maintain_order=True)
    for number, ((name,), records) in enumerate(sorted(files.items())):
        if progress:
            progress(str(name), number, len(files))
        entry = current[str(name)]
        if why_not:
            yield _File(entry, records, Reread(why_not=why_not))
            continue
        delivered = datetime.fromisoformat(entry.delivered_at) if entry.delivered_at else None
        stamp = Provenance(run.run_id, run.started_at, entry.delivery_id, delivered)
        find = partial(as_landed, sources.get(entry.name, ()), entry)
        yield _File(entry, records, reread(records, entry.name, contract, stamp, find))


def judge(table: Rejudged, files: Iterable[_File]) -> None:
    """Split what was read of many files at once, as the time of a split is that of many records."""
    lots: dict[Hashable, list[_File]] = {}
    sizes: dict[Hashable, int] = defaultdict(int)
    for file in files:
        kinds = {piece.chunk.kind for piece in file.read.parts}
        if len(kinds) != 1:  # nothing was read, or parts that are split apart
            _split(table, [file])
            continue
        (kind,) = kinds
        lots.setdefault(kind, []).append(file)
        sizes[kind] += file.aside.height
        if sizes[kind] >= BATCH_RECORDS:
            _split(table, lots.pop(kind))
            sizes[kind] = 0
    for lot in lots.values():
        _split(table, lot)


def _split(table: Rejudged, files: Sequence[_File]) -> None:
    by_kind: dict[Hashable, list[TrackedChunk]] = {}
    for file in files:
        for piece in file.read.parts:
            by_kind.setdefault(piece.chunk.kind, []).append(piece)
    found = [
        split(readers.parse_chunks([piece.chunk for piece in pieces]), pieces, table.contract)
        for pieces in by_kind.values()
    ]
    empty = [pl.DataFrame(schema=landed_schema(table.contract))]
    accepted = _by_file(pl.concat([c.accepted for c in found] or empty))
    rejected = _by_file(
        pl.concat([c.rejected for c in found] or [pl.DataFrame(schema=REJECT_SCHEMA)])
    )
    disagreeing = [item for c in found for item in c.disagreeing.items()]
    for file in files:
        name = file.entry.name
        notes = [
            f"{count} of them have another `{column}` than their path says"
            for (of, column), count in disagreeing
            if of == name
        ]
        _take(table, file, accepted.get(name), rejected.get(name), notes)


def _by_file(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.partition_by(SRC_FILENAME, as_dict=True, maintain_order=True)
    return {str(name): part for (name,), part in parts.items()}


def _take(
    table: Rejudged,
    file: _File,
    accepted: pl.DataFrame | None,
    rejected: pl.DataFrame | None,
    notes: Sequence[str],
) -> None:
    """Note what became of a file's records, and what is to be committed of it."""
    entry, aside, read = file.entry, file.aside, file.read
    landed = 0 if accepted is None else accepted.height
    left, ref = aside.height - landed, table.contract.ref
    table.done.append(
        Replayed(ref, entry.name, aside.height, landed, left, read.read_from, read.why_not)
    )
    if not landed and (rejected is None or _same_reasons(aside, rejected)):
        return
    judged = [frame[SRC_ROW_NUMBER] for frame in (accepted, rejected) if frame is not None]
    kept = aside.filter(~pl.col(SRC_ROW_NUMBER).is_in(pl.concat(judged).implode()))
    table.accepted += [] if accepted is None else [accepted]
    table.rejected += [_of_run(kept, table.run), *([] if rejected is None else [rejected])]
    entry = replace(entry, run_id=table.run.run_id, accepted=entry.accepted + landed, rejected=left)
    table.entries.append(entry)
    said = f"{landed} of {aside.height} set-aside records landed"
    table.reports.append(
        FileReport(
            ref,
            entry.name,
            FileStatus.REPLAYED,
            records=entry.records,
            accepted=entry.accepted,
            rejected=entry.rejected,
            bytes=entry.size,
            sha256=entry.sha256,
            notes=(said, *notes),
        )
    )


def _other_columns(path: Path, contract: Contract) -> str:
    """What is said of a table that lacks a column of its contract, or has another one."""
    there, here = delta.columns(path), landed_schema(contract)
    missing = here.keys() - there.keys() - set(ADDED)
    other = [name for name in there if here.get(name) != there[name]]
    if not missing and not other:
        return ""
    names = ", ".join(f"`{name}`" for name in sorted([*missing, *other]))
    return f"the contract has other columns ({names}); `carms ingest --full-refresh`"


def _same_reasons(aside: pl.DataFrame, rejected: pl.DataFrame) -> bool:
    """Whether the records that were judged fail as before."""
    there = aside.join(rejected.select(SRC_ROW_NUMBER), on=SRC_ROW_NUMBER, how="semi")
    before, now = (frame.sort(SRC_ROW_NUMBER)["reasons"] for frame in (there, rejected))
    return before.equals(now)


def _of_run(rejects: pl.DataFrame, run: Run) -> pl.DataFrame:
    """Rejects that nobody judged again, as this run's: they count under the run of their file."""
    stamped = rejects.with_columns(
        pl.lit(run.run_id).alias(RUN_ID),
        pl.lit(run.started_at, AUDIT_SCHEMA[INGESTION_TS]).alias(INGESTION_TS),
    )
    return stamped.match_to_schema(REJECT_SCHEMA, missing_columns="insert", extra_columns="ignore")
