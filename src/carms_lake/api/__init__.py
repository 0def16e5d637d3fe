"""`import carms_lake`: a lake to query, load and check from Python.

Calls return frozen reports and Polars frames, print nothing, and raise `LakeError`. A `Lake` holds
no connection and no state, so threads may share it; one process at a time writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake.api.contracts import Contracts, UnknownTable
from carms_lake.api.reading import ReadableLake
from carms_lake.config import load_config

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import polars as pl

    from carms_lake.flows.drift.findings import DriftReport
    from carms_lake.flows.ingest.forget import Forgotten
    from carms_lake.flows.parity import Parity
    from carms_lake.flows.rejects.replay import ReplayReport
    from carms_lake.records import Progress, Publication, RunReport

__all__ = ["Contracts", "Lake", "UnknownTable", "open"]


def open(  # noqa: A001 - it is called as `carms_lake.open`
    path: str | Path | None = None, domain: str | None = None
) -> Lake:
    """The lake of a project folder; without `path`, of the nearest one upward with a carms.toml.

    `domain` is one of the project's domains; without it, what carms.toml or `CARMS_DOMAIN` names.

    Raises:
        ConfigError: the project or the domain is unknown, or a setting is wrong.
    """
    return Lake(load_config(project=None if path is None else Path(path), domain=domain))


class Lake(ReadableLake):
    """One domain of a project: its tables, and what the commands do, as calls."""

    def ingest(
        self,
        *sources: str,
        from_path: Path | None = None,
        dry_run: bool = False,
        full_refresh: bool = False,
        progress: Progress | None = None,
    ) -> RunReport:
        """Load source files into bronze; of all sources if none is named.

        Raises:
            LakeError: as `carms ingest`; files that cannot be read are in the report.
        """
        from carms_lake.flows.ingest import ingest

        return ingest(
            self.config,
            sources,
            from_path=from_path,
            dry_run=dry_run,
            full_refresh=full_refresh,
            progress=progress,
        )

    def build(
        self,
        *tables: str,
        full_refresh: bool = False,
        publish_anyway: bool = False,
        progress: Progress | None = None,
    ) -> RunReport:
        """Build silver and gold, check them, and publish the gold file; all tables if none named.

        Raises:
            DataError: a check failed; the published file is left as it was.
            LakeError: as `carms build`.
        """
        from carms_lake.flows.build import build

        return build(
            self.config,
            tables,
            full_refresh=full_refresh,
            publish_anyway=publish_anyway,
            progress=progress,
        )

    def run(
        self, *, from_path: Path | None = None, progress: Progress | None = None
    ) -> tuple[RunReport, RunReport]:
        """Ingest all sources, then build all tables; the reports of both.

        Raises:
            LakeError: as `ingest` and `build`.
        """
        ingested = self.ingest(from_path=from_path, progress=progress)
        return ingested, self.build(progress=progress)

    def check(self, *, now: datetime | None = None) -> RunReport:
        """Check every constraint on the tables as they are; failed checks are in the report.

        Raises:
            LakeError: as `carms check`.
        """
        from carms_lake.flows.check import check

        return check(self.config, now=now)

    def replay(self, *tables: str, dry_run: bool = False) -> ReplayReport:
        """Check rejected records against the contracts of today; those that pass are loaded.

        Raises:
            LakeError: as `carms rejects replay`.
        """
        from carms_lake.flows.rejects.replay import replay

        return replay(self.config, tables, dry_run=dry_run)

    def drift(
        self, *sources: str, from_path: Path | None = None, every: bool = False
    ) -> DriftReport:
        """Compare arriving files with their contracts and with the previous delivery.

        Raises:
            LakeError: as `carms drift`.
        """
        from carms_lake.flows.drift import drift

        return drift(self.config, sources, from_path=from_path, every=every)

    def forget(self, *files: str, yes: bool = False) -> tuple[Forgotten, ...]:
        """Take landed files back out of bronze; with `yes` it is done, else only said.

        Raises:
            LakeError: as `carms forget`.
        """
        from carms_lake.flows.ingest.forget import forget

        return forget(self.config, files, yes=yes)

    def append(self, rows: Mapping[str, pl.DataFrame], command: str) -> RunReport:
        """Add rows to tables of the domain's own layers, in one run: all of them count, or none.

        `rows` are by table, in the columns of its contract without `run_id` and `ingestion_ts`,
        which are the run's; `command` is what `ops.runs` calls it. The report has the run's id.

        Raises:
            DataError: rows break a constraint; nothing is kept.
            UsageError, ContractError, StoreError: the tables, their columns, or the lake.
        """
        from carms_lake.flows.append import append

        return append(self.config, rows, command)

    def publish(self, write: Callable[[], Publication]) -> Publication:
        """Call a function that publishes gold somewhere, and record it in `ops.publications`.

        No build runs meanwhile. What the target has by the last record is not recorded again.

        Raises:
            StoreLocked: another process is writing.
            StoreError: the lake cannot be written.
        """
        from carms_lake.flows.publications import publish

        return publish(self.config, write)

    def certify(self, compare: Callable[[], Sequence[Parity]]) -> Sequence[Parity]:
        """Call a function that compares gold with another engine's; keep it in `ops.parity`.

        Nobody writes to the lake meanwhile.

        Raises:
            StoreLocked: another process is writing.
            StoreError: the lake cannot be written.
        """
        from carms_lake.flows.parity import certify

        return certify(self.config, compare)

    def ensure_unlocked(self) -> None:
        """Refuse to go on while a process is writing to the lake, which `append` would wait for.

        Raises:
            StoreLocked: one is; the message names it.
            StoreError: the lock cannot be looked at.
        """
        from carms_lake.store.delta.lock import ensure_unlocked

        ensure_unlocked(self.config.lake)
