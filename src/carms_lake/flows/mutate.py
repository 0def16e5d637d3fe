"""Are the guards awake? Every promise of the contracts is broken once, in a copy of a few rows.

The lake is read only. What looks at a table in reality looks at the spoiled one; a promise that
can be broken without anybody noticing is reported.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake.checks.mutants import Original
from carms_lake.checks.rejected import REJECT_SCHEMA
from carms_lake.contract.load import load_contracts
from carms_lake.errors import StoreError
from carms_lake.flows.lineage import gold_steps
from carms_lake.flows.mutation.ages import mutate_time
from carms_lake.flows.mutation.bronze import mutate_bronze
from carms_lake.flows.mutation.excerpt import ROWS, excerpt
from carms_lake.flows.mutation.gold import mutate_gold
from carms_lake.flows.mutation.guards import Auditor
from carms_lake.flows.mutation.mutations import MutationReport
from carms_lake.flows.mutation.silver import mutate_silver
from carms_lake.names import Layer
from carms_lake.store import ops
from carms_lake.store.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.lineage import GoldStep
    from carms_lake.flows.mutation.mutations import Mutation
    from carms_lake.names import TableRef
    from carms_lake.store.scratch import Scratch

    Progress = Callable[[str, int, int | None], None]
    Frames = Mapping[TableRef, pl.DataFrame]

SEED = 1


def mutate(
    config: LakeConfig, *, seed: int = SEED, rows: int = ROWS, progress: Progress | None = None
) -> MutationReport:
    """Break every promise of bronze, silver and gold in a copy, and list which rules notice.

    `rows` is how many rows of a table are drawn; the same lake and seed give the same report.

    Raises:
        ContractError: code, SELECTs or rules do not deliver their contracts.
        StoreError: nothing is built yet, or a table or the temporary folder cannot be used.
    """
    started = time.perf_counter()
    contracts = load_contracts(list(config.domain.schemas), config.domain.name)
    copy = excerpt(config, contracts, seed, rows)
    if all(frame.is_empty() for frame in copy.frames.values()):
        raise StoreError(
            f"the lake of `{config.domain.name}` has no rows to spoil",
            "run `carms ingest` and `carms build` first",
        )
    found: list[Mutation] = []
    notes = [f"`{ref.in_domain}` is not there yet" for ref in copy.absent]
    steps = gold_steps(config.domain, contracts)
    with tempfile.TemporaryDirectory(prefix="carms-mutate-") as name:
        folder = Path(name)
        with scratch(replace(config, project=folder), folder / "gold") as file:
            frames = {**copy.frames, **_built(file, contracts, steps, copy.frames)}
            there = [c for ref, c in contracts.items() if ref in frames and _is_checked(c)]
            auditor = Auditor(file, there)
            for done, ref in enumerate(_in_order(contracts)):
                contract = contracts[ref]
                if progress:
                    progress(ref.in_domain, done, len(contracts))
                if ref not in frames:
                    continue
                original = Original(contract, frames[ref], frames, seed)
                if ref.layer is Layer.BRONZE:
                    found += mutate_bronze(original)
                elif ref.layer is Layer.SILVER:
                    of_table = replace(config, project=folder / ref.table)
                    found += mutate_silver(original, contracts, file, auditor, of_table)
                else:
                    found += mutate_gold(original, contracts, steps, file, auditor)
                found += mutate_time(original, config, file)
    return MutationReport(seed, round(time.perf_counter() - started, 3), tuple(found), tuple(notes))


def _in_order(contracts: Mapping[TableRef, Contract]) -> list[TableRef]:
    """As data passes through them."""
    return sorted(contracts, key=lambda ref: (list(Layer).index(ref.layer), ref.table))


def _is_checked(contract: Contract) -> bool:
    return contract.ref.layer is not Layer.BRONZE


def _built(
    file: Scratch, contracts: Mapping[TableRef, Contract], steps: list[GoldStep], frames: Frames
) -> Frames:
    """Gold of the excerpt's silver, by the SELECTs of the domain; macros have no rows."""
    for ref, frame in frames.items():
        if ref.layer is Layer.SILVER:
            file.put(contracts[ref], frame)
    file.add_ops({**ops.OPS_SCHEMAS, "rejects": REJECT_SCHEMA})
    for step in steps:
        file.build(step.contract, step.sql)
    made = [step.contract for step in steps if step.contract.kind != "macro"]
    return {contract.ref: file.frame(contract.ref) for contract in made}
