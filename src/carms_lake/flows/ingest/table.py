"""The files of one bronze table: which are read, what becomes of each, one commit for all."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.contract.model import Delivery
from carms_lake.errors import SourceRefused
from carms_lake.flows.ingest.batches import BatchWriter, FileCounts
from carms_lake.names import DELIVERY_ID, SRC_FILENAME
from carms_lake.quality.split import landed_schema
from carms_lake.readers.content import digest
from carms_lake.records import FileReport, FileStatus, Provenance, SourceFile
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.manifest import FileEntry, Manifest, read_manifest
from carms_lake.store.delta.staged import Staged
from carms_lake.store.layout import parquet_path, table_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.flows.run import Run


@dataclass(frozen=True)
class Options:
    """How an ingest is done."""

    dry_run: bool = False
    full_refresh: bool = False
    also_parquet: bool = False


@dataclass(frozen=True)
class Outcome:
    """What becomes of one file: its report, and what is to be committed of it.

    The counts of a file that was read stand in its tally until all files are read.
    """

    report: FileReport
    entry: FileEntry | None = None
    tally: FileCounts | None = None

    def counted(self) -> Outcome:
        """The same with the counts of its tally."""
        tally, entry = self.tally, self.entry
        if tally is None or entry is None:
            return self
        report = replace(
            self.report,
            records=tally.records,
            accepted=tally.accepted,
            rejected=tally.rejected,
            seconds=round(self.report.seconds + tally.seconds, 3),
            notes=tuple(tally.notes),
        )
        entry = replace(
            entry, records=tally.records, accepted=tally.accepted, rejected=tally.rejected
        )
        return Outcome(report, entry)


class TableIngest:
    """One bronze table in one run."""

    def __init__(self, run: Run, contract: Contract, options: Options) -> None:
        self.run = run
        self.contract = contract
        self.options = options
        self.path = table_path(run.config, contract.ref)
        commits = delta.log(self.path)
        self.manifest: Manifest = read_manifest(commits)
        self.built_with = next(
            (c.metadata["contract"] for c in reversed(commits) if "contract" in c.metadata), None
        )
        current = self.manifest.current.values()
        self.by_content = {entry.sha256: entry.name for entry in current if not entry.copy_of}
        """Name of a file that has landed, by its content."""
        self.is_snapshot = bool(contract.source and contract.source.delivery is Delivery.SNAPSHOT)

    def land(self, files: Sequence[SourceFile], begun: Callable[[str], None]) -> None:
        """Read the table's files and commit them together; the run's report has each of them.

        `begun` is told the name of each file before it is read.

        Raises:
            CancelledError: another part of the run failed.
        """
        with self._staged() as staged, BatchWriter(self.run, self.contract, staged) as intake:
            kept: list[Outcome] = []
            for source in self._without_clashes(files):
                self.run.go_on()
                begun(source.name)
                try:
                    outcome = self._one(source, intake)
                except SourceRefused as error:
                    outcome = Outcome(self._refused(source, error))
                if outcome.entry is None:
                    self.run.files.append(outcome.report)
                else:
                    kept.append(outcome)
                    self._take_note(outcome.entry)
            intake.finish()
            kept = [outcome.counted() for outcome in kept]
            if staged and kept:
                self._commit(kept, staged)
        if self.options.also_parquet and not self.options.dry_run and delta.exists(self.path):
            self._copy_as_parquet()
        self.run.files.extend(outcome.report for outcome in kept)  # only now have they landed
        if self.built_with not in (None, self.contract.fingerprint) and not kept:
            self.run.notes.append(
                f"the contract of `{self.contract.ref}` changed since its files were read; "
                "`carms ingest --full-refresh` reads them again"
            )

    def _take_note(self, entry: FileEntry) -> None:
        if not entry.copy_of:
            old = self.manifest.current.get(entry.name)
            if old and self.by_content.get(old.sha256) == old.name:
                del self.by_content[old.sha256]
            self.by_content.setdefault(entry.sha256, entry.name)

    @contextmanager
    def _staged(self) -> Iterator[Staged | None]:
        if self.options.dry_run:
            yield None
            return
        with Staged(self.path, self.run.run_id, landed_schema(self.contract)) as staged:
            yield staged

    def _without_clashes(self, files: Sequence[SourceFile]) -> list[SourceFile]:
        """The files to read; of several with one name none, unless their content is the same."""
        by_name: dict[str, list[SourceFile]] = {}
        for source in files:
            by_name.setdefault(source.name, []).append(source)
        kept: list[SourceFile] = []
        for same_name in by_name.values():
            try:
                self._see_clash(same_name)
            except SourceRefused as error:
                self.run.files.append(self._refused(same_name[0], error))
            else:
                kept.append(same_name[0])
        return kept

    def _see_clash(self, same_name: Sequence[SourceFile]) -> None:
        if len(same_name) > 1 and len({digest(source).sha256 for source in same_name}) > 1:
            paths = ", ".join(f"`{source.path}`" for source in same_name)
            raise SourceRefused(
                "NAME_CLASH",
                f"`{same_name[0].name}` is there more than once, with different content: {paths}",
                "keep one of them",
            )

    def _one(self, source: SourceFile, intake: BatchWriter) -> Outcome:
        started = time.perf_counter()
        known = self.manifest.current.get(source.name)
        report = FileReport(self.contract.ref, source.name, FileStatus.UNCHANGED, bytes=source.size)
        is_known_copy = bool(known and known.copy_of)
        is_read_again = self.options.full_refresh and not is_known_copy
        as_it_was = known and (known.size, known.mtime_ns) == (source.size, source.mtime_ns)
        if as_it_was and not is_read_again:
            return Outcome(report)
        source = replace(source, sha256=digest(source).sha256)
        report = replace(report, sha256=source.sha256)
        if known and known.sha256 == source.sha256 and not is_read_again:
            return Outcome(report)
        known = None if is_known_copy else known
        twin = None if known else self._twin(source)
        if twin:
            note = f"the same content landed as `{twin}`; skipped"
            entry = self._entry(source, copy_of=twin)
            return Outcome(replace(report, status=FileStatus.COPY, notes=(note,)), entry)
        stamp = self._stamp(source, known)
        seconds = time.perf_counter() - started
        tally = self._read(source, stamp, intake, is_renewed=known is not None)
        status = FileStatus.REPLACED if known else FileStatus.LANDED
        entry = self._entry(source)
        if stamp.delivery_id is not None and stamp.delivered_at:
            delivered_at = stamp.delivered_at.isoformat()
            entry = replace(entry, delivery_id=stamp.delivery_id, delivered_at=delivered_at)
        return Outcome(replace(report, status=status, seconds=seconds), entry, tally)

    def _twin(self, source: SourceFile) -> str | None:
        """A file of the table that landed with the same content, by its name.

        Where a column is a part of the path, the same content under another name is other data.
        """
        if any(column.from_path for column in self.contract.columns):
            return None
        return self.by_content.get(source.sha256)

    def _stamp(self, source: SourceFile, known: FileEntry | None) -> Provenance:
        run = self.run
        if not self.is_snapshot:
            return Provenance(run.run_id, run.started_at)
        if known and known.sha256 == source.sha256 and known.delivered_at:
            # Read again, not delivered again.
            delivered_at = datetime.fromisoformat(known.delivered_at)
            return Provenance(run.run_id, run.started_at, known.delivery_id, delivered_at)
        delivery_id = self.manifest.next_delivery(source.name)
        return Provenance(run.run_id, run.started_at, delivery_id, run.started_at)

    def _read(
        self, source: SourceFile, stamp: Provenance, intake: BatchWriter, *, is_renewed: bool
    ) -> FileCounts:
        """Read a file; a snapshot is whole at once, because it may not be empty."""
        tally = intake.take(source, stamp)
        if not self.is_snapshot:
            return tally
        intake.settle()
        if not tally.accepted:
            intake.drop(source, stamp)
            raise _would_empty(source, tally)
        if is_renewed and tally.rejected:
            self.run.notes.append(
                f"`{source.name}`: {tally.rejected} records are set aside; until they are "
                "mended, what they describe counts as dropped by this delivery"
            )
        return tally

    def _entry(self, source: SourceFile, copy_of: str | None = None) -> FileEntry:
        return FileEntry(
            name=source.name,
            size=source.size,
            mtime_ns=source.mtime_ns,
            sha256=source.sha256,
            run_id=self.run.run_id,
            copy_of=copy_of,
        )

    def _commit(self, kept: Sequence[Outcome], staged: Staged) -> None:
        """Commit the files together; their rejects are there already."""
        entries = [outcome.entry for outcome in kept if outcome.entry]
        metadata = {
            "run_id": self.run.run_id,
            "contract": self.contract.fingerprint,
            "contract_version": self.contract.version,
            "files": [entry.as_metadata() for entry in entries],
        }
        renewed = [entry for entry in entries if self._holds(entry)]
        is_whole = self._is_whole(renewed)
        if not is_whole and self.options.full_refresh and self._has_other_columns():
            staged.add(self._rows_kept(renewed))
            is_whole = True
        staged.commit(metadata, self._rows_of(renewed) if renewed else None, whole=is_whole)

    def _rows_of(self, entries: Sequence[FileEntry]) -> pl.DataFrame:
        """What tells the rows of these deliveries from others."""
        schema = {SRC_FILENAME: pl.String, DELIVERY_ID: pl.Int64}
        rows = pl.DataFrame([(e.name, e.delivery_id) for e in entries], schema=schema, orient="row")
        return rows if self.is_snapshot else rows.select(SRC_FILENAME)

    def _is_whole(self, renewed: Sequence[FileEntry]) -> bool:
        """Whether no row of the table stays."""
        there = {(e.name, e.delivery_id) for e in self.manifest.entries if e.accepted}
        return bool(there) and there <= {(e.name, e.delivery_id) for e in renewed}

    def _has_other_columns(self) -> bool:
        return delta.exists(self.path) and delta.columns(self.path) != landed_schema(self.contract)

    def _rows_kept(self, renewed: Sequence[FileEntry]) -> pl.DataFrame:
        """The rows of other deliveries under the contract's columns; null in those that are new."""
        there, schema = delta.columns(self.path), pl.Schema(landed_schema(self.contract))
        gone = self._rows_of(renewed)
        old = delta.scan(self.path).join(
            gone.lazy(), on=gone.columns, how="anti", nulls_equal=True, maintain_order="left"
        )
        missing = [
            pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in there
        ]
        return old.with_columns(missing).select(schema.keys()).cast(schema).collect()

    def _holds(self, entry: FileEntry) -> bool:
        """Whether the table has rows of this very delivery, which the new ones replace."""
        return any(
            e.delivery_id == entry.delivery_id for e in self.manifest.deliveries.get(entry.name, ())
        )

    def _refused(self, source: SourceFile, error: SourceRefused) -> FileReport:
        return FileReport(
            self.contract.ref,
            source.name,
            FileStatus.REFUSED,
            bytes=source.size,
            code=error.code,
            message=error.message,
            hint=error.hint,
        )

    def _copy_as_parquet(self) -> None:
        target = parquet_path(self.run.config, self.contract.ref)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".tmp")
        delta.scan(self.path).sink_parquet(partial, compression="zstd")
        partial.replace(target)


def _would_empty(source: SourceFile, tally: FileCounts) -> SourceRefused:
    """A snapshot without a good record would take everything away that it should renew."""
    hint = "deliver a file with good records, or take it away"
    if not tally.records:
        return SourceRefused("EMPTY_FILE", f"`{source.name}` has no records", hint)
    return SourceRefused(
        "NO_GOOD_RECORD",
        f"none of the {tally.records} records of `{source.name}` keeps its contract; "
        f"{tally.first_fault}",
        hint,
    )
