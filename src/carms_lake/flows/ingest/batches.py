"""The records of files on their way into a bronze table: read, checked and written part by part.

Parts of small files are checked together, large files part by part, so that the time per record
and the memory stay the same however the records are spread over files. One lot is checked while the
next is read.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from carms_lake import readers
from carms_lake.errors import NotReconciled, SourceRefused
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER
from carms_lake.quality.split import split
from carms_lake.readers.faults import readable
from carms_lake.records import TrackedChunk
from carms_lake.store.rejects import write_rejects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from carms_lake.contract.model import Contract
    from carms_lake.flows.run import Run
    from carms_lake.records import Chunk, Provenance, SourceFile
    from carms_lake.store.delta.staged import Staged


LOT_RECORDS = 200_000
"""How many records are checked together."""

_KEPT_REJECTS = 50_000
"""More rejects than this do not wait in memory for the end of the run."""


@dataclass
class FileCounts:
    """What became of the records of one file, so far."""

    records: int = 0
    accepted: int = 0
    rejected: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    first_fault: str = ""
    """Where the first record was set aside, and why."""


class BatchWriter:
    """Everything that one run reads into one table."""

    def __init__(self, run: Run, contract: Contract, staged: Staged | None) -> None:
        """`staged` takes the accepted rows; without it nothing is written (a dry run)."""
        self._run = run
        self._contract = contract
        self._staged = staged
        self._lot: list[TrackedChunk] = []
        self._tallies: dict[str, FileCounts] = {}
        self._rejects: list[pl.DataFrame] = []
        self._checker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="check")
        self._checking: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._checker.shutdown(wait=True, cancel_futures=True)

    def take(self, source: SourceFile, stamp: Provenance) -> FileCounts:
        """Read a file to its end; its tally is whole when `settle` was called.

        Raises:
            SourceRefused: nothing of the file is taken.
        """
        started = time.perf_counter()
        tally = self._tallies[source.name] = FileCounts()
        try:
            for part in self._parts(source, tally):
                tally.records += part.records
                self._add(TrackedChunk(source, stamp, part))
        except SourceRefused:
            self.drop(source, stamp)
            raise
        tally.seconds = time.perf_counter() - started
        return tally

    def drop(self, source: SourceFile, stamp: Provenance) -> None:
        """Forget everything that was taken of a file."""
        self._wait()
        self._lot = [piece for piece in self._lot if piece.source.name != source.name]
        tally = self._tallies.pop(source.name)
        if tally.accepted and self._staged:
            values = {SRC_FILENAME: source.name, DELIVERY_ID: stamp.delivery_id}
            schema = {SRC_FILENAME: pl.String, DELIVERY_ID: pl.Int64}
            kept = [SRC_FILENAME] if stamp.delivery_id is None else list(schema)
            self._staged.discard(pl.DataFrame([values], schema=schema).select(kept))

    def settle(self) -> None:
        """Check all that waits, and hand it on.

        Raises:
            NotReconciled: a record was lost or made; a bug.
            StoreError: the lake cannot be written.
        """
        self._hand_over()
        self._wait()

    def finish(self) -> None:
        """Check and hand on all that is left, and see that no record is missing.

        Raises:
            NotReconciled: a record was lost or made; a bug.
            StoreError: the lake cannot be written.
        """
        self.settle()
        for name, tally in self._tallies.items():
            if tally.records != tally.accepted + tally.rejected:
                raise NotReconciled(
                    f"`{name}`: {tally.records} records, but {tally.accepted} accepted and "
                    f"{tally.rejected} rejected",
                    "this is a bug: please report it with the file's contract",
                )
        if self._staged:
            write_rejects(self._run.config, self._rejects, self._run.run_id)
        self._rejects.clear()

    def _parts(self, source: SourceFile, tally: FileCounts) -> Iterator[Chunk]:
        with readable(source):
            batch = readers.read(source, self._contract)
            tally.notes += batch.notes
            parts = iter(batch.chunks)
        while True:
            with readable(source):  # what is damaged or taken away may show only here
                part = next(parts, None)
            if part is None:
                return
            self._run.go_on()
            yield part

    def _add(self, piece: TrackedChunk) -> None:
        if self._lot and self._lot[0].chunk.kind != piece.chunk.kind:
            self._hand_over()
        if piece.chunk.records:
            self._lot.append(piece)
        if sum(waiting.chunk.records for waiting in self._lot) >= LOT_RECORDS:
            self._hand_over()

    def _hand_over(self) -> None:
        """Have the lot checked, behind the one before it."""
        self._wait()
        if self._lot:
            lot, self._lot = self._lot, []
            self._checking = self._checker.submit(self._check, lot)

    def _wait(self) -> None:
        checking, self._checking = self._checking, None
        if checking:
            checking.result()

    def _check(self, lot: list[TrackedChunk]) -> None:
        parsed = readers.parse_chunks([piece.chunk for piece in lot])
        checked = split(parsed, lot, self._contract)
        for name, count in _by_file(checked.accepted):
            self._tallies[name].accepted += count
        for name, count in _by_file(checked.rejected):
            tally = self._tallies[name]
            tally.rejected += count
            tally.first_fault = tally.first_fault or _first_fault(checked.rejected, name)
        for (name, column), count in checked.disagreeing.items():
            self._tallies[name].notes.append(
                f"`{name}`: {count} rows have another `{column}` than their path says"
            )
        if self._staged:
            self._staged.add(checked.accepted)
        self._rejects.append(checked.rejected)
        if self._staged and sum(frame.height for frame in self._rejects) >= _KEPT_REJECTS:
            write_rejects(self._run.config, self._rejects, self._run.run_id)
            self._rejects.clear()


def _by_file(frame: pl.DataFrame) -> Iterator[tuple[str, int]]:
    yield from frame.group_by(SRC_FILENAME).len().iter_rows()


def _first_fault(rejected: pl.DataFrame, name: str) -> str:
    first = rejected.filter(pl.col(SRC_FILENAME) == name).row(0, named=True)
    return f"record {first[SRC_ROW_NUMBER]}: {first['reasons'][0]['message']}"
