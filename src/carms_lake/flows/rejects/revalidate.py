"""The rejected records of one bronze table, validated again by its current contract."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import polars as pl

from carms_lake import readers
from carms_lake.contract.model import Contract
from carms_lake.flows.ingest.batches import BATCH_RECORDS
from carms_lake.flows.rejects.locate import LandedFiles
from carms_lake.flows.rejects.reparse import Reparsed, reparse
from carms_lake.flows.run import Run
from carms_lake.names import (
    SRC_EXTRA,
    SRC_FILENAME,
    SRC_REPAIR,
    SRC_ROW_NUMBER,
    TableRef,
)
from carms_lake.quality.rejected import of_run
from carms_lake.quality.split import Provenance, TrackedChunk, landed_schema, split
from carms_lake.records import FileReport, FileStatus, Progress
from carms_lake.store import delta, table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import FileEntry, read_manifest

OPTIONAL_COLUMNS = {SRC_REPAIR, SRC_EXTRA}
"""Columns that a contract may start to ask for: null in the rows that landed before."""


@dataclass(frozen=True)
class Replayed:
    """What became of the rejected records of one file."""

    table: TableRef
    name: str
    set_aside: int
    """How many were rejected."""
    landed: int
    left: int
    """Still rejected, including those that could not be reparsed."""
    read_from: str
    """`raw record`, `source file`, or empty."""
    why_not: str
    """Why not all of them could be reparsed."""


class _File(NamedTuple):
    """One file with rejected records, and what could be read of them again."""

    entry: FileEntry
    rejected: pl.DataFrame
    reparsed: Reparsed


@dataclass
class RevalidatedTable:
    """One bronze table: its rejected records validated again, and what is to be committed."""

    run: Run
    contract: Contract
    done: list[Replayed] = field(default_factory=list)
    accepted: list[pl.DataFrame] = field(default_factory=list)
    rejected: list[pl.DataFrame] = field(default_factory=list)
    entries: list[FileEntry] = field(default_factory=list)
    reports: list[FileReport] = field(default_factory=list)


def revalidate(
    table: RevalidatedTable, rejected: pl.DataFrame, files: LandedFiles, progress: Progress | None
) -> None:
    """Validate the rejected records of a table again; the results are added to it."""
    # Many files are split at once: a split takes as long for one record as for many.
    batches: dict[Hashable, list[_File]] = defaultdict(list)
    sizes: Counter[Hashable] = Counter()
    for file in _reparsed_files(table, rejected, files, progress):
        kinds = frozenset(tracked.chunk.kind for tracked in file.reparsed.chunks)
        batches[kinds].append(file)
        sizes[kinds] += file.rejected.height
        if sizes[kinds] >= BATCH_RECORDS:
            _split(table, batches.pop(kinds))
            del sizes[kinds]
    for batch in batches.values():
        _split(table, batch)


def _reparsed_files(
    table: RevalidatedTable, rejected: pl.DataFrame, files: LandedFiles, progress: Progress | None
) -> Iterator[_File]:
    contract, run = table.contract, table.run
    path = table_path(run.config, contract.ref)
    current = read_manifest(commits(path)).current
    why_not = _other_columns(path, contract)
    by_file = _by_file(rejected)
    for number, (name, records) in enumerate(sorted(by_file.items())):
        if progress:
            progress(name, number, len(by_file))
        entry = current[name]
        if why_not:
            yield _File(entry, records, Reparsed(why_not=why_not))
            continue
        delivered = datetime.fromisoformat(entry.delivered_at) if entry.delivered_at else None
        provenance = Provenance(run.run_id, run.started_at, entry.delivery_id, delivered)
        find = partial(files.find, contract, entry)
        yield _File(entry, records, reparse(records, name, contract, provenance, find))


def _split(table: RevalidatedTable, files: Sequence[_File]) -> None:
    by_kind: dict[Hashable, list[TrackedChunk]] = defaultdict(list)
    for tracked in (tracked for file in files for tracked in file.reparsed.chunks):
        by_kind[tracked.chunk.kind].append(tracked)
    found = [
        split(readers.parse_chunks([one.chunk for one in tracked]), tracked, table.contract)
        for tracked in by_kind.values()
    ]
    accepted = _by_file(pl.concat([c.accepted for c in found])) if found else {}
    rejected = _by_file(pl.concat([c.rejected for c in found])) if found else {}
    disagreeing = [item for c in found for item in c.disagreeing.items()]
    for file in files:
        name = file.entry.name
        notes = [
            f"in {count} of them `{column}` differs from the path"
            for (of, column), count in disagreeing
            if of == name
        ]
        _add(table, file, accepted.get(name), rejected.get(name), notes)


def _by_file(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.partition_by(SRC_FILENAME, as_dict=True, maintain_order=True)
    return {str(name): part for (name,), part in parts.items()}


def _add(
    table: RevalidatedTable,
    file: _File,
    accepted: pl.DataFrame | None,
    rejected: pl.DataFrame | None,
    notes: Sequence[str],
) -> None:
    """Add what became of a file's records, and what is to be committed of them."""
    entry, before, reparsed = file.entry, file.rejected, file.reparsed
    landed = 0 if accepted is None else accepted.height
    left, ref = before.height - landed, table.contract.ref
    table.done.append(
        Replayed(ref, entry.name, before.height, landed, left, reparsed.read_from, reparsed.why_not)
    )
    if not landed and (rejected is None or _same_reasons(before, rejected)):
        return
    revalidated = [frame for frame in (accepted, rejected) if frame is not None]
    numbers = pl.concat([frame.select(SRC_ROW_NUMBER) for frame in revalidated])
    others = before.join(numbers, on=SRC_ROW_NUMBER, how="anti", maintain_order="left")
    table.accepted += [] if accepted is None else [accepted]
    table.rejected += [
        of_run(others, table.run.run_id, table.run.started_at),
        *([] if rejected is None else [rejected]),
    ]
    entry = replace(entry, run_id=table.run.run_id, accepted=entry.accepted + landed, rejected=left)
    table.entries.append(entry)
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
            notes=(f"{landed} of {before.height} rejected records landed", *notes),
        )
    )


def _other_columns(path: Path, contract: Contract) -> str:
    """How a table's columns differ from those of its contract; empty if they do not."""
    stored, wanted = delta.columns(path), landed_schema(contract)
    missing = wanted.keys() - stored.keys() - OPTIONAL_COLUMNS
    other = [name for name in stored if wanted.get(name) != stored[name]]
    if not missing and not other:
        return ""
    names = ", ".join(f"`{name}`" for name in sorted([*missing, *other]))
    return f"the contract has other columns ({names}); `carms ingest --full-refresh`"


def _same_reasons(before: pl.DataFrame, rejected: pl.DataFrame) -> bool:
    """Whether the records that were revalidated fail as before."""
    same = before.join(rejected.select(SRC_ROW_NUMBER), on=SRC_ROW_NUMBER, how="semi")
    then, now = (frame.sort(SRC_ROW_NUMBER)["reasons"] for frame in (same, rejected))
    return then.equals(now)
