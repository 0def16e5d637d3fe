"""The records of files on their way into a bronze table: read, checked, staged and committed.

Small files share a batch and a large file fills several, so time per record and memory stay the
same however the records are spread over files. One batch is checked while the next is read.
"""

from __future__ import annotations

import time
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake import readers
from carms_lake.errors import NotReconciled, SourceRefused, counted
from carms_lake.flows.ingest.kept import has_other_types, kept_rows
from carms_lake.flows.ingest.renames import move_rejects, moved_rows
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_HASH, SRC_ROW_NUMBER
from carms_lake.quality.split import TrackedChunk, landed_schema, split
from carms_lake.readers.content import readable
from carms_lake.store import delta, table_path
from carms_lake.store.delta.inspection import inspected
from carms_lake.store.delta.integrity import beyond_cure
from carms_lake.store.delta.log import LEFT
from carms_lake.store.rejects import write_rejects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from carms_lake.contract.model import Contract
    from carms_lake.flows.ingest.renames import Renames
    from carms_lake.flows.run import Run
    from carms_lake.quality.split import Provenance
    from carms_lake.records import Chunk, SourceFile
    from carms_lake.store.delta.manifest import FileEntry
    from carms_lake.store.delta.staged import Staged


BATCH_RECORDS = 200_000
"""How many records are checked together."""

_REJECTS_IN_MEMORY = 50_000
"""More rejects than this are written before all files are read."""


class Stop(Event):
    """Set when tables that are ingested side by side are to end where they are."""

    def check(self) -> None:
        """End here where it is set.

        Raises:
            CancelledError: another table failed, or the user pressed Ctrl-C.
        """
        if self.is_set():
            raise CancelledError


@dataclass
class FileCounts:
    """What became of the records of one file, so far."""

    records: int = 0
    accepted: int = 0
    rejected: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    first_fault: str = ""
    """Where the first record was rejected, and why."""


class BatchWriter:
    """Everything that one run reads into one table; without `staged` nothing is written."""

    def __init__(self, run: Run, contract: Contract, staged: Staged | None, stop: Stop) -> None:
        self._run = run
        self._contract = contract
        self._staged = staged
        self._stop = stop
        self._batch: list[TrackedChunk] = []
        self._waiting = 0
        self._counts: dict[str, FileCounts] = {}
        self._rejects: list[pl.DataFrame] = []
        self._checker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="check")
        self._checking: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._checker.shutdown(wait=True, cancel_futures=True)

    def read(self, source: SourceFile, provenance: Provenance) -> FileCounts:
        """Read a file to its end; its counts are complete after `flush`.

        Raises:
            SourceRefused: nothing of the file is kept.
            CancelledError: the ingest is to end.
        """
        started = time.perf_counter()
        counts = self._counts[source.name] = FileCounts()
        try:
            for chunk in self._chunks(source, counts):
                counts.records += chunk.records
                self._add(TrackedChunk(source, provenance, chunk))
        except SourceRefused:
            self.drop(source, provenance)
            raise
        counts.seconds = time.perf_counter() - started
        return counts

    def drop(self, source: SourceFile, provenance: Provenance) -> None:
        """Forget everything that was read of a file."""
        self._wait()
        self._batch = [tracked for tracked in self._batch if tracked.source.name != source.name]
        self._waiting = sum(tracked.chunk.records for tracked in self._batch)
        counts = self._counts.pop(source.name)
        if counts.accepted and self._staged:
            self._staged.discard(self._keys([(source.name, provenance.delivery_id)]))

    def has_read(self, name: str) -> bool:
        """Whether the rows of a file are among those that this run read."""
        return name in self._counts

    def hashes_of(self, name: str) -> pl.LazyFrame | None:
        """The hashes of the rows of a file that this run read; None in a dry run.

        Raises:
            StoreError: the lake cannot be written.
        """
        self.flush()
        if self._staged is None:
            return None
        return self._staged.scan().filter(pl.col(SRC_FILENAME) == name).select(SRC_ROW_HASH)

    def flush(self) -> None:
        """Check and stage all that was read.

        Raises:
            NotReconciled: a record was lost or made; a bug.
            StoreError: the lake cannot be written.
        """
        self._submit()
        self._wait()

    def finish(self) -> None:
        """Check and stage all that was read, see that no record is missing, write the rejects.

        Raises:
            NotReconciled: a record was lost or made; a bug.
            StoreError: the lake cannot be written.
        """
        self.flush()
        for name, counts in self._counts.items():
            if counts.records != counts.accepted + counts.rejected:
                raise NotReconciled(
                    f"`{name}`: {counts.records} records, but {counts.accepted} accepted and "
                    f"{counts.rejected} rejected",
                    "this is a bug: please report it with the file's contract",
                )
        self._write_rejects()

    def commit(
        self,
        entries: Sequence[FileEntry],
        renames: Renames,
        *,
        is_full_refresh: bool,
        misfits_as_null: bool,
    ) -> None:
        """Commit the staged rows of files together, in place of those that the table has of them.

        Renamed files that were not read take their rows and rejects along. Where the contract's
        columns changed, a full refresh carries other deliveries over to them. A dry run commits
        nothing.

        Raises:
            ContractError: the table has other columns than its contract, or a full refresh keeps
                values that are not of its types.
            StoreError: the lake cannot be written.
        """
        if self._staged is None:
            return
        path = table_path(self._run.config, self._contract.ref)
        schema = landed_schema(self._contract)
        read = {(entry.name, entry.delivery_id) for entry in entries}
        kept = renames.origin.keys() - read
        # The table has its rows under the old names.
        known = {
            renames.origin.get((e.name, e.delivery_id), (e.name, e.delivery_id)): e.accepted
            for e in renames.manifest.entries
        }
        replaced = {*renames.origin.values(), *renames.dropped}
        replaced |= {label for label in read - renames.origin.keys() if label in known}
        keys = self._keys(sorted(replaced, key=repr))
        with_rows = {label for label, accepted in known.items() if accepted}
        is_whole = bool(with_rows) and with_rows <= replaced and not kept
        present = delta.columns(path) if is_full_refresh and delta.exists(path) else schema
        as_kept = partial(
            kept_rows, self._run, self._contract, present, misfits_as_null=misfits_as_null
        )
        if kept:
            move_rejects(self._run, self._contract, renames, kept)
            if delta.columns(path) == present:  # else the commit refuses
                for rows in moved_rows(self._run, self._contract, renames, kept):
                    self._staged.add(as_kept(rows))
        if is_full_refresh and not is_whole and has_other_types(self._contract, present):
            others = delta.scan(path).join(
                keys.lazy(), on=keys.columns, how="anti", nulls_equal=True, maintain_order="left"
            )
            self._staged.add(as_kept(others))
            is_whole = True
        if is_full_refresh and not is_whole and (wrong := inspected(path, contents=True).wrong):
            raise beyond_cure(path, wrong, sorted({n for n, _ in with_rows - replaced}))
        renamed = [e for e in renames.entries if (e.name, e.delivery_id) not in read]
        metadata = self._metadata([*renamed, *entries], renames)
        self._staged.commit(metadata, keys if replaced else None, whole=is_whole)

    def _metadata(self, entries: Sequence[FileEntry], renames: Renames) -> dict[str, Any]:
        """What the commit says of its run, its contract and its files."""
        metadata: dict[str, Any] = {
            "run_id": self._run.run_id,
            "contract": self._contract.fingerprint,
            "contract_version": self._contract.version,
            "files": [entry.as_metadata() for entry in entries],
        }
        return {**metadata, LEFT: renames.left} if renames.left else metadata

    def _keys(self, deliveries: Sequence[tuple[str, int | None]]) -> pl.DataFrame:
        """What tells the rows of these deliveries from others."""
        schema = {SRC_FILENAME: pl.String, DELIVERY_ID: pl.Int64}
        keys = pl.DataFrame(deliveries, schema=schema, orient="row")
        return keys if DELIVERY_ID in self._contract.audit_columns else keys.select(SRC_FILENAME)

    def _chunks(self, source: SourceFile, counts: FileCounts) -> Iterator[Chunk]:
        with readable(source):
            found = readers.read(source, self._contract)
            counts.notes += found.notes
            chunks = iter(found.chunks)
        while True:
            with readable(source):  # damage, or a file that is gone, may show only here
                chunk = next(chunks, None)
            if chunk is None:
                return
            self._stop.check()
            yield chunk

    def _add(self, tracked: TrackedChunk) -> None:
        if self._batch and self._batch[0].chunk.kind != tracked.chunk.kind:
            self._submit()
        if tracked.chunk.records:
            self._batch.append(tracked)
            self._waiting += tracked.chunk.records
        if self._waiting >= BATCH_RECORDS:
            self._submit()

    def _submit(self) -> None:
        """Have the batch checked once the one before it is."""
        self._wait()
        if self._batch:
            batch, self._batch, self._waiting = self._batch, [], 0
            self._checking = self._checker.submit(self._check, batch)

    def _wait(self) -> None:
        checking, self._checking = self._checking, None
        if checking:
            checking.result()

    def _check(self, batch: list[TrackedChunk]) -> None:
        parsed = readers.parse_chunks([tracked.chunk for tracked in batch])
        checked = split(parsed, batch, self._contract)
        for name, count in checked.accepted.group_by(SRC_FILENAME).len().iter_rows():
            self._counts[name].accepted += count
        fault = pl.col("reasons").first().list.first().struct.field("message")
        rejected = checked.rejected.group_by(SRC_FILENAME).agg(
            pl.len(), pl.col(SRC_ROW_NUMBER).first(), fault
        )
        for name, count, record, message in rejected.iter_rows():
            counts = self._counts[name]
            counts.rejected += count
            counts.first_fault = counts.first_fault or f"record {record}: {message}"
        for (name, column), count in checked.disagreeing.items():
            note = f"`{name}`: {counted(count, 'row')} with another `{column}` than the file's path"
            self._counts[name].notes.append(note)
        self._rejects.append(checked.rejected)
        if self._staged:
            self._staged.add(checked.accepted)
            if sum(frame.height for frame in self._rejects) >= _REJECTS_IN_MEMORY:
                self._write_rejects()

    def _write_rejects(self) -> None:
        if self._staged:
            write_rejects(self._run.config, self._rejects, self._run.run_id)
        self._rejects.clear()
