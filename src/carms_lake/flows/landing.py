"""The files of one bronze table: which are read, what becomes of each, one commit for all."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from carms_lake import readers
from carms_lake.checks.split import Stamp, split
from carms_lake.checks.types import polars_schema
from carms_lake.contract.model import Delivery
from carms_lake.errors import SourceRefused
from carms_lake.readers.content import digest, ensure_unchanged
from carms_lake.readers.faults import readable
from carms_lake.records import CheckedBatch, FileReport, FileStatus, SourceFile
from carms_lake.store import delta
from carms_lake.store.layout import parquet_path, table_path
from carms_lake.store.manifest import FileEntry, Manifest, read_manifest, rows_of
from carms_lake.store.rejects import set_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.flows.runs import Run

    Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Options:
    """How an ingest is done."""

    dry_run: bool = False
    full_refresh: bool = False
    also_parquet: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one file: its report, and what is to be committed of it."""

    report: FileReport
    entry: FileEntry | None = None
    checked: CheckedBatch | None = None
    """None for a copy, of which only the entry is kept."""


class Landing:
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
        self.is_snapshot = bool(contract.source and contract.source.delivery is Delivery.SNAPSHOT)

    def land(
        self, files: Sequence[SourceFile], progress: Progress | None, done: int, total: int
    ) -> None:
        """Read the table's files and commit them together; the run's report has each of them."""
        kept: list[Outcome] = []
        for number, source in enumerate(self._without_clashes(files)):
            if progress:
                progress(source.name, done + number, total)
            started = time.perf_counter()
            try:
                outcome = self._one(source, kept)
            except SourceRefused as error:
                outcome = Outcome(self._refused(source, error))
            seconds = round(time.perf_counter() - started, 3)
            outcome = replace(outcome, report=replace(outcome.report, seconds=seconds))
            if outcome.entry is None:
                self.run.files.append(outcome.report)
            else:
                kept.append(outcome)
        if not self.options.dry_run:
            if kept:
                self._commit(kept)
            if self.options.also_parquet and delta.exists(self.path):
                self._copy_as_parquet()
        self.run.files.extend(outcome.report for outcome in kept)  # only now have they landed
        if self.built_with not in (None, self.contract.fingerprint) and not kept:
            self.run.notes.append(
                f"the contract of `{self.contract.ref}` changed since its files were read; "
                "`carms ingest --full-refresh` reads them again"
            )

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

    def _one(self, source: SourceFile, kept: Sequence[Outcome]) -> Outcome:
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
        twin = None if known else self._twin(source, kept)
        if twin:
            note = f"the same content landed as `{twin}`; skipped"
            entry = self._entry(source, copy_of=twin)
            return Outcome(replace(report, status=FileStatus.COPY, notes=(note,)), entry)
        checked, entry = self._split(source, known)
        report = replace(
            report,
            status=FileStatus.REPLACED if known else FileStatus.LANDED,
            records=checked.records,
            accepted=checked.accepted.height,
            rejected=checked.rejected.height,
            notes=checked.notes,
        )
        return Outcome(report, entry, checked)

    def _twin(self, source: SourceFile, kept: Sequence[Outcome]) -> str | None:
        """A file of the table that landed with the same content, by its name.

        Where a column is a part of the path, the same content under another name is other data.
        """
        if any(column.from_path for column in self.contract.columns):
            return None
        entries = self.manifest.current | {o.entry.name: o.entry for o in kept if o.entry}
        return next(
            (e.name for e in entries.values() if e.sha256 == source.sha256 and not e.copy_of), None
        )

    def _split(self, source: SourceFile, known: FileEntry | None) -> tuple[CheckedBatch, FileEntry]:
        delivered_at, delivery_id = self.run.started_at, None
        if self.is_snapshot and known and known.sha256 == source.sha256 and known.delivered_at:
            delivery_id = known.delivery_id  # read again, not delivered again
            delivered_at = datetime.fromisoformat(known.delivered_at)
        elif self.is_snapshot:
            delivery_id = self.manifest.next_delivery(source.name)
        stamp = Stamp(self.run.run_id, self.run.started_at, delivery_id, delivered_at)
        with readable(source):  # rows are lazy: what is damaged or taken away may show only here
            try:
                checked = split(
                    readers.read(source, self.contract),
                    self.contract,
                    stamp,
                    lambda numbers: readers.raw_records(source, self.contract, numbers),
                )
            finally:
                ensure_unchanged(source)  # a file that changed explains whatever went wrong
        if self.is_snapshot and checked.accepted.is_empty():
            raise _would_empty(source, checked)
        if self.is_snapshot and known and not checked.rejected.is_empty():
            self.run.notes.append(
                f"`{source.name}`: {checked.rejected.height} records are set aside; until they are "
                "mended, what they describe counts as dropped by this delivery"
            )
        entry = replace(
            self._entry(source),
            records=checked.records,
            accepted=checked.accepted.height,
            rejected=checked.rejected.height,
            delivery_id=delivery_id,
            delivered_at=delivered_at.isoformat() if delivery_id is not None else None,
        )
        return checked, entry

    def _entry(self, source: SourceFile, copy_of: str | None = None) -> FileEntry:
        return FileEntry(
            name=source.name,
            size=source.size,
            mtime_ns=source.mtime_ns,
            sha256=source.sha256,
            run_id=self.run.run_id,
            copy_of=copy_of,
        )

    def _commit(self, kept: Sequence[Outcome]) -> None:
        """Commit the files together: first their rejects, then their rows."""
        batches = [outcome.checked for outcome in kept if outcome.checked]
        entries = [outcome.entry for outcome in kept if outcome.entry]
        metadata = {
            "run_id": self.run.run_id,
            "contract": self.contract.fingerprint,
            "contract_version": self.contract.version,
            "files": [entry.as_metadata() for entry in entries],
        }
        set_aside(self.run.config, [batch.rejected for batch in batches], self.run.run_id)
        rows = pl.concat([batch.accepted for batch in batches]) if batches else self._no_rows()
        if delta.exists(self.path) and self.options.full_refresh and batches:
            old = self._rows_kept(entries, rows)
            if old is not None:
                delta.overwrite(self.path, pl.concat([old, rows]), metadata)
                return
        if any(self._holds(entry) for entry in entries):
            delta.replace(self.path, rows, rows_of(entries), metadata)
        else:
            delta.append(self.path, rows, metadata)

    def _no_rows(self) -> pl.DataFrame:
        if delta.exists(self.path):
            return delta.scan(self.path).head(0).collect()
        return pl.DataFrame(schema=polars_schema(self.contract))

    def _rows_kept(self, entries: Sequence[FileEntry], rows: pl.DataFrame) -> pl.DataFrame | None:
        """The rows of other deliveries under the contract's columns, where these have changed.

        Columns that are new are null in them. None where the table has the contract's columns.
        """
        there = delta.columns(self.path)
        if there == dict(rows.schema):
            return None
        old = delta.scan(self.path).filter(~pl.sql_expr(rows_of(entries)))
        missing = [
            pl.lit(None, kind).alias(name)
            for name, kind in rows.schema.items()
            if name not in there
        ]
        return old.with_columns(missing).select(rows.columns).cast(rows.schema).collect()

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


def _would_empty(source: SourceFile, checked: CheckedBatch) -> SourceRefused:
    """A snapshot without a good record would take everything away that it should renew."""
    hint = "deliver a file with good records, or take it away"
    if checked.rejected.is_empty():
        return SourceRefused("EMPTY_FILE", f"`{source.name}` has no records", hint)
    first = checked.rejected["reasons"][0][0]
    where = f"record {checked.rejected['src_row_number'][0]}"
    return SourceRefused(
        "NO_GOOD_RECORD",
        f"none of the {checked.records} records of `{source.name}` keeps its contract; "
        f"{where}: {first['message']}",
        hint,
    )
