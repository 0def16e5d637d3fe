"""`forget`: a landed file's rows and rejects leave bronze; the versions that had them are kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.errors import UsageError, did_you_mean
from carms_lake.flows.run import Run, running
from carms_lake.names import SRC_FILENAME, Layer, TableRef
from carms_lake.readers.discover import discover, listing
from carms_lake.records import FileReport, FileStatus
from carms_lake.store import delta, parquet_path, table_path
from carms_lake.store.delta.log import FORGOTTEN, LEFT, commits
from carms_lake.store.delta.manifest import FileEntry, Manifest, read_manifest
from carms_lake.store.delta.staged import Staged
from carms_lake.writers.parquet import write_copy


@dataclass(frozen=True)
class Forgotten:
    """A landed file that was taken back, or what that would take back."""

    table: TableRef
    name: str
    deliveries: int
    """Of the file that the table kept; 0 of a file that was skipped as a copy."""
    rows: int
    rejected: int
    """Of its current delivery."""
    is_there: bool
    """The file is still in data_raw, so the next ingest would load it again."""
    copies: tuple[str, ...] = ()
    """Files that were skipped as copies of it; the next ingest loads them where they are."""
    done_as: int | None = None
    """The new version of the table; None in a dry run."""


def forget(config: LakeConfig, names: Sequence[str], *, yes: bool) -> tuple[Forgotten, ...]:
    """Take landed files back: their rows and rejects leave bronze, the next build does the rest.

    A name is that of the file in `src_filename`, or its path. Earlier versions of the tables keep
    the rows for `--as-of`. Without `yes` nothing is written. Ingesting a file again brings it back.

    Raises:
        UsageError: no landed file has that name.
        StoreError: the lake cannot be read or written.
    """
    catalog = load_catalog(config.domain)
    with running(config, "forget", keep=yes) as run:
        manifests = {
            ref: read_manifest(commits(table_path(config, ref)))
            for ref in catalog.refs(Layer.BRONZE)
        }
        wanted = {_landed_name(config, manifests.values(), name) for name in names}
        there = listing(config.data_raw) if config.data_raw.is_dir() else None
        found: list[Forgotten] = []
        for ref, manifest in manifests.items():
            if chosen := sorted(wanted & manifest.current.keys()):
                contract = catalog.contracts[ref]
                present = {file.name for file in discover(contract, there)} if there else set()
                version = _take_out(run, contract, chosen) if yes else None
                here = [_report(ref, manifest, name, present, version) for name in chosen]
                run.add(files=[_file_report(file) for file in here])
                found += here
    return tuple(found)


def _landed_name(config: LakeConfig, manifests: Iterable[Manifest], text: str) -> str:
    """The landed file that a text names: by its name, or by a path that ends with it.

    Raises:
        UsageError: there is none.
    """
    known = {name for manifest in manifests for name in manifest.current}
    parts = text.replace("\\", "/").split("/")
    for start in range(len(parts)):
        name = "/".join(parts[start:])
        for spelled in (name, name.removesuffix(".gz")):
            if spelled in known:
                return spelled
    raise UsageError(
        f"no file `{text}` has landed in the lake of `{config.domain.name}`",
        did_you_mean(text, known) or "`ops.processed_files` lists the files by name",
    )


def _take_out(run: Run, contract: Contract, names: Sequence[str]) -> int:
    """Commit a table without the rows of some files; the new version."""
    path = table_path(run.config, contract.ref)
    log = commits(path)
    # The rows that stay were loaded by this contract: the next ingest compares it with today's.
    last = next((c.metadata for c in reversed(log) if "contract" in c.metadata), {})
    metadata = {
        "run_id": run.run_id,
        **{key: last[key] for key in ("contract", "contract_version") if key in last},
        "files": [],
        LEFT: list(names),
        FORGOTTEN: list(names),
    }
    keys = pl.DataFrame({SRC_FILENAME: list(names)}, schema={SRC_FILENAME: pl.String})
    with Staged(path, run.run_id, delta.columns(path)) as staged:
        version = staged.commit(metadata, keys)
    copy = parquet_path(run.config, contract.ref)
    if copy.exists():
        write_copy(copy, delta.scan(path))
    return version


def _file_report(file: Forgotten) -> FileReport:
    message = f"{file.rows} rows of {file.deliveries} deliveries and {file.rejected} rejects left"
    return FileReport(file.table, file.name, FileStatus.FORGOTTEN, message=message)


def _report(
    ref: TableRef, manifest: Manifest, name: str, present: set[str], version: int | None
) -> Forgotten:
    kept = [entry for entry in manifest.deliveries[name] if not entry.copy_of]
    entry: FileEntry = manifest.current[name]
    copies = [other.name for other in manifest.current.values() if other.copy_of == name]
    return Forgotten(
        ref,
        name,
        len(kept),
        sum(delivery.accepted for delivery in kept),
        entry.rejected,
        name in present,
        tuple(copies),
        version,
    )
