"""What each gold table is made from, as one text: another text, another table."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from carms_lake import __version__
from carms_lake.names import Layer, TableRef
from carms_lake.store.delta.log import committed_at
from carms_lake.store.gold.masking import key_mark, masks
from carms_lake.store.layout import table_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from carms_lake.catalog import GoldStep
    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.store.delta.manifest import Build


def table_fingerprints(
    config: LakeConfig, steps: Sequence[GoldStep], silver: Mapping[TableRef, int]
) -> dict[TableRef, str]:
    """The fingerprint of each step, which come after what they read.

    It holds the tool, the SELECT, the contract, when the silver tables that it reads were made and
    the versions at which they got their rows, the fingerprints of gold tables that it reads or
    refers to by an enforced key, and of a SELECT that masks what tells its key from others.

    Raises:
        ConfigError: the file of the masking key holds none.
        StoreError: it cannot be read or made.
    """
    found: dict[TableRef, str] = {}
    for step in steps:
        enforced = {r.target for r in step.contract.relationships if r.enforced}
        read = {*step.reads, *enforced} - {step.contract.ref}
        made_from: dict[str, Any] = {
            "tool": __version__,
            "sql": step.sql,
            "contract": step.contract.fingerprint,
            "silver": {
                str(ref): [silver[ref], str(committed_at(table_path(config, ref), 0))]
                for ref in read
                if ref.layer is Layer.SILVER
            },
            "gold": {str(ref): found[ref] for ref in read if ref.layer is Layer.GOLD},
        }
        if masks(step.sql):
            made_from["key"] = key_mark(config)
        found[step.contract.ref] = _digest(made_from)
    return found


def file_fingerprint(
    tables: Iterable[str],
    contracts: Mapping[TableRef, Contract],
    builds: Mapping[TableRef, Build],
) -> str:
    """What the gold file is made from and checked against: tables, contracts, counts of silver."""
    made_from = {
        "tables": sorted(tables),
        "contracts": {
            str(ref): c.fingerprint for ref, c in contracts.items() if ref.layer is not Layer.BRONZE
        },
        "silver": {
            str(ref): [build.rows_since, build.input_rows, build.quarantined, dict(build.unknown)]
            for ref, build in builds.items()
        },
    }
    return _digest(made_from)


def _digest(made_from: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
