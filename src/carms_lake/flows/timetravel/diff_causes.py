"""Why a table differs between two runs: source files, contract, code, inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.errors import first_few
from carms_lake.names import RUN_ID, Layer
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.log import REPLAYED, RESTORED, commits, version_among
from carms_lake.store.layout import ops_path, table_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.names import TableRef
    from carms_lake.store.delta.log import Commit


_SHOWN = 3
"""How many source files a reason names."""


def reasons(config: LakeConfig, contract: Contract, runs: tuple[str, str]) -> tuple[str, ...]:
    """Why a bronze or silver table differs, by what its commits say.

    Raises:
        StoreError: its log cannot be read.
    """
    found = commits(table_path(config, contract.ref))
    versions = [version_among(found, run) for run in runs]
    between = [c for c in found if min(versions) < c.version <= max(versions)]
    said = _restored(between)
    if contract.ref.layer is Layer.BRONZE:
        said += _landed(between)
        made = [_last(found, version, "contract") for version in versions]
        if made[0] and made[0].get("contract") != made[1].get("contract"):
            said.append(_contract(*(str(m.get("contract_version", "?")) for m in made)))
        return tuple(said)
    made = [
        _last(found, version, "build").get("build", {}).get("made_from", {}) for version in versions
    ]
    return (*said, *_made_otherwise(config, contract, made, runs)) if all(made) else tuple(said)


def gold_reasons(
    config: LakeConfig, contract: Contract, below: Sequence[TableRef], runs: tuple[str, str]
) -> tuple[str, ...]:
    """Why a gold table differs: what it reads, and the contract that it was built with."""
    said = [f"`{ref.in_domain}` changed" for ref in below]
    versions = [contract_version(config, contract.ref, run) for run in runs]
    if None not in versions and versions[0] != versions[1]:
        said.append(_contract(*map(str, versions)))
    return tuple(said)


def contract_version(config: LakeConfig, ref: TableRef, run_id: str) -> str | None:
    """The contract's version that a table of silver or gold was built with, as of a run."""
    path = ops_path(config, "table_versions")
    if not delta.exists(path):
        return None
    of_table = (pl.col("layer") == ref.layer) & (pl.col("table_name") == ref.table)
    found = delta.scan(path).filter(of_table & (pl.col(RUN_ID) <= run_id)).sort(RUN_ID)
    rows = found.select("contract_version").tail(1).collect()["contract_version"].to_list()
    return rows[0] if rows else None


def _made_otherwise(
    config: LakeConfig,
    contract: Contract,
    made: Sequence[Mapping[str, Any]],
    runs: tuple[str, str],
) -> list[str]:
    before, after = made
    said = []
    if before.get("contract") != after.get("contract"):
        versions = [contract_version(config, contract.ref, run) or "?" for run in runs]
        said.append(_contract(*versions))
    if before.get("code") != after.get("code"):
        said.append("the code of the domain changed")
    if before.get("tool") != after.get("tool"):
        said.append(f"carms {before.get('tool')} -> {after.get('tool')}")
    inputs = [state.get("inputs", {}) for state in made]
    names = sorted(name for name in inputs[1] if inputs[0].get(name) != inputs[1][name])
    return said + [f"`{name.partition('.')[2]}` changed" for name in names]


def _landed(between: Sequence[Commit]) -> list[str]:
    said = []
    for verb, is_replay in (("landed", False), ("records replayed of", True)):
        chosen = [c for c in between if (REPLAYED in c.metadata) == is_replay]
        files = [
            f"`{entry['name']}` (run {c.run_id})"
            for c in chosen
            for entry in c.metadata.get("files", ())
        ]
        said += [f"{verb} {first_few(files, _SHOWN)}"] if files else []
    return said


def _restored(between: Sequence[Commit]) -> list[str]:
    return [
        f"restored to version {c.metadata[RESTORED]} (run {c.run_id})"
        for c in between
        if RESTORED in c.metadata
    ]


def _last(found: Sequence[Commit], version: int, key: str) -> Mapping[str, Any]:
    """What the newest commit up to a version that has a key says."""
    said = [c.metadata for c in found if c.version <= version and key in c.metadata]
    return said[-1] if said else {}


def _contract(before: str, after: str) -> str:
    return f"contract {before} -> {after}" if before != after else f"contract {after} was edited"
