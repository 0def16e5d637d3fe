"""Which run `--as-of` means, and the gold tables as of that run.

Bronze, silver, ops and rejects keep all their versions. Of gold only the newest file is kept, so an
earlier gold snapshot is recomputed, by today's SELECTs from silver as of its build, and cached
in `.asof/` of the lake.
"""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from carms_lake import files
from carms_lake.catalog import GoldStep, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.errors import ContractError, GoldMissing, StoreError, UsageError
from carms_lake.flows.build.plan import table_fingerprints
from carms_lake.names import RUN_ID, Layer, TableRef
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.run_names import is_run_name, run_named, runs_named
from carms_lake.store import delta, ops_path, table_path
from carms_lake.store.delta.log import RunEnd, ensure_complete, run_ends, version_at
from carms_lake.store.gold import build_record
from carms_lake.store.gold.file import building
from carms_lake.store.ops import OPS_SCHEMAS, ops_rows
from carms_lake.store.query.sandbox import AsOf
from carms_lake.store.rejects import live
from carms_lake.store.runs import LISTED
from carms_lake.store.sql.statement import Statement, tables_read

CACHE = ".asof"
"""The folder of the lake with gold snapshots; it can be deleted at any time."""

_RUN = re.compile(r"\d{8}T.*")


def resolve_as_of(config: LakeConfig, text: str) -> RunEnd:
    """The run that a text means: its name (`run_names.runs_named`), or the last one at a time.

    A time without a zone is UTC; a date is its first moment.

    Raises:
        UsageError: no run fits, or several do, or none had ended by that time.
        StoreError: the lake cannot be read.
    """
    ends = run_ends(config)
    ids = [end.run_id for end in ends]
    if _RUN.fullmatch(text) or is_run_name(text):
        return ends[ids.index(run_named(text, ids, listed=LISTED))]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        if runs_named(text, ids):
            return ends[ids.index(run_named(text, ids, listed=LISTED))]
        raise UsageError(
            f"`{text}` is neither a run nor a time",
            "give a run's id, `last`, `previous`, or a time such as `2026-11-21 14:30` (UTC)",
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    before = [end for end in ends if end.at <= at]
    if before:
        return before[-1]
    first = f"the first run ended at {ends[0].at:%Y-%m-%d %H:%M:%S} UTC" if ends else LISTED
    raise UsageError(f"no run had ended by {at:%Y-%m-%d %H:%M:%S} UTC", first)


def query_as_of(config: LakeConfig, run_id: str) -> AsOf:
    """The lake after a run, for a query; gold is computed only where the query reads it."""

    def gold(statement: Statement) -> Path | None:
        if _is_published(config, run_id):
            return config.gold_file
        names_gold = _names_gold(config, statement)
        file = gold_as_of(config, run_id) if names_gold or statement.lists_tables else None
        if file is None and names_gold:
            raise GoldMissing(
                f"no gold had been published as of run `{run_id}`",
                "query bronze, silver or ops as of that run instead",
            )
        return file

    return AsOf(run_id, gold)


def gold_as_of(config: LakeConfig, run_id: str) -> Path | None:
    """A gold file with the tables as a run left them; None where none had been published.

    Raises:
        StoreError: the silver of that build was vacuumed, or the file cannot be written.
        ContractError: today's SELECTs cannot read the silver of that build.
    """
    if _is_published(config, run_id):
        return config.gold_file
    published = [run for run in publishing_runs(config) if run <= run_id]
    if not published:
        return None
    build = published[-1]
    catalog = load_catalog(config.domain)
    silver = {ref: version_at(table_path(config, ref), build) for ref in catalog.refs(Layer.SILVER)}
    steps = _buildable(catalog.gold_steps, silver)
    made_from = sorted(table_fingerprints(config, steps, silver).values())
    if _ops_read(steps):  # every run appends to these
        made_from.append(build)
    name = hashlib.sha256("".join(made_from).encode()).hexdigest()[:32]
    path = config.lake / CACHE / f"{name}.duckdb"
    if not path.exists():
        _write(config, build, steps, silver, path)
    return path


def publishing_runs(config: LakeConfig) -> list[str]:
    """The runs that published a gold file, oldest first.

    Raises:
        StoreError: the lake cannot be read.
    """
    of_gold = ops_rows(config, "table_versions").filter(pl.col("layer") == Layer.GOLD)
    return of_gold.select(pl.col(RUN_ID).unique().sort()).collect()[RUN_ID].to_list()


def _is_published(config: LakeConfig, run_id: str) -> bool:
    """Whether the published file is the gold as of a run."""
    build = build_record(config.gold_file)
    return build is not None and build.run_id <= run_id


def _names_gold(config: LakeConfig, statement: Statement) -> bool:
    names = {ref.table for ref in load_catalog(config.domain).refs(Layer.GOLD)}
    return any(
        "gold" in path[:-1] or (len(path) == 1 and path[0] in names)
        for path in statement.tables | statement.macros
    )


def _buildable(steps: list[GoldStep], silver: Mapping[TableRef, int]) -> list[GoldStep]:
    """The tables all of whose inputs existed."""
    there = {ref for ref, version in silver.items() if version >= 0}
    kept: list[GoldStep] = []
    for step in steps:
        if step.needs <= there:
            there.add(step.contract.ref)
            kept.append(step)
    return kept


def _ops_read(steps: Sequence[GoldStep]) -> list[str]:
    """The tables of `ops` that SELECTs read: `rejects`, `runs` ..."""
    return sorted(
        name.removeprefix("ops.")
        for step in steps
        for name in tables_read(step.sql, where=f"`{step.contract.ref}`", schemas=("ops",))
    )


def _ops_as_of(config: LakeConfig, table: str, build: str) -> pl.DataFrame:
    """A table of `ops` as the gold file of a build had it."""
    if table == "rejects":
        refs = load_catalog(config.domain).refs(Layer.BRONZE, Layer.SILVER)
        rejected = live(config, refs, as_of=build)
        return pl.DataFrame(schema=REJECT_SCHEMA) if rejected is None else rejected.collect()
    empty = pl.DataFrame(schema=OPS_SCHEMAS[table])
    path = ops_path(config, table)
    version = version_at(path, build)
    if version < 0:
        return empty
    ensure_complete(path, version, f"ops.{table}")
    rows = delta.scan(path, version).collect()
    return pl.concat([empty, rows], how="diagonal").select(empty.columns)


def _write(
    config: LakeConfig,
    build: str,
    steps: Sequence[GoldStep],
    silver: Mapping[TableRef, int],
    path: Path,
) -> None:
    """Compute the gold of an earlier build, from versions of silver and from operations."""
    read = {ref for step in steps for ref in step.reads if ref.layer is Layer.SILVER}
    # A folder per process: several may compute the same snapshot at once, and the last one wins.
    with building(config, path.parent / f".{path.stem}.{os.getpid()}") as warehouse:
        for ref in sorted(read):
            folder, version = table_path(config, ref), silver[ref]
            ensure_complete(folder, version, ref.in_domain)
            warehouse.add_source(ref, delta.pinned(folder, version))
        for table in _ops_read(steps):
            warehouse.add_ops(table, _ops_as_of(config, table, build))
        for step in steps:
            try:
                warehouse.create(step.contract, step.sql, step.where)
            except ContractError as error:
                raise ContractError(
                    f"gold as of `{build}` cannot be computed by today's SELECTs: {error.message}",
                    "query silver as of that run instead",
                ) from error
        warehouse.finish([Layer.SILVER])
        try:
            files.put(warehouse.path, path)
        except OSError as error:
            raise StoreError(
                f"`{path}` cannot be written: {error}",
                "check its permissions and the free space on the disk",
            ) from error
