"""`optimize` and `vacuum`: fewer and smaller data files; digests prove that the rows stay."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.errors import StoreError, UsageError, counted
from carms_lake.files import PARTIAL
from carms_lake.flows.run import running
from carms_lake.flows.timetravel import find
from carms_lake.flows.timetravel.as_of import CACHE, publishing_runs
from carms_lake.flows.timetravel.restore import metadata_of_restore
from carms_lake.names import Layer, TableRef
from carms_lake.records import Progress
from carms_lake.store import delta
from carms_lake.store.delta import maintain, write
from carms_lake.store.delta.inspection import ensure_undamaged
from carms_lake.store.delta.log import commits, files_at, run_ends, table_folders, version_among
from carms_lake.store.delta.maintain import Digest, digest
from carms_lake.store.delta.manifest import last_builds

KEEP_RUNS = 100
KEEP_DAYS = 30
"""A version is kept if one of these two keeps it."""

LEFTOVERS = "leftovers"
"""What the report calls files outside of tables: gold snapshots, killed builds."""


@dataclass(frozen=True)
class Optimized:
    """A table whose small files were compacted, and the proof that its rows are the same."""

    table: str
    files_before: int
    files_after: int
    digest_before: Digest | None = None
    """None where there was nothing to do."""
    digest_after: Digest | None = None

    @property
    def is_changed(self) -> bool:
        """Whether there was anything to do."""
        return self.digest_after is not None


@dataclass(frozen=True)
class Vacuumed:
    """One table: the versions that can be read before and after, and the files that go."""

    table: str
    versions: int
    versions_kept: int
    files: int
    bytes: int
    digest: Digest | None = None
    """Of the table before and after; None in a dry run and where no file goes."""


@dataclass(frozen=True)
class VacuumReport:
    """What a vacuum did, or would do."""

    tables: tuple[Vacuumed, ...]
    oldest_run: str | None
    """The earliest run as of which the lake can be read afterwards."""
    kept_runs: int
    is_done: bool


def optimize(
    config: LakeConfig, names: Sequence[str] = (), *, progress: Progress | None = None
) -> list[Optimized]:
    """Compact the small data files of tables; all tables of the lake where none is named.

    A table whose digest changes by it is restored.

    Raises:
        UsageError: the table is unknown.
        StoreError: the lake cannot be read or written, or a digest changed.
    """
    chosen = [find(config, name) for name in names]
    tables = {t.name: t.path for t in chosen} or table_folders(config)
    done: list[Optimized] = []
    checksums = 0
    with running(config, "optimize") as run:
        for number, (name, path) in enumerate(tables.items()):
            if progress:
                progress(name, number, len(tables))
            done.append(_optimize(name, path, run.run_id))
            checksums += maintain.add_checksums(path, run.run_id)
        if checksums:
            run.add(notes=[f"{counted(checksums, 'file')} had no checksum and have one now"])
    return done


def vacuum(
    config: LakeConfig,
    *,
    keep_runs: int = KEEP_RUNS,
    keep_days: float = KEEP_DAYS,
    yes: bool,
    progress: Progress | None = None,
) -> VacuumReport:
    """Delete the data files that no kept version of their table needs, and killed runs' leftovers.

    It keeps the newest version of each table, all tables as of the last `keep_runs` runs and as of
    every run and moment of the last `keep_days` days, and what the next build compares with.
    Without `yes` nothing is deleted.

    Raises:
        UsageError: a negative number.
        StoreError: the lake cannot be read or written, or a digest changed.
    """
    if keep_runs < 0 or keep_days < 0:
        raise UsageError("`--keep-runs` and `--keep-days` cannot be negative", "write 0 or more")
    with running(config, "vacuum", keep=yes):
        kept = _kept_runs(config, keep_runs, keep_days)
        compared = _compared_with(config)
        # All is planned before anything is deleted: a log that cannot be read stops it in time.
        plans = [
            (path, *_plan(name, path, kept, compared.get(path, set())))
            for name, path in table_folders(config).items()
        ]
        done: list[Vacuumed] = []
        for number, (path, plan, files) in enumerate(plans):
            if progress:
                progress(plan.table, number, len(plans))
            done.append(_delete(path, plan, files) if yes and files else plan)
        building = config.gold_file.parent / f".{config.domain.name}.building"
        copies = sorted((config.lake / "parquet").rglob(PARTIAL))
        folders = [path for path in (config.lake / CACHE, building, *copies) if path.exists()]
        leftovers = [f for path in folders for f in (path, *path.rglob("*")) if f.is_file()]
        if leftovers:
            done.append(Vacuumed(LEFTOVERS, 0, 0, len(leftovers), _bytes(leftovers)))
        if yes:
            maintain.remove(folders)
    return VacuumReport(tuple(done), min(kept, default=None), len(kept), yes)


def _optimize(name: str, path: Path, run_id: str) -> Optimized:
    version = delta.version(path)
    files = len(files_at(path, version))
    if len(maintain.small_files(path)) <= 1:  # a single file cannot be merged
        return Optimized(name, files, files)
    ensure_undamaged([path], contents=True)  # a new file would have the damage as its own
    before = digest(path)
    compacted = maintain.compact(path, run_id)
    if compacted == version:
        return Optimized(name, files, files)
    after = digest(path)
    if after != before:
        write.restore(path, version, metadata_of_restore(path, version, run_id))
        raise StoreError(
            f"compacting `{name}` changed its digest from {before} to {after}; "
            "the table was restored",
            "report this: the library that writes tables has changed rows",
        )
    return Optimized(name, files, len(files_at(path, compacted)), before, after)


def _kept_runs(config: LakeConfig, keep_runs: int, keep_days: float) -> frozenset[str]:
    """The runs as of which the lake stays readable, and the builds whose gold they show."""
    ends = run_ends(config)
    horizon = datetime.now(UTC) - timedelta(days=keep_days)
    before = [end.run_id for end in ends if end.at < horizon]
    kept = {end.run_id for end in ends if end.at >= horizon} | set(before[-1:])
    kept |= {end.run_id for end in ends[max(0, len(ends) - keep_runs) :]}
    published = publishing_runs(config)
    builds = (published[bisect_right(published, run_id) - 1 :][:1] for run_id in kept)
    return frozenset(kept.union(*builds))


def _compared_with(config: LakeConfig) -> Mapping[Path, set[int]]:
    """The versions that silver was made from: the next build compares its inputs with them."""
    contracts = load_catalog(config.domain).contracts
    folders = table_folders(config)
    found: dict[Path, set[int]] = {}
    for build in last_builds(config, contracts.values()).values():
        for text, version in build.made_from.get("inputs", {}).items():
            ref = TableRef.parse(text, domain=config.domain.name)
            if ref is not None and ref.layer is not Layer.GOLD and ref.in_domain in folders:
                found.setdefault(folders[ref.in_domain], set()).add(int(version))
    return found


def _plan(
    name: str, path: Path, kept: frozenset[str], compared: set[int]
) -> tuple[Vacuumed, list[Path]]:
    """What a vacuum would do to a table, and the files to delete."""
    log = commits(path)
    versions = {log[-1].version, *compared, *(version_among(log, run) for run in kept)}
    files = maintain.unneeded(path, versions)
    left = maintain.whole_versions(path, without={file.name for file in files})
    whole = maintain.whole_versions(path)
    return Vacuumed(name, len(whole), len(left), len(files), _bytes(files)), files


def _delete(path: Path, plan: Vacuumed, files: Sequence[Path]) -> Vacuumed:
    before = digest(path)
    maintain.remove(files)
    after = digest(path)
    if after != before:
        raise StoreError(
            f"deleting old files of `{plan.table}` changed its digest from {before} to {after}",
            "report this, and restore the table from a backup",
        )
    return replace(plan, digest=after)


def _bytes(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.is_file())
