"""Corrupted tables and views of gold, and ages and growth: what notices them?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from carms_lake.errors import ContractError
from carms_lake.flows.check import corruptions
from carms_lake.flows.check.guards import FILE
from carms_lake.flows.check.mutants import TYPES, ConstraintUnderTest, Mutant, mutants, promises_of
from carms_lake.flows.check.rules import mutate_rules, mutate_sums
from carms_lake.flows.check.verdicts import judged, left_alone, not_applicable
from carms_lake.quality.freshness import fresh, rows_changed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carms_lake.catalog import GoldStep
    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.check.guards import Auditor
    from carms_lake.flows.check.mutants import Original
    from carms_lake.flows.check.verdicts import Mutation
    from carms_lake.names import TableRef
    from carms_lake.store.gold.scratch import Scratch


def mutate_gold(
    original: Original,
    contracts: Mapping[TableRef, Contract],
    steps: Sequence[GoldStep],
    file: Scratch,
    auditor: Auditor,
) -> Iterator[Mutation]:
    """One mutation per corruption of each promise of a gold table, and its columns without any.

    Raises:
        ContractError: a rule cannot be run.
    """
    contract = original.contract
    promised = list(promises_of(contract))
    others = _others(contract, contracts, steps)
    for promise in promised:
        where = "build" if promise.kind == "type" else "audit"
        made = list(mutants(original, promise))
        if not made:
            yield not_applicable(original, promise, where)
        for mutant in made:
            yield judged(original, mutant, where, _notices(original, mutant, others, file, auditor))
    yield from mutate_rules(original, file, auditor)
    yield from mutate_sums(original, file, auditor)
    yield from left_alone(contract, promised)


def _notices(
    original: Original,
    mutant: Mutant,
    others: Sequence[Contract],
    file: Scratch,
    auditor: Auditor,
) -> tuple[str, ...]:
    """The rules of the table; where they say nothing those of others, and then the file's own."""
    contract = original.contract
    if mutant.promised.kind == "type":
        is_refused = file.refuses(contract, mutant.frame, mutant.promised.column)
        return (TYPES,) if is_refused else ()
    try:
        with file.spoiled(contract, mutant.frame):
            rules = auditor.notices([contract]) or auditor.notices(others)
    except ContractError:  # the column's type has no such value
        return (TYPES,)
    if not rules and file.refuses(contract, mutant.frame):
        return (FILE,)
    return rules


def _others(
    contract: Contract, contracts: Mapping[TableRef, Contract], steps: Sequence[GoldStep]
) -> list[Contract]:
    """What refers to the table, reads it as a view, or names it in a rule."""
    name = contract.ref.in_domain
    found = {contract.ref: contract}
    for step in steps:
        if step.contract.kind == "view" and found.keys() & set(step.reads):
            found[step.contract.ref] = step.contract
    for ref, other in contracts.items():
        texts = [rule.query or "" for rule in other.quality]
        texts += [str(entry.get(side)) for entry in other.reconcile for side in ("gold", "silver")]
        refers = any(link.target == contract.ref for link in other.relationships)
        if refers or any(name in text for text in texts):
            found[ref] = other
    return [c for ref, c in found.items() if ref != contract.ref and c.kind != "macro"]


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
        promised = ConstraintUnderTest(columns, age.property, rule)
        one = replace(contract, ages=(age,))
        results = fresh(config, file.connection, [one], _LATE)
        mutant = Mutant(promised, "nothing new comes any more", original.frame)
        yield judged(original, mutant, _GUARD, [r.rule for r in results if not r.passed])
    change, rows = contract.row_change, original.frame.height
    if change is not None:
        promised = ConstraintUnderTest(
            (), f"row change of {change.pct:g} %", f"{contract.ref.table}.rowChange"
        )
        before = {(str(contract.ref.layer), contract.ref.table): max(rows, 1)}
        nothing = corruptions.with_no_rows(original.frame)
        with file.spoiled(contract, nothing):
            results = rows_changed(file.connection, [contract], before)
        mutant = Mutant(promised, "all rows are lost", nothing)
        yield judged(original, mutant, _GUARD, [r.rule for r in results if not r.passed])
