"""Every promise of the contracts of silver and gold, checked on the tables as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.contract.load import load_contracts
from carms_lake.flows.runs import running
from carms_lake.names import Layer
from carms_lake.store import delta
from carms_lake.store.audit import audit
from carms_lake.store.builds import last_builds
from carms_lake.store.layout import table_path
from carms_lake.store.published import reading

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig
    from carms_lake.records import RunReport


def check(config: LakeConfig) -> RunReport:
    """Run the checks of a build on the published file and the lake; the results stay in `ops`.

    Raises:
        GoldMissing: there is no gold file yet.
        ContractError: a rule cannot be run.
        StoreError: the lake cannot be read or written.
    """
    contracts = load_contracts(list(config.domain.schemas), config.domain.name)
    there = [
        contract
        for ref, contract in contracts.items()
        if ref.layer is Layer.GOLD
        or (ref.layer is Layer.SILVER and delta.exists(table_path(config, ref)))
    ]
    with running(config, "check") as run, reading(config, there) as connection:
        run.checks += audit(connection, there, last_builds(config, there))
    return run.report()
