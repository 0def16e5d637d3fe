"""Corrupted records of bronze and tables of silver: what notices them?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.contract.model import Balance
from carms_lake.errors import ContractError
from carms_lake.flows.check import corruptions
from carms_lake.flows.check.corruptions import with_value
from carms_lake.flows.check.guards import (
    BALANCE,
    PANDERA,
    Ledger,
    silver_notices,
    spelled,
    split_notices,
)
from carms_lake.flows.check.mutants import ConstraintUnderTest, Mutant, mutants, promises_of
from carms_lake.flows.check.rules import mutate_rules, mutate_sums
from carms_lake.flows.check.verdicts import judged, left_alone, not_applicable
from carms_lake.names import Layer
from carms_lake.store.delta.manifest import Build

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.check.guards import Auditor
    from carms_lake.flows.check.mutants import Original
    from carms_lake.flows.check.verdicts import Mutation
    from carms_lake.names import TableRef
    from carms_lake.store.gold.scratch import Scratch


_GUARD = "split"


def mutate_bronze(original: Original) -> Iterator[Mutation]:
    """One mutation per corruption of each promise of a bronze table, and its columns without any.

    Every corruption is of one record, because the split judges record by record.
    """
    original = replace(original, frame=_accepted(original))
    promised = list(promises_of(original.contract))
    made = [(promise, list(mutants(original, promise))) for promise in promised]
    all_made = [mutant for _, some in made for mutant in some]
    noticed = dict(zip(map(id, all_made), _notices(original, all_made), strict=True))
    for promise, some in made:
        if not some:
            yield not_applicable(original, promise, _GUARD)
        for mutant in some:
            yield judged(original, mutant, _GUARD, noticed[id(mutant)])
    yield from left_alone(original.contract, promised)


def _accepted(original: Original) -> pl.DataFrame:
    """The rows that the split accepts as they are; a contract may be stricter than it was."""
    if original.frame.is_empty():
        return original.frame
    notices = split_notices(original.contract, spelled(original.frame))
    return original.frame.filter(pl.Series([not rules for rules in notices]))


def _notices(original: Original, made: list[Mutant]) -> list[tuple[str, ...]]:
    if not made:
        return []
    records = pl.concat([_record(mutant) for mutant in made])
    noticed = split_notices(original.contract, records)
    for number, mutant in enumerate(made):
        if mutant.promised.kind == "agreesWithPath":  # what disagrees is counted file by file
            noticed[number] = split_notices(original.contract, records.slice(number, 1))[0]
    return noticed


def _record(mutant: Mutant) -> pl.DataFrame:
    """The spoiled record, as a text file has it."""
    record = spelled(mutant.frame.slice(mutant.at, 1))
    if mutant.raw is None:
        return record
    return with_value(record, mutant.promised.column, 0, mutant.raw)


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
            rules = _notices_silver(original, mutant, before)
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


def _where(promised: ConstraintUnderTest) -> str:
    link = promised.relationship
    return "audit" if link is not None and not link.quarantine else PANDERA


def _notices_silver(original: Original, mutant: Mutant, before: Counter[str]) -> tuple[str, ...]:
    found = silver_notices(original.contract, mutant.frame, original.others)
    return tuple(found - before)


def _counts(
    original: Original, contracts: Mapping[TableRef, Contract], config: LakeConfig
) -> Iterator[Mutation]:
    """Rows lost and made, where the contract says how the table answers to its driver."""
    contract, spec = original.contract, original.contract.silver
    if spec.driver is None or spec.balance not in _COUNTED:
        return
    promised = ConstraintUnderTest(
        (), f"balance: {spec.balance} of {spec.driver.in_domain}", BALANCE
    )
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


def _miscounted(original: Original, promised: ConstraintUnderTest, at: int) -> Iterator[Mutant]:
    frame, contract = original.frame, original.contract
    if contract.silver.balance is not Balance.EXPAND:
        yield Mutant(promised, "a row is lost", corruptions.with_row_dropped(frame, at))
        yield Mutant(promised, "a row stands twice", corruptions.with_row_doubled(frame, at))
        return
    for name in contract.primary_key[:1]:
        value = corruptions.unknown(frame[name])
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
        promised = ConstraintUnderTest(columns, f"budget of {budget_pct:g} %", rule)
        mutant = Mutant(promised, "nearly all rows are set aside", original.frame)
        yield judged(original, mutant, "audit", noticed)
