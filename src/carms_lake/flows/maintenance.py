"""`optimize` and `vacuum`: fewer and smaller data files; digests prove that the rows stay."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from carms_lake.catalog import load_catalog
from carms_lake.errors import StoreError, UsageError
from carms_lake.flows.run import running
from carms_lake.flows.timetravel.as_of import CACHE, publishing_runs
from carms_lake.flows.timetravel.history import find
from carms_lake.flows.timetravel.restore import metadata_at
from carms_lake.names import Layer, TableRef
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.log import (
    MAINTAINED_BY,
    RESTORED,
    commits,
    files_at,
    run_ends,
    table_folders,
    version_among,
)
from carms_lake.store.delta.maintain import (
    compact,
    digest,
    remove,
    small_files,
    unneeded,
    whole_versions,
)
from carms_lake.store.delta.maintain import restore as restore_table
from carms_lake.store.delta.manifest import last_builds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.store.delta.log import RunEnd
    from carms_lake.store.delta.maintain import Digest

    Progress = Callable[[str, int, int | None], None]


KEEP_RUNS = 100
KEEP_DAYS = 30
"""A version that one of these two keeps is kept."""

LEFTOVERS = "leftovers"
"""What the report calls files outside of tables: gold of earlier builds, killed builds."""


@dataclass(frozen=True)
class Optimized:
    """A table whose small files were put together, and the proof that nothing else changed."""

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


def optimize(
    config: LakeConfig, names: Sequence[str] = (), *, progress: Progress | None = None
) -> list[Optimized]:
    """Put the small data files of tables together; all tables of the lake where none is named.

    A table's digest is taken before and after; where they differ it is put back as it was.

    Raises:
        UsageError: there is no such table.
        StoreError: the lake cannot be read or written, or a digest differs.
    """
    chosen = [find(config, name) for name in names]
    tables = {t.name: t.path for t in chosen} or table_folders(config)
    done: list[Optimized] = []
    with running(config, "optimize") as run:
        for number, (name, path) in enumerate(tables.items()):
            if progress:
                progress(name, number, len(tables))
            done.append(_optimize(name, path, run.run_id))
    return done


def _optimize(name: str, path: Path, run_id: str) -> Optimized:
    version = delta.version(path)
    before = len(files_at(path, version))
    if len(small_files(path)) < 2:  # noqa: PLR2004 - one file cannot be put together with others
        return Optimized(name, before, before)
    told = digest(path)
    after = compact(path, run_id)
    if after == version:
        return Optimized(name, before, before)
    found = digest(path)
    if found != told:
        back = {MAINTAINED_BY: run_id, RESTORED: version}
        restore_table(path, version, {**metadata_at(path, version), **back})
        raise StoreError(
            f"`{name}` had the digest {told} and has {found} after its files were put together; "
            "it is put back as it was",
            "report this: the library that writes tables has changed rows",
        )
    return Optimized(name, before, len(files_at(path, after)), told, found)


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
    """The earliest run as of which the lake can be read afterwards, beside what is kept of it."""
    kept_runs: int
    is_done: bool


@dataclass(frozen=True)
class _Plan:
    name: str
    path: Path
    versions: int
    kept: int
    files: tuple[Path, ...]


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
        StoreError: the lake cannot be read or written, or a digest differs afterwards.
    """
    if keep_runs < 0 or keep_days < 0:
        raise UsageError("`--keep-runs` and `--keep-days` count from 0")
    with running(config, "vacuum", keep=yes):
        kept = _kept(config, run_ends(config), keep_runs, keep_days)
        plans = _plans(config, kept)
        done: list[Vacuumed] = []
        for number, plan in enumerate(plans):
            if progress:
                progress(plan.name, number, len(plans))
            done.append(_vacuumed(plan, yes=yes))
        others = _leftovers(config)
        if others:
            done.append(Vacuumed(LEFTOVERS, 0, 0, len(others), _bytes(others)))
        if yes:
            remove(_leftover_folders(config))
    return VacuumReport(tuple(done), min(kept, default=None), len(kept), yes)


def _kept(
    config: LakeConfig, ends: list[RunEnd], keep_runs: int, keep_days: float
) -> frozenset[str]:
    """The runs as of which the lake stays readable; silver of the builds that they show, too."""
    horizon = datetime.now(UTC) - timedelta(days=keep_days)
    before = [end.run_id for end in ends if end.at < horizon]
    kept = {end.run_id for end in ends if end.at >= horizon} | set(before[-1:])
    kept |= {end.run_id for end in ends[max(0, len(ends) - keep_runs) :]}
    published = publishing_runs(config)
    shown = (published[bisect_right(published, run_id) - 1 :][:1] for run_id in kept)
    return frozenset(kept | set(chain.from_iterable(shown)))


def _plans(config: LakeConfig, kept: frozenset[str]) -> list[_Plan]:
    compared = _compared_with(config)
    plans = []
    for name, path in table_folders(config).items():
        found = commits(path)
        newest = found[-1].version
        versions = {newest, *compared.get(path, ()), *(version_among(found, run) for run in kept)}
        files = unneeded(path, versions)
        whole = whole_versions(path)
        lost = {file.name for file in files}
        left = whole_versions(path, without=lost)
        plans.append(_Plan(name, path, len(whole), len(left), tuple(files)))
    return plans


def _compared_with(config: LakeConfig) -> Mapping[Path, set[int]]:
    """The versions that silver was made from: the next build looks at what changed since."""
    contracts = load_catalog(config.domain).contracts
    folders = table_folders(config)
    found: dict[Path, set[int]] = {}
    for build in last_builds(config, contracts.values()).values():
        for text, version in build.made_from.get("inputs", {}).items():
            ref = TableRef.parse(text, domain=config.domain.name)
            if ref is not None and ref.layer is not Layer.GOLD and ref.in_domain in folders:
                found.setdefault(folders[ref.in_domain], set()).add(int(version))
    return found


def _vacuumed(plan: _Plan, *, yes: bool) -> Vacuumed:
    size = _bytes(plan.files)
    report = Vacuumed(plan.name, plan.versions, plan.kept, len(plan.files), size)
    if not yes or not plan.files:
        return report
    before = digest(plan.path)
    remove(plan.files)
    after = digest(plan.path)
    if after != before:
        raise StoreError(
            f"`{plan.name}` had the digest {before} and has {after} after its old files went",
            "report this, and bring the table back from a backup",
        )
    return Vacuumed(plan.name, plan.versions, plan.kept, len(plan.files), size, after)


def _leftover_folders(config: LakeConfig) -> list[Path]:
    building = config.gold_file.parent / f".{config.domain.name}.building"
    copies = sorted((config.lake / "parquet").rglob("*.tmp"))
    return [path for path in (config.lake / CACHE, building, *copies) if path.exists()]


def _leftovers(config: LakeConfig) -> list[Path]:
    found = [file for path in _leftover_folders(config) for file in (path, *path.rglob("*"))]
    return [file for file in found if file.is_file()]


def _bytes(files: tuple[Path, ...] | list[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.is_file())
