"""`import carms_lake`: a lake to query, load and check from Python.

Calls return frozen reports and Polars frames, print nothing, and raise `LakeError`. A `Lake` holds
no connection and no state, so threads may share it; one process at a time writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carms_lake.api.contracts import Contracts, UnknownTable
from carms_lake.config import load_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    import polars as pl

    from carms_lake.config import LakeConfig
    from carms_lake.flows.drift.findings import DriftReport
    from carms_lake.flows.ingest.forget import Forgotten
    from carms_lake.flows.lineage import Trace
    from carms_lake.flows.rejects.replay import ReplayReport
    from carms_lake.flows.status import Status
    from carms_lake.flows.timetravel.diff import LakeDiff
    from carms_lake.records import Progress, Publication, RunReport

    Parameters = Mapping[str, Any] | Sequence[Any] | None

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


class Lake:
    """One domain of a project: its tables, and what the commands do, as calls."""

    def __init__(self, config: LakeConfig) -> None:
        self.config = config

    def __repr__(self) -> str:
        return f"Lake({str(self.config.project)!r}, domain={self.config.domain.name!r})"

    @property
    def contracts(self) -> Contracts:
        """The contracts, by any spelling of a table's name: `lake.contracts["gold.fact_sales"]`.

        Raises:
            ContractError: a contract is wrong.
        """
        return Contracts(self.config)

    def query(
        self, sql: str, parameters: Parameters = None, *, as_of: str | None = None
    ) -> pl.DataFrame:
        """The rows of one reading statement; `$name` in it takes its value from `parameters`.

        It runs in the sandbox of `carms query`: it reads the lake and nothing else, within the
        time and memory limits of carms.toml. With `as_of`, a run or a time, all tables answer as
        they were then.

        Raises:
            UsageError: `as_of` names no run, or a time before the first one.
            QueryRefused: the SQL is wrong, or does more than read.
            QueryLimit: it took longer, or more memory, than allowed.
            GoldMissing: it names gold, and no gold file was published yet.
            StoreError: the gold file or a table cannot be read.
        """
        from carms_lake.flows.query import query_frame

        return query_frame(self.config, sql, parameters, as_of=as_of)

    def stream(
        self, sql: str, parameters: Parameters = None, *, as_of: str | None = None
    ) -> AbstractContextManager[Iterator[pl.DataFrame]]:
        """The rows of one reading statement in frames, for results that do not fit into memory.

            with lake.stream("from silver.event") as frames:
                for frame in frames: ...

        Raises:
            LakeError: as `query`, also while the frames are taken.
        """
        from carms_lake.flows.query import query_frames

        return query_frames(self.config, sql, parameters, as_of=as_of)

    def to_parquet(self, sql: str, path: Path) -> int:
        """Write the rows of one reading statement to a Parquet file; how many rows.

        They need not fit into memory. Types are those that `carms query -o rows.parquet` writes.

        Raises:
            OSError: the file cannot be written.
            LakeError: as `query`.
        """
        from carms_lake.flows.query import query_to_file

        return query_to_file(self.config, sql, path, "parquet")

    def table(self, name: str, *, as_of: str | None = None) -> pl.LazyFrame:
        """A table at one version, the newest or that of a run or a time.

        Tables of bronze and silver, `rejects` and `ops.runs` are read from their Delta files when
        the frame is collected; what is written meanwhile does not show. Gold is read at once.

        Raises:
            UsageError: unknown table or run, or the table did not exist yet.
            GoldMissing: it is one of gold, and no gold file was published yet.
            StoreError: the table does not exist yet, or that version was vacuumed.
        """
        from carms_lake.flows.query import table_frame

        return table_frame(self.config, name, as_of=as_of)

    def tables(self) -> pl.DataFrame:
        """One row per table, gold first: name, layer, kind, rows, columns, description.

        Raises:
            ContractError: a contract is wrong.
            StoreError: the gold file or a table cannot be read.
        """
        from carms_lake.flows.query import tables

        return tables(self.config)

    def status(self) -> Status:
        """Freshness, counts, last runs, rejects, checks and disk use.

        Raises:
            ContractError: a contract is wrong.
            StoreError: the lake cannot be read.
        """
        from carms_lake.flows.status import status

        return status(self.config)

    def tables_about_people(self) -> frozenset[str]:
        """The tables of bronze and silver that may hold what a contract classifies: `silver.sale`.

        Those with a column that is not public, and all that they are made of or that is made of
        them. What is shown to more people than may read the lake leaves their values out.

        Raises:
            ContractError: functions or SELECTs do not fit the contracts.
        """
        from carms_lake.catalog import load_catalog
        from carms_lake.flows.build.published import tables_about_people

        found = tables_about_people(load_catalog(self.config.domain))
        return frozenset(ref.in_domain for ref in found)

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

    def checks(self) -> pl.DataFrame:
        """The checks that contracts ask for, in one row each, with the newest result.

        Columns: `table`, `rule`, `severity`, `description`, `passed`, `failed_rows`,
        `checked_rows`, `message`, `run_id`; those of the result are null where there is none yet.

        Raises:
            ContractError: a contract is wrong.
            StoreError: the lake cannot be read.
        """
        from carms_lake.flows.check.listed import listed_checks

        return listed_checks(self.config)

    def rejects(
        self,
        table: str | None = None,
        *,
        layer: str | None = None,
        code: str | None = None,
        column: str | None = None,
        run: str | None = None,
    ) -> pl.DataFrame:
        """One row per reason of each record that is rejected, or row that is quarantined, now.

        Raises:
            UsageError: unknown table.
            StoreError: the lake cannot be read.
        """
        from carms_lake.flows.rejects import rejects

        return rejects(self.config, table=table, layer=layer, code=code, column=column, run=run)

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

    def publications(self) -> pl.DataFrame:
        """The last publication of each target, the newest first, and whether it `is_behind`.

        Columns: `run_id`, `kind`, `target`, `gold_run_id`, `published_at`, `tables`, `rows`,
        `digest`, `is_behind`.

        Raises:
            StoreError: the lake cannot be read.
        """
        from carms_lake.flows.publications import publications

        return publications(self.config)

    def ensure_unlocked(self) -> None:
        """Refuse to go on while a process is writing to the lake, which `append` would wait for.

        Raises:
            StoreLocked: one is; the message names it.
            StoreError: the lock cannot be looked at.
        """
        from carms_lake.store.delta.lock import ensure_unlocked

        ensure_unlocked(self.config.lake)

    def history(self, table: str) -> pl.DataFrame:
        """One row per version of a table, newest first.

        Raises:
            UsageError: unknown table.
            StoreError: it does not exist yet, or its log cannot be read.
        """
        from carms_lake.flows.timetravel import history

        return history(self.config, table)

    def diff(self, before: str, after: str) -> LakeDiff:
        """What changed between two runs, table by table, and why.

        Raises:
            LakeError: as `carms diff`.
        """
        from carms_lake.flows.timetravel.diff import diff

        return diff(self.config, before, after)

    def trace(self, key: str, *, table: str | None = None) -> Trace:
        """The rows that a key names, what they were made of, and what was made of them.

        Raises:
            UnknownKey: no row has the key.
            LakeError: as `carms trace`.
        """
        from carms_lake.flows.lineage import trace

        return trace(self.config, key, table=table)

    def lineage(self, *tables: str) -> pl.DataFrame:
        """What columns are made of: of all tables, or of these and of all that they are made of.

        One row per column and column that it is made of: `table`, `column`, `reads`,
        `reads_column`, `known` (sql, contract or file) and `how`. `reads` is a table, or the files
        of a bronze table; a table that is read, and none of whose columns is named, has a row
        without columns. Contracts and SELECTs say so, no data is read.

        Raises:
            UsageError: unknown table.
            ContractError: a contract is wrong, or functions and SELECTs do not fit the contracts.
        """
        from carms_lake.flows.lineage.columns import column_lineage

        return column_lineage(self.config, tables)
