"""The history of a table: its versions, the runs that wrote them, and why two of them differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.errors import StoreError, UsageError, did_you_mean, first_few
from carms_lake.names import RUN_ID, Layer, TableRef
from carms_lake.store import table_path
from carms_lake.store.delta.log import (
    FORGOTTEN,
    REPLAYED,
    RESTORED,
    Commit,
    commits,
    is_table,
    states,
    table_folders,
    total_rows,
    version_among,
)
from carms_lake.store.delta.maintain import whole_versions
from carms_lake.store.ops import ops_rows

Runs = tuple[str, str]
"""The earlier and the later run of a diff, in the order asked for."""


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
_FILES_NAMED = 3
"""How many source files a cause names."""


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
        UsageError: the table is unknown.
        StoreError: it does not exist yet, or its log cannot be read.
    """
    runs = ops_rows(config, "runs").select(RUN_ID, "command", "started_at").collect()
    if operations(config, name) is None:
        ref = load_catalog(config.domain).resolve(name)
        if ref.layer is Layer.GOLD:
            builds = table_builds(config, ref).join(runs, on=RUN_ID, how="left")
            at = pl.col("started_at").dt.replace_time_zone(None).alias("at")
            nulls = [pl.lit(None).alias(name) for name in ("version", "files", "is_whole")]
            columns = [pl.col(name).cast(kind) for name, kind in _SCHEMA.items()]
            newest_first = builds.sort(RUN_ID, descending=True)
            return newest_first.with_columns(at, *nulls).select(columns)
    table = find(config, name)
    commands = dict(runs.select(RUN_ID, "command").rows())
    contracts: dict[str | None, str] = {}
    if table.ref:
        builds = table_builds(config, table.ref)
        contracts = dict(builds.select(RUN_ID, "contract_version").rows())
    whole = whole_versions(table.path)
    rows: list[tuple[Any, ...]] = []
    contract = None
    for commit, files in states(table.path):
        run_id = commit.run_id
        # What only moved rows to other files says nothing of a contract: the last one still holds.
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
    builds = ops_rows(config, "table_versions").sort(RUN_ID)
    builds = builds.filter(layer=ref.layer, table_name=ref.table)
    return builds.select(RUN_ID, "rows", "contract_version").collect()


def find(config: LakeConfig, name: str) -> NamedTable:
    """The Delta table of a name: of silver, bronze or an own layer, `ops.x`, or `rejects`.

    Raises:
        UsageError: the table is unknown, or one of gold.
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
        written_by = load_catalog(config.domain).contracts[ref].written_by
        to_do = f"run `{written_by}`" if written_by else "run `carms ingest`, then `carms build`"
        raise StoreError(f"no table in `{path}`", to_do)
    return NamedTable(ref.in_domain, path, ref)


def operations(config: LakeConfig, name: str) -> NamedTable | None:
    """The table of operations of a name, or `rejects`; None where a contract may have the name.

    Raises:
        UsageError: the name is one of `ops`, and unknown there.
    """
    folders = table_folders(config)
    plain = name.strip().lower().removeprefix(f"{config.domain.name}.")
    is_bare = all(ref.table != plain for ref in load_catalog(config.domain).contracts)
    for key in (plain, f"ops.{plain}") if is_bare else (plain,):
        if key in folders and (key == "rejects" or key.startswith("ops.")):
            return NamedTable(key, folders[key])
    if plain.startswith("ops."):
        raise UsageError(f"no table `{name}` in the lake", did_you_mean(plain, folders))
    return None


def diff_causes(
    config: LakeConfig, contract: Contract, runs: Runs, inputs: Sequence[TableRef] = ()
) -> tuple[str, ...]:
    """Why a table differs, by its commits; one of gold by its `inputs` that changed.

    Raises:
        StoreError: its log cannot be read.
    """
    if contract.ref.layer is Layer.GOLD:
        built = _contract_versions(config, contract, runs)
        contracts = [_contract(*built)] if all(built) and built[0] != built[1] else []
        return (*(f"`{ref.in_domain}` changed" for ref in inputs), *contracts)
    log = commits(table_path(config, contract.ref))
    versions = [version_among(log, run) for run in runs]
    # The later run may have been named first.
    between = [c for c in log if min(versions) < c.version <= max(versions)]
    causes = [
        f"restored to version {c.metadata[RESTORED]} (run {c.run_id})"
        for c in between
        if RESTORED in c.metadata
    ]
    if contract.written_by:
        runs_between = [c.run_id for c in between if c.run_id and RESTORED not in c.metadata]
        return (*causes, *(f"appended by run {run}" for run in runs_between))
    if contract.ref.layer is Layer.BRONZE:
        for verb, is_replay in (("landed", False), ("records replayed from", True)):
            files = [
                f"`{entry['name']}` (run {commit.run_id})"
                for commit in between
                if (REPLAYED in commit.metadata) == is_replay
                for entry in commit.metadata.get("files", ())
            ]
            causes += [f"{verb} {first_few(files, _FILES_NAMED)}"] if files else []
        names = [f"`{n}` (run {c.run_id})" for c in between for n in c.metadata.get(FORGOTTEN, ())]
        causes += [f"forgot {first_few(names, _FILES_NAMED)}"] if names else []
        before, after = (_last(log, version, "contract") for version in versions)
        if before and before.get("contract") != after.get("contract"):
            causes.append(_contract(before.get("contract_version"), after.get("contract_version")))
        return tuple(causes)
    before, after = (
        _last(log, version, "build").get("build", {}).get("made_from", {}) for version in versions
    )
    if not before or not after:
        return tuple(causes)
    if before.get("contract") != after.get("contract"):
        causes.append(_contract(*_contract_versions(config, contract, runs)))
    if before.get("code") != after.get("code"):
        causes.append("the code of the domain changed")
    if before.get("tool") != after.get("tool"):
        causes.append(f"carms {before.get('tool')} -> {after.get('tool')}")
    old, new = before.get("inputs", {}), after.get("inputs", {})
    old_marks, new_marks = before.get("commits", {}), after.get("commits", {})
    changed = sorted(
        name
        for name in new
        if old.get(name) != new[name]
        or (name in old_marks and old_marks[name] != new_marks.get(name))
    )
    return (*causes, *(f"`{name.partition('.')[2]}` changed" for name in changed))


def _contract_versions(
    config: LakeConfig, contract: Contract, runs: Runs
) -> tuple[str | None, str | None]:
    """The versions of the contract that a table of silver or gold was built with, as of runs."""
    builds = table_builds(config, contract.ref)
    before, after = (
        builds.filter(pl.col(RUN_ID) <= run)["contract_version"].to_list()[-1:] or [None]
        for run in runs
    )
    return before[0], after[0]


def _last(log: Sequence[Commit], version: int, key: str) -> Mapping[str, Any]:
    """The metadata of the newest commit up to a version that has a key."""
    found = [c.metadata for c in log if c.version <= version and key in c.metadata]
    return found[-1] if found else {}


def _contract(before: str | None, after: str | None) -> str:
    if before != after:
        return f"contract {before or '?'} -> {after or '?'}"
    return f"contract {after or '?'} was edited"
