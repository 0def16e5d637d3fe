"""The records of files on their way into a bronze table: read, checked and staged.

Small files share a batch and a large file fills several, so time per record and memory stay the
same however the records are spread over files. One batch is checked while the next is read.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from threading import Event
from typing import Self

import polars as pl

from carms_lake import readers
from carms_lake.contract.model import Contract
from carms_lake.errors import NotReconciled, SourceRefused, counted
from carms_lake.flows.ingest.commit import keys_of
from carms_lake.flows.ingest.outcome import FileCounts, Tried
from carms_lake.flows.run import Run
from carms_lake.names import SRC_FILENAME, SRC_ROW_HASH, SRC_ROW_NUMBER
from carms_lake.quality.split import Checked, Provenance, TrackedChunk, split
from carms_lake.readers.content import readable
from carms_lake.records import Chunk, SourceFile
from carms_lake.store.delta.staged import Staged
from carms_lake.store.rejects import write_rejects

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


class BatchWriter:
    """Everything that one run reads into one table; without `staged` nothing is written."""

    def __init__(self, run: Run, contract: Contract, staged: Staged | None, stop: Stop) -> None:
        self._run = run
        self._contract = contract
        self._staged = staged
        self._tried = Tried()
        self._stop = stop
        self._batch: list[TrackedChunk] = []
        self._waiting = 0
        self._counts: dict[str, FileCounts] = {}
        self.refused: dict[str, SourceRefused] = {}
        """Files that were read and could not be checked, by name; nothing of them is kept."""
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
                self.ensure_kept(source)
        except SourceRefused:
            self.drop(source, provenance)
            raise
        counts.seconds = time.perf_counter() - started
        return counts

    def drop(self, source: SourceFile, provenance: Provenance) -> None:
        """Forget everything that was read of a file."""
        # The batch that is being checked may hold records of it, and stages them when it is done.
        self._wait()
        self._batch = [tracked for tracked in self._batch if tracked.source.name != source.name]
        self._waiting = sum(tracked.chunk.records for tracked in self._batch)
        self._forget(source, provenance)

    def ensure_kept(self, source: SourceFile) -> None:
        """See that a file is not among those that could not be checked, as far as they were.

        Raises:
            SourceRefused: it is.
        """
        if source.name in self.refused:
            raise self.refused[source.name]

    def has_read(self, name: str) -> bool:
        """Whether the rows of a file are among those that this run read."""
        return name in self._counts

    def hashes_of(self, name: str) -> pl.LazyFrame:
        """The hashes of the rows of a file that this run read.

        Raises:
            StoreError: the lake cannot be written.
        """
        self.flush()
        if self._staged is None:
            return self._tried.hashes_of(name)
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

        A dry run notes the reasons instead.

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
        for name, reason in self._tried.reasons():
            if name in self._counts:
                self._counts[name].notes.append(reason)
        self._write_rejects()

    def _chunks(self, source: SourceFile, counts: FileCounts) -> Iterator[Chunk]:
        with readable(source):
            found = readers.read(source, self._contract)
            chunks = iter(found.chunks)
        while True:
            with readable(source):  # damage, or a file that is gone, may show only here
                chunk = next(chunks, None)
            if chunk is None:
                # Readers add to their notes as they go: these are complete only now.
                counts.notes += found.notes
                return
            self._stop.check()
            yield chunk

    def _add(self, tracked: TrackedChunk) -> None:
        # Chunks of one kind are parsed together.
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

    def _forget(self, source: SourceFile, provenance: Provenance) -> None:
        counts = self._counts.pop(source.name, None)
        if counts and counts.accepted and self._staged:
            self._staged.discard(keys_of(self._contract, [(source.name, provenance.delivery_id)]))

    def _check(self, batch: Sequence[TrackedChunk]) -> None:
        """Check and keep a batch; of the files in it, one that raises anything is refused."""
        batch = [tracked for tracked in batch if tracked.source.name not in self.refused]
        if not batch:
            return
        source, provenance, _ = batch[0]
        try:
            with readable(source):
                parsed = readers.parse_chunks([tracked.chunk for tracked in batch])
                checked = split(parsed, batch, self._contract)
        except (SourceRefused, NotReconciled) as error:
            names = list(dict.fromkeys(tracked.source.name for tracked in batch))
            if len(names) == 1:
                refused = SourceRefused("UNREADABLE", error.message, error.hint)
                refused.__cause__ = error.__cause__
                self.refused[source.name] = refused
                self._forget(source, provenance)
                return
            # Nothing says which of its files is at fault: halves are tried until one is alone.
            first = set(names[: len(names) // 2])
            for is_first in (True, False):
                self._check([t for t in batch if (t.source.name in first) == is_first])
            return
        self._keep(checked)

    def _keep(self, checked: Checked) -> None:
        """Count and stage the rows of a batch that was checked."""
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
        if self._staged is None:
            self._tried.add(checked)
            return
        self._staged.add(checked.accepted)
        self._rejects.append(checked.rejected)
        if sum(frame.height for frame in self._rejects) >= _REJECTS_IN_MEMORY:
            self._write_rejects()

    def _write_rejects(self) -> None:
        write_rejects(self._run.config, self._rejects, self._run.run_id)
        self._rejects.clear()
