"""The versions of a table: who made each of them, and what it held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.errors import StoreError, UsageError, did_you_mean
from carms_lake.names import RUN_ID, Layer, TableRef
from carms_lake.records import QueryResult
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.log import is_table, states, table_folders
from carms_lake.store.delta.maintain import whole_versions
from carms_lake.store.layout import ops_path, table_path

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


COLUMNS = ("version", "at", "run_id", "command", "rows", "files", "contract_version", "is_whole")
_TYPES = ("BIGINT", "TIMESTAMP", "VARCHAR", "VARCHAR", "BIGINT", "BIGINT", "VARCHAR", "BOOLEAN")


@dataclass(frozen=True)
class Named:
    """A table of the lake by its name."""

    name: str
    """`bronze.sales`, `ops.runs`, `rejects`."""
    path: Path
    ref: TableRef | None = None
    """None of operations and rejects."""


def history(config: LakeConfig, name: str) -> QueryResult:
    """One row per version of a table, newest first; of gold one row per run that published it.

    `rows` is null where the log does not say it; `is_whole` says whether its files are still there.

    Raises:
        UsageError: there is no such table.
        StoreError: it is not there yet, or its log cannot be read.
    """
    commands = dict(_ops_rows(config, "runs", RUN_ID, "command"))
    if _operations(config, name) is None:
        ref = load_catalog(config.domain).resolve(name)
        if ref.layer is Layer.GOLD:
            return QueryResult(COLUMNS, _TYPES, _published(config, ref, commands))
    table = find(config, name)
    contracts = _contract_versions(config, table.ref) if table.ref else {}
    whole = whole_versions(table.path)
    rows: list[tuple[Any, ...]] = []
    contract = None
    for commit, files in states(table.path):
        run_id = commit.run_id
        contract = commit.metadata.get("contract_version") or contracts.get(run_id) or contract
        counts = [file.rows for file in files.values()]
        rows.append(
            (
                commit.version,
                commit.at.replace(tzinfo=None),
                run_id,
                commands.get(run_id or "") or commit.operation.lower(),
                None if None in counts else sum(count or 0 for count in counts),
                len(files),
                contract,
                commit.version in whole,
            )
        )
    return QueryResult(COLUMNS, _TYPES, rows[::-1])


def find(config: LakeConfig, name: str) -> Named:
    """The Delta table of a name: of silver or bronze, `ops.x`, or `rejects`.

    Raises:
        UsageError: there is no such table, or it is one of gold.
        StoreError: it is not there yet.
    """
    operations = _operations(config, name)
    if operations is not None:
        return operations
    found = load_catalog(config.domain).named(name)
    ref = next((ref for ref in found if ref.layer is not Layer.GOLD), None)
    if ref is None:
        raise UsageError(
            f"`{found[0].in_domain}` is in the published file, which has no versions",
            "name a table of bronze or silver; `carms query --as-of RUN` computes gold as of a run",
        )
    path = table_path(config, ref)
    if not is_table(path):
        raise StoreError(f"no table in `{path}`", "run `carms ingest`, then `carms build`")
    return Named(ref.in_domain, path, ref)


def _operations(config: LakeConfig, name: str) -> Named | None:
    """The table of operations of a name, or `rejects`; None where a contract may have the name.

    Raises:
        UsageError: the name is one of `ops`, and there is no such table.
    """
    folders = table_folders(config)
    plain = name.strip().lower().removeprefix(f"{config.domain.name}.")
    is_bare = all(ref.table != plain for ref in load_catalog(config.domain).contracts)
    for key in (plain, f"ops.{plain}") if is_bare else (plain,):
        if key in folders and not key.startswith((f"{Layer.BRONZE}.", f"{Layer.SILVER}.")):
            return Named(key, folders[key])
    if plain.startswith("ops."):
        raise UsageError(f"no table `{name}` in the lake", did_you_mean(plain, folders))
    return None


def _ops_rows(config: LakeConfig, table: str, *columns: str) -> list[tuple[Any, ...]]:
    path = ops_path(config, table)
    if not delta.exists(path):
        return []
    return delta.scan(path).select(columns).collect().rows()


def _contract_versions(config: LakeConfig, ref: TableRef) -> dict[str | None, str]:
    """The contract's version that each run built a table with."""
    path = ops_path(config, "table_versions")
    if not delta.exists(path):
        return {}
    of_table = (pl.col("layer") == ref.layer) & (pl.col("table_name") == ref.table)
    return dict(
        delta.scan(path).filter(of_table).select(RUN_ID, "contract_version").collect().rows()
    )


def _published(
    config: LakeConfig, ref: TableRef, commands: dict[str, str]
) -> list[tuple[Any, ...]]:
    path = ops_path(config, "table_versions")
    if not delta.exists(path):
        return []
    of_table = (pl.col("layer") == ref.layer) & (pl.col("table_name") == ref.table)
    found = delta.scan(path).filter(of_table).select(RUN_ID, "rows", "contract_version").collect()
    ends = dict(_ops_rows(config, "runs", RUN_ID, "started_at"))
    rows = []
    for run_id, count, contract in sorted(found.rows(), reverse=True):
        at = ends.get(run_id)
        when = at.replace(tzinfo=None) if at else None
        rows.append((None, when, run_id, commands.get(run_id), count, None, contract, None))
    return rows
