"""What a lake answers: nothing here writes to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from carms_lake.api.contracts import Contracts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import polars as pl

    from carms_lake.catalog import GoldStep
    from carms_lake.config import LakeConfig
    from carms_lake.flows.lineage import Trace
    from carms_lake.flows.status import Status
    from carms_lake.flows.timetravel.diff import LakeDiff
    from carms_lake.store.delta import Pinned

    Parameters = Mapping[str, Any] | Sequence[Any] | None


class ReadableLake:
    """The part of `Lake` that only reads."""

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

    def publications(self) -> pl.DataFrame:
        """The last publication of each target, the newest first, and whether it `is_behind`.

        Columns: `run_id`, `kind`, `target`, `gold_run_id`, `published_at`, `tables`, `rows`,
        `digest`, `is_behind`.

        Raises:
            StoreError: the lake cannot be read.
        """
        from carms_lake.flows.publications import publications

        return publications(self.config)

    def parity(self) -> pl.DataFrame:
        """What `carms certify` found last, in one row per table and engine: `ops.parity`.

        Raises:
            StoreError: the lake cannot be read.
        """
        from carms_lake.flows.parity import parity

        return parity(self.config)

    def selects(self) -> Sequence[GoldStep]:
        """The SELECTs of gold, each after those that it reads: contract, sql, reads, where.

        The sql has the text of macros in the place of their calls, such as `calendar(years)`.

        Raises:
            ContractError: contracts and SELECTs do not fit.
        """
        from carms_lake.catalog import load_catalog

        return load_catalog(self.config.domain).gold_steps

    def silver_files(self, table: str, run_id: str) -> Pinned:
        """The Parquet files of a table of silver as a run read it: version, files, columns.

        Raises:
            UsageError: unknown table.
            StoreError: the version was vacuumed, is damaged, or needs more than reading its files.
        """
        from carms_lake.flows.parity import silver_files

        return silver_files(self.config, table, run_id)

    def beside_files(self) -> AbstractContextManager[Callable[[str], pl.DataFrame]]:
        """Give what answers SELECTs of a program over published gold and any Parquet file.

            with lake.beside_files() as ask: ask("from gold.x except all from 'x.parquet'")

        Raises:
            GoldMissing: gold was not built yet.
            StoreError: the file cannot be read, or, later, a SELECT not be answered.
        """
        from carms_lake.store.gold.compare import beside_files

        return beside_files(self.config)

    def masked(self, words: Iterable[str | None]) -> list[str | None]:
        """What `keyed_hash` makes of texts in a build: HMAC-SHA256 in hex, null of null.

        Raises:
            ConfigError, StoreError: the masking key of the project cannot be used.
        """
        from carms_lake.store.gold.macros import keyed_hashes

        return keyed_hashes(self.config, words)

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
