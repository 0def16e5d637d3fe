"""The files of one bronze table: which are read, what becomes of each, one commit for all."""

import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import polars as pl

from carms_lake.contract.model import Contract
from carms_lake.errors import SourceRefused, counted
from carms_lake.flows.ingest.batches import BatchWriter, Stop
from carms_lake.flows.ingest.commit import commit
from carms_lake.flows.ingest.identity import Contents, Copies, hashes_of, keep_looks, refuse_clash
from carms_lake.flows.ingest.outcome import FileCounts, Loaded, refused_report
from carms_lake.flows.ingest.renames import find_renames
from carms_lake.flows.run import Run
from carms_lake.flows.series import Arrivals
from carms_lake.quality.split import Provenance, landed_schema
from carms_lake.records import FileReport, FileStatus, SourceFile
from carms_lake.store import delta, parquet_path, table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import FileEntry, Manifest, read_manifest
from carms_lake.store.delta.staged import Staged
from carms_lake.store.rejects import runs_without_rejects
from carms_lake.writers.parquet import write_copy


@dataclass(frozen=True)
class Options:
    """How an ingest is done."""

    dry_run: bool = False
    full_refresh: bool = False
    also_parquet: bool = False
    misfits_as_null: bool = False
    """Of a full refresh: kept values that the contract's types cannot hold become null."""


@dataclass(frozen=True)
class TableIngestReport:
    """What became of the files of one table."""

    files: tuple[FileReport, ...]
    notes: tuple[str, ...]


def ingest_table(
    run: Run,
    contract: Contract,
    files: Sequence[SourceFile],
    present: AbstractSet[str],
    *,
    options: Options,
    stop: Stop,
    begin: Callable[[str], None],
) -> TableIngestReport:
    """Read the files of a table and commit them together, after their rejects.

    `present` names files that this run does not read although they are there. `begin` is called
    with the name of each file before it is read.

    Raises:
        CancelledError: `stop` was set.
        ContractError: the table has other columns than its contract.
        NotReconciled: a record was lost or made; a bug.
        StoreError: the lake cannot be written.
    """
    by_name = _by_name(files)
    table = _Table(run, contract, options, {n: same[0] for n, same in by_name.items()}, present)
    schema = landed_schema(contract)
    staging = nullcontext() if options.dry_run else Staged(table.path, run.run_id, schema)
    reports: list[FileReport] = []
    loaded: list[Loaded] = []
    with staging as staged, BatchWriter(run, contract, staged, stop) as writer:
        # What becomes of a copy depends on the file that it copies.
        for name in sorted(by_name, key=table.turn):
            stop.check()
            begin(name)
            if isinstance(outcome := table.ingest_or_refuse(by_name[name], writer), FileReport):
                reports.append(outcome)
            else:
                loaded.append(outcome)
                table.copies.loaded(outcome.entry, outcome.counts.records)
        writer.finish()
        order = {name: number for number, name in enumerate(by_name)}
        settled = [one.settled(writer.refused) for one in loaded]
        reports += [one for one in settled if isinstance(one, FileReport)]
        loaded = [one for one in settled if isinstance(one, Loaded)]
        landed = sorted((one.entry for one in loaded), key=lambda entry: order[entry.name])
        if loaded or table.renames.old_names:
            commit(
                run,
                contract,
                staged,
                landed,
                table.renames,
                is_full_refresh=options.full_refresh,
                misfits_as_null=options.misfits_as_null,
            )
    if not (options.dry_run or loaded or table.renames.old_names):
        keep_looks(run, contract, table.contents.confirmed)
    if options.also_parquet and not options.dry_run and delta.exists(table.path):
        write_copy(parquet_path(run.config, contract.ref), delta.scan(table.path))
    table.notes += _judged_before(contract, table.manifest, landed, {*by_name, *present})
    reports = sorted([*reports, *(o.report for o in loaded)], key=lambda report: order[report.name])
    return TableIngestReport(tuple(reports), tuple(table.notes))


def _by_name(files: Sequence[SourceFile]) -> dict[str, list[SourceFile]]:
    found: dict[str, list[SourceFile]] = {}
    for source in files:
        found.setdefault(source.name, []).append(source)
    return found


class _Table:
    """One bronze table in one run: what is known of its files, and what is done with the others."""

    def __init__(
        self,
        run: Run,
        contract: Contract,
        options: Options,
        files: Mapping[str, SourceFile],
        present: AbstractSet[str],
    ) -> None:
        self.run = run
        self.contract = contract
        self.options = options
        self.path = table_path(run.config, contract.ref)
        self.notes: list[str] = []
        before = read_manifest(commits(self.path))
        trusts_disk = not options.full_refresh
        self.contents = Contents(contract, before, files, trusts_disk=trusts_disk)
        self.renames = find_renames(run, contract, before, self.contents, present)
        self.manifest = self.renames.manifest
        rejected = [
            entry
            for entry in self.manifest.current.values()
            if entry.rejected and entry.name not in self.renames.old_names
        ]
        lost = runs_without_rejects(run.config, (entry.run_id for entry in rejected))
        self.without_rejects = {entry.name for entry in rejected if entry.run_id in lost}
        """Their files are reread: an older table of rejects was put back."""
        self.copies = Copies(contract, self.contents, self.manifest)
        self.arrivals = Arrivals(contract, self.manifest)

    def turn(self, name: str) -> tuple[bool, bool]:
        """When it is a file's turn: what may be a copy comes after what it may copy."""
        return not self.copies.has_rows(name), self.contents.has_place(name)

    def ingest_or_refuse(
        self, same_name: Sequence[SourceFile], writer: BatchWriter
    ) -> Loaded | FileReport:
        """Read the file of a name; why it is refused, or why several are, is in its report."""
        source = same_name[0]
        try:
            refuse_clash(same_name)
            return self.ingest_file(source, writer)
        except SourceRefused as error:
            if error.columns:
                # It imports what comparing files needs, which most ingests do not.
                from carms_lake.flows.drift.trial import with_properties

                error = with_properties(error, source, self.contract)
            report = FileReport(self.contract.ref, source.name, FileStatus.REFUSED)
            return refused_report(replace(report, bytes=source.size), error)

    def ingest_file(self, source: SourceFile, writer: BatchWriter) -> Loaded | FileReport:
        """Read a file, unless the table has it already: then only its report is returned.

        Raises:
            SourceRefused: nothing of the file is kept.
        """
        started, name = time.perf_counter(), source.name
        known = self.manifest.current.get(name)
        source = replace(source, sha256=self.contents.sha256(name))
        report = FileReport(self.contract.ref, name, FileStatus.UNCHANGED, bytes=source.size)
        report = replace(report, sha256=source.sha256)
        if name in self.renames.old_names:
            note = f"it was `{self.renames.old_names[name]}`, whose rows have this name now"
            report = replace(report, status=FileStatus.RENAMED, notes=(note,))
        has_rows = self.copies.has_rows(name)
        self.copies.looked_at(name)
        is_same = known is not None and known.sha256 == source.sha256
        is_reread = self.options.full_refresh or name in self.without_rejects
        if is_same and has_rows and not is_reread:
            return report
        entry = FileEntry(
            name,
            0,
            0,
            source.sha256,
            self.run.run_id,
            contract_version=self.contract.version,
            record_rules=self.contract.record_rules,
        ).found_in(source, self.contents.seen_ns)
        if not (is_same and has_rows):
            original = self.copies.original(source)
            hashes = partial(self._hashes, writer)
            corrected = original or self.copies.corrected(source, hashes)
            if corrected:
                copy = replace(entry, copy_of=corrected, is_outdated=original is None)
                is_noted = known and is_same and known.is_outdated == copy.is_outdated
                return report if is_noted else self._copy(report, copy, has_rows=has_rows)
        # A copy has no rows that this file could replace.
        known = known if has_rows else None
        provenance = self._provenance(source, known)
        seconds = time.perf_counter() - started
        counts = writer.read(source, provenance)
        is_renewed = known is not None and known.sha256 != source.sha256
        if self.contract.is_snapshot or (is_renewed and known and known.accepted):
            self._refuse_emptied(source, provenance, counts, writer)
        if self.contract.is_snapshot and known and counts.rejected:
            self._warn_of_dropped(source, counts)
        status = FileStatus.REPLACED if known else FileStatus.LANDED
        order = self.arrivals.note(source.name)
        notes = (*report.notes, order) if order else report.notes
        report = replace(report, status=status, seconds=seconds, notes=notes)
        if provenance.delivered_at:
            delivered_at = provenance.delivered_at.isoformat()
            entry = replace(entry, delivery_id=provenance.delivery_id, delivered_at=delivered_at)
        return Loaded(report, entry, counts)

    def _hashes(self, writer: BatchWriter, name: str) -> pl.LazyFrame | None:
        """The hashes of the rows that a file will have in the table; None if they are not kept."""
        if writer.has_read(name):
            return writer.hashes_of(name)
        return hashes_of(self.run, self.contract, self.renames.old_names.get(name, name))

    def _copy(self, report: FileReport, entry: FileEntry, *, has_rows: bool) -> Loaded:
        """A file that is not read, because the table has what it holds."""
        what = "what was corrected in" if entry.is_outdated else "same content as"
        note = f"{what} `{entry.copy_of}`, which is loaded already; skipped"
        report = replace(report, status=FileStatus.COPY, notes=(*report.notes, note))
        if has_rows and self.contract.is_snapshot:  # its earlier rows are no longer what it holds
            entry = replace(entry, delivery_id=self.manifest.next_delivery(entry.name))
        return Loaded(report, entry)

    def _provenance(self, source: SourceFile, known: FileEntry | None) -> Provenance:
        run = self.run
        if not self.contract.is_snapshot:
            return Provenance(run.run_id, run.started_at)
        if known and known.sha256 == source.sha256 and known.delivered_at:
            # The same delivery, reread.
            delivered_at = datetime.fromisoformat(known.delivered_at)
            return Provenance(run.run_id, run.started_at, known.delivery_id, delivered_at)
        delivery_id = self.manifest.next_delivery(source.name)
        return Provenance(run.run_id, run.started_at, delivery_id, run.started_at)

    def _refuse_emptied(
        self,
        source: SourceFile,
        provenance: Provenance,
        counts: FileCounts,
        writer: BatchWriter,
    ) -> None:
        """Refuse a file without a valid record: it would empty what it should renew."""
        writer.flush()
        writer.ensure_kept(source)
        may_be_empty = self.contract.source is not None and self.contract.source.may_be_empty
        if counts.accepted or (may_be_empty and not counts.records):
            return
        writer.drop(source, provenance)
        hint = "deliver a file with valid records, or remove this one: rows that it held stay"
        if counts.records:
            raise SourceRefused(
                "NO_GOOD_RECORD",
                f"none of the {counts.records} records of `{source.name}` meets its contract; "
                f"{counts.first_fault}",
                hint,
            )
        hint += "; if it may be empty, say so in its contract: `carms.mayBeEmpty: true`"
        raise SourceRefused("EMPTY_FILE", f"`{source.name}` has no records", hint)

    def _warn_of_dropped(self, source: SourceFile, counts: FileCounts) -> None:
        records = "1 record was" if counts.rejected == 1 else f"{counts.rejected} records were"
        self.notes.append(
            f"`{source.name}`: {records} rejected; until corrected, what they describe "
            "counts as dropped by this delivery"
        )


def _judged_before(
    contract: Contract, manifest: Manifest, landed: Sequence[FileEntry], there: AbstractSet[str]
) -> list[str]:
    """What is said of files whose records were read under other rules than those of today.

    `landed` are those of this run, `there` the names of all that are in the folder.
    """
    current = {**manifest.deliveries, **{entry.name: (entry,) for entry in landed}}
    older = Manifest(current).judged_before(contract)
    if not older:
        return []
    gone = sum(entry.name not in there for entry in older)
    versions = sorted({entry.contract_version or "unknown" for entry in older})
    note = (
        f"the contract of `{contract.ref}` changed since {counted(len(older), 'file')} of it "
        f"{'was' if len(older) == 1 else 'were'} read (by version {', '.join(versions)}; now "
        f"{contract.version}): `carms ingest {contract.ref.table} --full-refresh` reads them again"
    )
    return [note + (f", but for {gone} no longer in data_raw" if gone else "")]
