"""The versions of a table: which run wrote each of them, and how many rows it had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.errors import StoreError, UsageError, did_you_mean
from carms_lake.names import RUN_ID, Layer, TableRef
from carms_lake.store import delta, ops_path, table_path
from carms_lake.store.delta.log import is_table, states, table_folders, total_rows
from carms_lake.store.delta.maintain import whole_versions
from carms_lake.store.ops import OPS_SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


_SCHEMA = {
    "version": pl.Int64(),
    "at": pl.Datetime("us"),
    "run_id": pl.String(),
    "command": pl.String(),
    "rows": pl.Int64(),
    "files": pl.Int64(),
    "contract_version": pl.String(),
    "is_whole": pl.Boolean(),
}


@dataclass(frozen=True)
class NamedTable:
    """A table of the lake by its name."""

    name: str
    """`bronze.sales`, `ops.runs`, `rejects`."""
    path: Path
    ref: TableRef | None = None
    """None for operations and rejects."""


def history(config: LakeConfig, name: str) -> pl.DataFrame:
    """One row per version of a table, newest first; of gold one row per run that published it.

    `rows` is null where the log does not say it; `is_whole` says whether its files still exist.

    Raises:
        UsageError: there is no such table.
        StoreError: it does not exist yet, or its log cannot be read.
    """
    runs = _ops(config, "runs").select(RUN_ID, "command", "started_at").collect()
    if operations(config, name) is None:
        ref = load_catalog(config.domain).resolve(name)
        if ref.layer is Layer.GOLD:
            return _publications(table_builds(config, ref), runs)
    table = find(config, name)
    commands = dict(runs.select(RUN_ID, "command").rows())
    builds = table_builds(config, table.ref) if table.ref else None
    contracts = {} if builds is None else dict(builds.select(RUN_ID, "contract_version").rows())
    whole = whole_versions(table.path)
    rows: list[tuple[Any, ...]] = []
    contract = None
    for commit, files in states(table.path):
        run_id = commit.run_id
        contract = commit.metadata.get("contract_version") or contracts.get(run_id) or contract
        rows.append(
            (
                commit.version,
                commit.at.replace(tzinfo=None),
                run_id,
                commands.get(run_id or "") or commit.operation.lower(),
                total_rows(files.values()),
                len(files),
                contract,
                commit.version in whole,
            )
        )
    return pl.DataFrame(rows[::-1], _SCHEMA, orient="row")


def table_builds(config: LakeConfig, ref: TableRef) -> pl.DataFrame:
    """The runs that built a table of silver or gold, oldest first, with `rows`, `contract_version`.

    Raises:
        StoreError: the lake cannot be read.
    """
    of_table = (pl.col("layer") == ref.layer) & (pl.col("table_name") == ref.table)
    builds = _ops(config, "table_versions").filter(of_table).sort(RUN_ID)
    return builds.select(RUN_ID, "rows", "contract_version").collect()


def find(config: LakeConfig, name: str) -> NamedTable:
    """The Delta table of a name: of silver or bronze, `ops.x`, or `rejects`.

    Raises:
        UsageError: there is no such table, or it is one of gold.
        StoreError: it does not exist yet.
    """
    found = operations(config, name)
    if found is not None:
        return found
    refs = load_catalog(config.domain).named(name)
    ref = next((ref for ref in refs if ref.layer is not Layer.GOLD), None)
    if ref is None:
        raise UsageError(
            f"`{refs[0].in_domain}` is in the published file, which has no versions",
            "name a table of bronze or silver; `carms query --as-of RUN` computes gold as of a run",
        )
    path = table_path(config, ref)
    if not is_table(path):
        raise StoreError(f"no table in `{path}`", "run `carms ingest`, then `carms build`")
    return NamedTable(ref.in_domain, path, ref)


def operations(config: LakeConfig, name: str) -> NamedTable | None:
    """The table of operations of a name, or `rejects`; None where a contract may have the name.

    Raises:
        UsageError: the name is one of `ops`, and there is no such table.
    """
    folders = table_folders(config)
    plain = name.strip().lower().removeprefix(f"{config.domain.name}.")
    is_bare = all(ref.table != plain for ref in load_catalog(config.domain).contracts)
    for key in (plain, f"ops.{plain}") if is_bare else (plain,):
        if key in folders and not key.startswith((f"{Layer.BRONZE}.", f"{Layer.SILVER}.")):
            return NamedTable(key, folders[key])
    if plain.startswith("ops."):
        raise UsageError(f"no table `{name}` in the lake", did_you_mean(plain, folders))
    return None


def _ops(config: LakeConfig, table: str) -> pl.LazyFrame:
    path = ops_path(config, table)
    return delta.scan(path) if delta.exists(path) else pl.LazyFrame(schema=OPS_SCHEMAS[table])


def _publications(builds: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    joined = builds.join(runs, on=RUN_ID, how="left").sort(RUN_ID, descending=True)
    at = pl.col("started_at").dt.replace_time_zone(None).alias("at")
    nulls = [pl.lit(None, _SCHEMA[name]).alias(name) for name in ("version", "files", "is_whole")]
    return joined.with_columns(at, *nulls).select(
        pl.col(name).cast(kind) for name, kind in _SCHEMA.items()
    )
