"""Promises about time and growth: nothing new comes any more, and a table loses its rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from carms_lake.checks import corruptions
from carms_lake.checks.mutants import Mutant, Promised
from carms_lake.flows.mutation.verdicts import judged
from carms_lake.store.timeliness import fresh, rows_changed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.checks.mutants import Original
    from carms_lake.config import LakeConfig
    from carms_lake.flows.mutation.mutations import Mutation
    from carms_lake.store.scratch import Scratch

_GUARD = "audit"
_LATE = datetime(9999, 1, 1, tzinfo=UTC)
"""When everything is too old."""


def mutate_time(original: Original, config: LakeConfig, file: Scratch) -> Iterator[Mutation]:
    """One mutation per promise about age and about the change of the number of rows.

    Raises:
        ContractError: an element cannot be measured.
        StoreError: the lake cannot be read.
    """
    contract = original.contract
    for age in contract.ages:
        columns = (age.column,) if age.column else ()
        rule = ".".join([age.column or contract.ref.table, age.property])
        promised = Promised(columns, age.property, rule)
        one = replace(contract, ages=(age,))
        results = fresh(config, file.connection, [one], _LATE)
        mutant = Mutant(promised, "nothing new comes any more", original.frame)
        yield judged(original, mutant, _GUARD, [r.rule for r in results if not r.passed])
    change, rows = contract.row_change, original.frame.height
    if change is not None:
        promised = Promised(
            (), f"row change of {change.pct:g} %", f"{contract.ref.table}.rowChange"
        )
        before = {(str(contract.ref.layer), contract.ref.table): max(rows, 1)}
        nothing = corruptions.with_no_rows(original.frame)
        with file.spoiled(contract, nothing):
            results = rows_changed(file.connection, [contract], before)
        mutant = Mutant(promised, "all rows are lost", nothing)
        yield judged(original, mutant, _GUARD, [r.rule for r in results if not r.passed])
