"""How a silver table was made, as the metadata of its build's commit says."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from carms_lake.names import Layer
from carms_lake.store import delta
from carms_lake.store.layout import METADATA_KEY, table_path
from carms_lake.store.versions import keeps_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.names import TableRef

_KEY = "build"
_FEW = 10
"""Commits to look at before all of them are read: the build is the newest but for maintenance."""


@dataclass(frozen=True)
class Build:
    """One build of a silver table, as its commit keeps it."""

    run_id: str
    made_from: Mapping[str, Any]
    """The code, the tool, the contract, and the versions of the inputs."""
    rows: int
    quarantined: int = 0
    superseded: int = 0
    driver_keys: int | None = None
    keys: int | None = None
    """What was counted in the driver and here: rows, or distinct keys where one gives several."""
    unknown: Mapping[str, int] = field(default_factory=dict)
    """Rows set aside because of an unknown reference, by the name of its rule."""
    has_driver_keys: bool = False
    """Every key that the function gave is the driver's own, value by value."""
    rows_since: int = -1
    """The version at which the table got these rows; -1 where it is this very version."""
    version: int = -1
    """The table's version that this build made; not part of the metadata."""

    @property
    def given(self) -> int:
        """The rows that the function gave: those of the driver, where the table balances by row."""
        return self.rows + self.quarantined + self.superseded

    def as_metadata(self) -> dict[str, Any]:
        """The build as a commit keeps it."""
        kept = asdict(self)
        del kept["version"]
        version = self.made_from.get("contract_version")
        return {"run_id": self.run_id, "contract_version": version, _KEY: kept}


def last_build(path: Path) -> Build | None:
    """The build that made the table as it stands.

    None where there is no table, and where something else has changed its rows since.

    Raises:
        StoreError: the table cannot be read.
    """
    if not delta.exists(path):
        return None
    table = delta.open_table(path)
    for limit in (_FEW, None):
        for commit in table.history(limit):
            metadata = json.loads(commit.get(METADATA_KEY) or "{}")
            if keeps_rows(commit.get("operation"), metadata):
                continue
            found = metadata.get(_KEY)
            if not found:
                return None
            build, version = Build(**found), commit["version"]
            since = version if build.rows_since < 0 else build.rows_since
            return replace(build, version=version, rows_since=since)
    return None


def last_builds(config: LakeConfig, contracts: Iterable[Contract]) -> dict[TableRef, Build]:
    """The builds that made the silver tables among these, by table.

    Raises:
        StoreError: a table cannot be read.
    """
    found = {
        contract.ref: last_build(table_path(config, contract.ref))
        for contract in contracts
        if contract.ref.layer is Layer.SILVER
    }
    return {ref: build for ref, build in found.items() if build}
