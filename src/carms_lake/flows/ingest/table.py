"""The files of one bronze table: which are read, what becomes of each, one commit for all."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from carms_lake.contract.model import Delivery
from carms_lake.errors import SourceRefused
from carms_lake.files import whole
from carms_lake.flows.ingest.batches import BatchWriter, FileCounts
from carms_lake.quality.split import Provenance, landed_schema
from carms_lake.readers.content import digest
from carms_lake.records import FileReport, FileStatus
from carms_lake.store import delta, parquet_path, table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import FileEntry, read_manifest
from carms_lake.store.delta.staged import Staged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.flows.ingest.batches import Stop
    from carms_lake.flows.run import Run
    from carms_lake.records import SourceFile


@dataclass(frozen=True)
class Options:
    """How an ingest is done."""

    dry_run: bool = False
    full_refresh: bool = False
    also_parquet: bool = False


@dataclass(frozen=True)
class TableIngestReport:
    """What became of the files of one table."""

    files: tuple[FileReport, ...]
    notes: tuple[str, ...]


def ingest_table(
    run: Run,
    contract: Contract,
    files: Sequence[SourceFile],
    options: Options,
    stop: Stop,
    *,
    begin: Callable[[str], None],
) -> TableIngestReport:
    """Read the files of a table and commit them together, after their rejects.

    `begin` is called with the name of each file before it is read.

    Raises:
        CancelledError: `stop` was set.
        ContractError: the table has other columns than its contract.
        NotReconciled: a record was lost or made; a bug.
        StoreError: the lake cannot be written.
    """
    table = _Table(run, contract, options)
    schema = landed_schema(contract)
    staging = nullcontext() if options.dry_run else Staged(table.path, run.run_id, schema)
    by_name: dict[str, list[SourceFile]] = {}
    for source in files:
        by_name.setdefault(source.name, []).append(source)
    reports: list[FileReport] = []
    loaded: list[_Loaded] = []
    with staging as staged, BatchWriter(run, contract, staged, stop) as writer:
        for name, same_name in by_name.items():
            stop.check()
            begin(name)
            try:
                _refuse_clash(same_name)
                outcome = table.ingest_file(same_name[0], writer)
            except SourceRefused as error:
                size = same_name[0].size
                refused = FileReport(contract.ref, name, FileStatus.REFUSED, bytes=size)
                outcome = replace(refused, code=error.code, message=error.message, hint=error.hint)
            if isinstance(outcome, FileReport):
                reports.append(outcome)
            else:
                loaded.append(outcome)
                table.remember(outcome.entry)
        writer.finish()
        loaded = [one.counted() for one in loaded]
        if loaded:
            entries = [one.entry for one in loaded]
            writer.commit(entries, table.manifest, is_full_refresh=options.full_refresh)
    if options.also_parquet and not options.dry_run and delta.exists(table.path):
        target = parquet_path(run.config, contract.ref)
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole(target) as partial:
            delta.scan(table.path).sink_parquet(partial, compression="zstd")
    if table.built_with not in (None, contract.fingerprint) and not loaded:
        table.notes.append(
            f"the contract of `{contract.ref}` changed since its files were read: "
            "`carms ingest --full-refresh` reads them again"
        )
    reports += [one.report for one in loaded]
    return TableIngestReport(tuple(reports), tuple(table.notes))


@dataclass(frozen=True)
class _Loaded:
    """A file that the commit names; what was counted is known when all files are read."""

    report: FileReport
    entry: FileEntry
    counts: FileCounts = field(default_factory=FileCounts)
    """Zero for a copy, which is not read."""

    def counted(self) -> _Loaded:
        counts = self.counts
        report = replace(
            self.report,
            records=counts.records,
            accepted=counts.accepted,
            rejected=counts.rejected,
            seconds=round(self.report.seconds + counts.seconds, 3),
            notes=(*self.report.notes, *counts.notes),
        )
        entry = replace(
            self.entry, records=counts.records, accepted=counts.accepted, rejected=counts.rejected
        )
        return _Loaded(report, entry)


class _Table:
    """One bronze table in one run: what is known of its files, and what is done with the others."""

    def __init__(self, run: Run, contract: Contract, options: Options) -> None:
        self.run = run
        self.contract = contract
        self.options = options
        self.path = table_path(run.config, contract.ref)
        self.notes: list[str] = []
        log = commits(self.path)
        self.manifest = read_manifest(log)
        self.built_with = next(
            (c.metadata["contract"] for c in reversed(log) if "contract" in c.metadata), None
        )
        current = self.manifest.current.values()
        self.by_content = {entry.sha256: entry.name for entry in current if not entry.copy_of}
        """Name of a loaded file, by its content."""
        # Where a column is a part of the path, the same content under another name is other data.
        self.has_path_columns = any(column.from_path for column in contract.columns)
        self.is_snapshot = bool(contract.source and contract.source.delivery is Delivery.SNAPSHOT)

    def ingest_file(self, source: SourceFile, writer: BatchWriter) -> _Loaded | FileReport:
        """Read a file, unless the table has it already: then only its report is returned.

        Raises:
            SourceRefused: nothing of the file is kept.
        """
        started = time.perf_counter()
        known = self.manifest.current.get(source.name)
        report = FileReport(self.contract.ref, source.name, FileStatus.UNCHANGED, bytes=source.size)
        was_copy = bool(known and known.copy_of)
        reads_again = self.options.full_refresh and not was_copy
        is_same = known and (known.size, known.mtime_ns) == (source.size, source.mtime_ns)
        if is_same and not reads_again:
            return report
        source = replace(source, sha256=digest(source))
        report = replace(report, sha256=source.sha256)
        if known and known.sha256 == source.sha256 and not reads_again:
            return report
        known = None if was_copy else known
        entry = FileEntry(source.name, source.size, source.mtime_ns, source.sha256, self.run.run_id)
        original = self.by_content.get(source.sha256)
        if original and not known and not self.has_path_columns:
            note = f"same content as `{original}`, which is loaded already; skipped"
            report = replace(report, status=FileStatus.COPY, notes=(note,))
            return _Loaded(report, replace(entry, copy_of=original))
        provenance = self._provenance(source, known)
        seconds = time.perf_counter() - started
        counts = writer.read(source, provenance)
        if self.is_snapshot:
            self._check_snapshot(source, provenance, counts, writer, is_renewed=known is not None)
        status = FileStatus.REPLACED if known else FileStatus.LANDED
        report = replace(report, status=status, seconds=seconds)
        if provenance.delivered_at:
            delivered_at = provenance.delivered_at.isoformat()
            entry = replace(entry, delivery_id=provenance.delivery_id, delivered_at=delivered_at)
        return _Loaded(report, entry, counts)

    def remember(self, entry: FileEntry) -> None:
        """Take note of the content that a file now has, so that copies of it are known."""
        if not entry.copy_of:
            old = self.manifest.current.get(entry.name)
            if old and self.by_content.get(old.sha256) == old.name:
                del self.by_content[old.sha256]
            self.by_content.setdefault(entry.sha256, entry.name)

    def _provenance(self, source: SourceFile, known: FileEntry | None) -> Provenance:
        run = self.run
        if not self.is_snapshot:
            return Provenance(run.run_id, run.started_at)
        if known and known.sha256 == source.sha256 and known.delivered_at:
            # The same delivery, reread.
            delivered_at = datetime.fromisoformat(known.delivered_at)
            return Provenance(run.run_id, run.started_at, known.delivery_id, delivered_at)
        delivery_id = self.manifest.next_delivery(source.name)
        return Provenance(run.run_id, run.started_at, delivery_id, run.started_at)

    def _check_snapshot(
        self,
        source: SourceFile,
        provenance: Provenance,
        counts: FileCounts,
        writer: BatchWriter,
        *,
        is_renewed: bool,
    ) -> None:
        """Refuse a snapshot without a valid record: it would empty what it should renew."""
        writer.flush()
        if not counts.accepted:
            writer.drop(source, provenance)
            code, message = "EMPTY_FILE", f"`{source.name}` has no records"
            if counts.records:
                code = "NO_GOOD_RECORD"
                message = (
                    f"none of the {counts.records} records of `{source.name}` meets its contract; "
                    f"{counts.first_fault}"
                )
            hint = "deliver a file with valid records, or remove this one"
            raise SourceRefused(code, message, hint)
        if is_renewed and counts.rejected:
            records = "1 record was" if counts.rejected == 1 else f"{counts.rejected} records were"
            self.notes.append(
                f"`{source.name}`: {records} rejected; until corrected, what they describe "
                "counts as dropped by this delivery"
            )


def _refuse_clash(same_name: Sequence[SourceFile]) -> None:
    if len(same_name) > 1 and len({digest(source) for source in same_name}) > 1:
        paths = ", ".join(f"`{source.path}`" for source in same_name)
        raise SourceRefused(
            "NAME_CLASH",
            f"several files with different content have the name `{same_name[0].name}`: {paths}",
            "keep one of them",
        )
