"""Spoiled tables and views of gold: types and constraints of the file, the checks of a build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.checks.mutants import TYPES, mutants, promises_of
from carms_lake.errors import ContractError
from carms_lake.flows.mutation.guards import FILE
from carms_lake.flows.mutation.rules import mutate_rules
from carms_lake.flows.mutation.sums import mutate_sums
from carms_lake.flows.mutation.verdicts import judged, left_alone, not_applicable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carms_lake.checks.mutants import Mutant, Original
    from carms_lake.contract.model import Contract
    from carms_lake.flows.lineage import GoldStep
    from carms_lake.flows.mutation.guards import Auditor
    from carms_lake.flows.mutation.mutations import Mutation
    from carms_lake.names import TableRef
    from carms_lake.store.scratch import Scratch


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
