"""Why a table differs between two runs: source files, contract, code, inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.errors import first_few
from carms_lake.flows.timetravel.history import table_builds
from carms_lake.names import RUN_ID, Layer
from carms_lake.store import table_path
from carms_lake.store.delta.log import REPLAYED, RESTORED, commits, version_among

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.names import TableRef
    from carms_lake.store.delta.log import Commit

    Runs = tuple[str, str]
    """The earlier and the later run of a diff, in the order asked for."""


_SHOWN = 3
"""How many source files a cause names."""


def diff_causes(config: LakeConfig, contract: Contract, runs: Runs) -> tuple[str, ...]:
    """Why a bronze or silver table differs, by what its commits say.

    Raises:
        StoreError: its log cannot be read.
    """
    log = commits(table_path(config, contract.ref))
    versions = [version_among(log, run) for run in runs]
    between = [c for c in log if min(versions) < c.version <= max(versions)]
    causes = [
        f"restored to version {c.metadata[RESTORED]} (run {c.run_id})"
        for c in between
        if RESTORED in c.metadata
    ]
    if contract.ref.layer is Layer.BRONZE:
        causes += _landed(between)
        before, after = (_last(log, version, "contract") for version in versions)
        if before and before.get("contract") != after.get("contract"):
            causes.append(_contract(before.get("contract_version"), after.get("contract_version")))
        return tuple(causes)
    before, after = (
        _last(log, version, "build").get("build", {}).get("made_from", {}) for version in versions
    )
    if before and after:
        causes += _build_causes(config, contract, before, after, runs)
    return tuple(causes)


def gold_diff_causes(
    config: LakeConfig, contract: Contract, changed: Sequence[TableRef], runs: Runs
) -> tuple[str, ...]:
    """Why a gold table differs: which of its inputs changed, and the contract of its build."""
    causes = [f"`{ref.in_domain}` changed" for ref in changed]
    before, after = _contract_versions(config, contract, runs)
    if before and after and before != after:
        causes.append(_contract(before, after))
    return tuple(causes)


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


def _build_causes(
    config: LakeConfig,
    contract: Contract,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    runs: Runs,
) -> list[str]:
    causes = []
    if before.get("contract") != after.get("contract"):
        causes.append(_contract(*_contract_versions(config, contract, runs)))
    if before.get("code") != after.get("code"):
        causes.append("the code of the domain changed")
    if before.get("tool") != after.get("tool"):
        causes.append(f"carms {before.get('tool')} -> {after.get('tool')}")
    old, new = before.get("inputs", {}), after.get("inputs", {})
    changed = sorted(name for name in new if old.get(name) != new[name])
    return causes + [f"`{name.partition('.')[2]}` changed" for name in changed]


def _landed(between: Sequence[Commit]) -> list[str]:
    causes = []
    for verb, is_replay in (("landed", False), ("records replayed from", True)):
        files = [
            f"`{entry['name']}` (run {commit.run_id})"
            for commit in between
            if (REPLAYED in commit.metadata) == is_replay
            for entry in commit.metadata.get("files", ())
        ]
        causes += [f"{verb} {first_few(files, _SHOWN)}"] if files else []
    return causes


def _last(log: Sequence[Commit], version: int, key: str) -> Mapping[str, Any]:
    """The metadata of the newest commit up to a version that has a key."""
    found = [c.metadata for c in log if c.version <= version and key in c.metadata]
    return found[-1] if found else {}


def _contract(before: str | None, after: str | None) -> str:
    if before != after:
        return f"contract {before or '?'} -> {after or '?'}"
    return f"contract {after or '?'} was edited"
