"""Spoiled tables of silver: quarantine, gate, balance, and a build's checks of what is left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carms_lake.checks import breaking, corruptions
from carms_lake.checks.mutants import Mutant, Promised, mutants, promises_of
from carms_lake.contract.model import Balance
from carms_lake.errors import ContractError
from carms_lake.flows.mutation.guards import BALANCE, GATE, Ledger, silver_notices
from carms_lake.flows.mutation.rules import mutate_rules
from carms_lake.flows.mutation.sums import mutate_sums
from carms_lake.flows.mutation.verdicts import judged, left_alone, not_applicable
from carms_lake.names import Layer
from carms_lake.store.builds import Build

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from carms_lake.checks.mutants import Original
    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.mutation.guards import Auditor
    from carms_lake.flows.mutation.mutations import Mutation
    from carms_lake.names import TableRef
    from carms_lake.store.scratch import Scratch

_COUNTED = (Balance.ONE_TO_ONE, Balance.DEDUPLICATE, Balance.EXPAND)
_FLOOD = 1_000
"""How many rows are said to be set aside for each one that is kept: more than any budget."""


def mutate_silver(
    original: Original,
    contracts: Mapping[TableRef, Contract],
    file: Scratch,
    auditor: Auditor,
    config: LakeConfig,
) -> Iterator[Mutation]:
    """One mutation per corruption of each promise of a silver table, and its columns without any.

    `config` is of a folder that is the table's own.

    Raises:
        ContractError: a rule cannot be run.
        StoreError: the folder cannot be written.
    """
    contract = original.contract
    promised = list(promises_of(contract))
    before = silver_notices(contract, original.frame, original.others)
    others = _others(contract, contracts)
    for promise in promised:
        made = list(mutants(original, promise))
        where = _where(promise)
        if not made:
            yield not_applicable(original, promise, where)
        for mutant in made:
            rules = _notices(original, mutant, before)
            if not rules:
                with file.spoiled(contract, mutant.frame):
                    rules = auditor.notices([contract]) or auditor.notices(others)
            yield judged(original, mutant, where, rules)
    yield from _counts(original, contracts, config)
    yield from _budgets(original, auditor)
    yield from mutate_rules(original, file, auditor)
    yield from mutate_sums(original, file, auditor)
    yield from left_alone(contract, promised)


def _others(contract: Contract, contracts: Mapping[TableRef, Contract]) -> list[Contract]:
    """The tables of silver that refer to this one."""
    return [
        other
        for other in contracts.values()
        if other.ref.layer is Layer.SILVER
        and other.ref != contract.ref
        and any(link.target == contract.ref for link in other.relationships)
    ]


def _where(promised: Promised) -> str:
    if promised.kind == "type":
        return "build"
    if promised.kind == "unique":
        return GATE
    link = promised.relationship
    return "audit" if link is not None and not link.quarantine else "quarantine"


def _notices(original: Original, mutant: Mutant, before: Counter[str]) -> tuple[str, ...]:
    found = silver_notices(original.contract, mutant.frame, original.others)
    return tuple(found - before)


def _counts(
    original: Original, contracts: Mapping[TableRef, Contract], config: LakeConfig
) -> Iterator[Mutation]:
    """Rows lost and made, where the contract says how the table answers to its driver."""
    contract, spec = original.contract, original.contract.silver
    if spec.driver is None or spec.balance not in _COUNTED:
        return
    promised = Promised((), f"balance: {spec.balance} of {spec.driver.in_domain}", BALANCE)
    at = original.row(promised)
    ledger = Ledger(config, contract, contracts[spec.driver])
    if at is None:
        yield not_applicable(original, promised, BALANCE)
        return
    ledger.open(original.frame)
    if not _balances(ledger, original):
        why = "its rows do not balance as they are"
        yield not_applicable(original, promised, BALANCE, why)
        return
    for mutant in _miscounted(original, promised, at):
        noticed = () if _balances(ledger, replace(original, frame=mutant.frame)) else (BALANCE,)
        yield judged(original, mutant, BALANCE, noticed)


def _balances(ledger: Ledger, original: Original) -> bool:
    try:
        return ledger.balances(original.frame)
    except ContractError:  # the gate, which a build stops at too
        return False


def _miscounted(original: Original, promised: Promised, at: int) -> Iterator[Mutant]:
    frame, contract = original.frame, original.contract
    if contract.silver.balance is not Balance.EXPAND:
        yield Mutant(promised, "a row is lost", corruptions.with_row_dropped(frame, at))
        yield Mutant(promised, "a row stands twice", corruptions.with_row_doubled(frame, at))
        return
    for name in contract.primary_key[:1]:
        value = breaking.unknown(frame[name])
        if value is not None:
            invented = corruptions.with_value(frame, name, at, value)
            yield Mutant(promised, "a key that the driver has not", invented)


def _budgets(original: Original, auditor: Auditor) -> Iterator[Mutation]:
    """More rows set aside than the contract allows."""
    contract, rows = original.contract, original.frame.height
    budgets = [
        (link.columns, link.name, link.budget_pct)
        for link in contract.relationships
        if link.quarantine and link.budget_pct is not None
    ]
    if contract.quarantine_budget_pct is not None:
        rule = f"{contract.ref.table}.quarantine"
        budgets.append(((), rule, contract.quarantine_budget_pct))
    for columns, rule, budget_pct in budgets:
        aside = _FLOOD * max(rows, 1)
        build = Build("mutate", {}, rows=rows, quarantined=aside, unknown={rule: aside})
        noticed = [r for r in auditor.notices([contract], {contract.ref: build}) if r == rule]
        promised = Promised(columns, f"budget of {budget_pct:g} %", rule)
        mutant = Mutant(promised, "nearly all rows are set aside", original.frame)
        yield judged(original, mutant, "audit", noticed)
