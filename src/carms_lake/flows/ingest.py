"""Source files -> bronze: each file read once, split by its contract, committed with its rejects.

Rejects are committed before the rows of the same files; a file whose commit did not happen is read
again by the next run, and its orphaned rejects are taken out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from carms_lake import readers
from carms_lake.checks.split import Stamp, split
from carms_lake.contract.load import load_contracts
from carms_lake.contract.model import Contract, Delivery
from carms_lake.errors import SourceError, SourceRefused
from carms_lake.flows.runs import Run, running, selected
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, Layer
from carms_lake.readers.content import digest, ensure_unchanged
from carms_lake.readers.discover import discover
from carms_lake.readers.faults import readable
from carms_lake.records import CheckedBatch, FileReport, FileStatus, RunReport, SourceFile
from carms_lake.store import delta
from carms_lake.store.layout import parquet_path, table_path
from carms_lake.store.manifest import FileEntry, Manifest, read_manifest
from carms_lake.store.rejects import repair, set_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from carms_lake.config import LakeConfig

    Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Options:
    """How an ingest is done."""

    dry_run: bool = False
    full_refresh: bool = False
    also_parquet: bool = False


def ingest(
    config: LakeConfig,
    sources: Sequence[str] = (),
    *,
    from_path: Path | None = None,
    dry_run: bool = False,
    full_refresh: bool = False,
    also_parquet: bool = False,
    progress: Progress | None = None,
) -> RunReport:
    """Land the files of a domain in bronze and set aside the records that break their contract.

    A file that cannot be read is refused and named in the report; the others land. Files that have
    not changed are skipped, unless `full_refresh`. `dry_run` reads and checks, and writes nothing.

    Raises:
        UsageError: a source that the domain does not have.
        ContractError: a contract is wrong, or other columns stand in the lake.
        SourceError: there is no folder to read from.
        StoreError: the lake cannot be written, or is being written.
        NotBalanced: a record was lost; a bug.
    """
    options = Options(dry_run, full_refresh, also_parquet)
    contracts = load_contracts(list(config.domain.schemas), config.domain.name)
    bronze = {
        ref.table: contract for ref, contract in contracts.items() if ref.layer is Layer.BRONZE
    }
    chosen = selected(list(bronze), tuple(sources), "source")
    base = from_path or config.data_raw
    if not base.exists():
        raise SourceError(
            f"no folder `{base}`", "put the source files there, or name another with `--from`"
        )
    with running(config, "ingest", keep=not dry_run) as run:
        if not dry_run:
            repair(
                config,
                [c.ref for c in contracts.values() if c.ref.layer is not Layer.GOLD],
                run.run_id,
            )
        found = {name: discover(bronze[name], base) for name in chosen}
        if not any(found.values()):
            run.notes.append(f"no file in `{base}` matches a pattern of {', '.join(chosen)}")
        done, total = 0, sum(len(files) for files in found.values())
        for name in chosen:
            _Table(run, bronze[name], options).land(found[name], progress, done, total)
            done += len(found[name])
    return run.report()


class _Table:
    """One bronze table in one run."""

    def __init__(self, run: Run, contract: Contract, options: Options) -> None:
        self.run = run
        self.contract = contract
        self.options = options
        self.path = table_path(run.config, contract.ref)
        self.manifest: Manifest = read_manifest(delta.log(self.path))

    def land(
        self, files: Sequence[SourceFile], progress: Progress | None, done: int, total: int
    ) -> None:
        """Read the table's files and commit them together."""
        landed: list[tuple[CheckedBatch, FileEntry]] = []
        for number, source in enumerate(self._without_clashes(files)):
            if progress:
                progress(source.name, done + number, total)
            started = time.perf_counter()
            try:
                report, entry = self._one(source, landed)
            except SourceRefused as error:
                report, entry = self._refused(source, error), None
            report = replace(report, seconds=round(time.perf_counter() - started, 3))
            self.run.files.append(report)
            if entry is not None:
                landed.append(entry)
        if not self.options.dry_run:
            if landed:
                self._commit(landed)
            if self.options.also_parquet and delta.exists(self.path):
                self._copy_as_parquet()

    def _without_clashes(self, files: Sequence[SourceFile]) -> list[SourceFile]:
        """The files to read; of several with one name none, unless their content is the same."""
        by_name: dict[str, list[SourceFile]] = {}
        for source in files:
            by_name.setdefault(source.name, []).append(source)
        kept: list[SourceFile] = []
        for name, same_name in by_name.items():
            if len(same_name) > 1 and len({digest(source).sha256 for source in same_name}) > 1:
                paths = ", ".join(f"`{source.path}`" for source in same_name)
                error = SourceRefused(
                    "NAME_CLASH",
                    f"`{name}` is there more than once, with different content: {paths}",
                    "keep one of them",
                )
                self.run.files.append(self._refused(same_name[0], error))
                continue
            kept.append(same_name[0])
        return kept

    def _one(
        self, source: SourceFile, landed: Sequence[tuple[CheckedBatch, FileEntry]]
    ) -> tuple[FileReport, tuple[CheckedBatch, FileEntry] | None]:
        known = self.manifest.current.get(source.name)
        report = FileReport(self.contract.ref, source.name, FileStatus.UNCHANGED, bytes=source.size)
        if (
            known
            and not self.options.full_refresh
            and (known.size, known.mtime_ns) == (source.size, source.mtime_ns)
        ):
            return report, None
        source = replace(source, sha256=digest(source).sha256)
        if known and known.sha256 == source.sha256 and not self.options.full_refresh:
            return report, None
        twin = self._twin(source, landed)
        if twin:
            note = f"the same content landed as `{twin}`; skipped"
            return replace(
                report, status=FileStatus.COPY, sha256=source.sha256, notes=(note,)
            ), None
        checked, entry = self._split(source, known)
        report = replace(
            report,
            status=FileStatus.REPLACED if known else FileStatus.LANDED,
            records=checked.records,
            accepted=checked.accepted.height,
            rejected=checked.rejected.height,
            sha256=source.sha256,
            notes=checked.notes,
        )
        return report, (checked, entry)

    def _twin(
        self, source: SourceFile, landed: Sequence[tuple[CheckedBatch, FileEntry]]
    ) -> str | None:
        """Another file of the table with the same content, by the name under which it landed."""
        entries = [*self.manifest.current.values(), *(entry for _, entry in landed)]
        names = [e.name for e in entries if e.sha256 == source.sha256 and e.name != source.name]
        return names[0] if names else None

    def _split(self, source: SourceFile, known: FileEntry | None) -> tuple[CheckedBatch, FileEntry]:
        spec = self.contract.source
        is_snapshot = spec is not None and spec.delivery is Delivery.SNAPSHOT
        delivered_at, delivery_id = self.run.started_at, None
        if is_snapshot and known and known.sha256 == source.sha256 and known.delivered_at:
            delivery_id = known.delivery_id  # read again, not delivered again
            delivered_at = datetime.fromisoformat(known.delivered_at)
        elif is_snapshot:
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
        if is_snapshot and checked.records == 0:
            raise SourceRefused(
                "EMPTY_FILE",
                f"`{source.name}` has no records, and would empty what an earlier delivery brought",
                "deliver a file with records, or take it away",
            )
        entry = FileEntry(
            name=source.name,
            size=source.size,
            mtime_ns=source.mtime_ns,
            sha256=source.sha256,
            records=checked.records,
            accepted=checked.accepted.height,
            rejected=checked.rejected.height,
            run_id=self.run.run_id,
            delivery_id=delivery_id,
            delivered_at=delivered_at.isoformat() if delivery_id is not None else None,
        )
        return checked, entry

    def _commit(self, landed: Sequence[tuple[CheckedBatch, FileEntry]]) -> None:
        set_aside(self.run.config, pl.concat([c.rejected for c, _ in landed]), self.run.run_id)
        rows = pl.concat([checked.accepted for checked, _ in landed])
        metadata = {
            "run_id": self.run.run_id,
            "contract_version": self.contract.version,
            "files": [entry.as_metadata() for _, entry in landed],
        }
        replaced = [entry for _, entry in landed if self._holds(entry)]
        if replaced:
            delta.replace(self.path, rows, _predicate([entry for _, entry in landed]), metadata)
        else:
            delta.append(self.path, rows, metadata)

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


def _predicate(entries: Sequence[FileEntry]) -> str:
    """SQL that selects the rows of these deliveries."""
    return " or ".join(
        f"({SRC_FILENAME} = '{_quoted(entry.name)}'"
        + (f" and {DELIVERY_ID} = {entry.delivery_id})" if entry.delivery_id is not None else ")")
        for entry in entries
    )


def _quoted(text: str) -> str:
    return text.replace("'", "''")
