"""Every promise of the contracts of silver and gold, checked on the tables as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.contract.load import load_contracts
from carms_lake.flows.building.auditing import Audit, all_rejects, audited
from carms_lake.flows.runs import running
from carms_lake.names import Layer
from carms_lake.store import delta
from carms_lake.store.builds import last_builds
from carms_lake.store.layout import table_path
from carms_lake.store.published import reading
from carms_lake.store.timeliness import rows_published

if TYPE_CHECKING:
    from datetime import datetime

    from carms_lake.config import LakeConfig
    from carms_lake.records import RunReport


def check(config: LakeConfig, *, now: datetime | None = None) -> RunReport:
    """Run the checks of a build on the published file and the lake; the results stay in `ops`.

    Ages are measured at `now`, which is when the run begins. Bronze is counted file by file.

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
    with running(config, "check") as run:
        task = Audit(
            run=run,
            contracts=contracts,
            builds=last_builds(config, there),
            rejects=all_rejects(run, contracts),
            rows_before=rows_published(config.gold_file, before=True),
            now=now or run.started_at,
            by_file=True,
        )
        with reading(config, there) as connection:
            audited(task, connection)
    return run.report()
