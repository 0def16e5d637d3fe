"""Corrupted records of bronze, tables of silver and of gold: which rules notice them?"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from carms_lake.contract.model import Balance, Contract
from carms_lake.errors import ContractError
from carms_lake.flows.check import corruptions
from carms_lake.flows.check.detectors import (
    BALANCE,
    FILE,
    PANDERA,
    Laboratory,
    Mutation,
    Rules,
    Verdict,
    judged,
    ledger,
    not_applicable,
    silver_notices,
    spelled,
    split_notices,
)
from carms_lake.flows.check.mutants import (
    TYPES,
    ConstraintUnderTest,
    Mutant,
    Original,
    constraints_of,
    mutants,
)
from carms_lake.names import Layer
from carms_lake.quality.freshness import fresh, rows_changed
from carms_lake.store.delta.manifest import Build

_COUNTED = (Balance.ONE_TO_ONE, Balance.DEDUPLICATE, Balance.EXPAND)
_FLOOD = 1_000
"""How many rows are said to be quarantined for each one that is kept: more than any budget."""

_ALL_PCT = 100
"""A budget that nothing exceeds: its contract waives the check on purpose."""
_LATE = datetime(9999, 1, 1, tzinfo=UTC)
"""When everything is too old."""


def mutate_bronze(original: Original) -> Iterator[Mutation]:
    """One mutation per corruption of each constraint of a bronze table.

    Every corruption is of one record, because the split judges record by record.
    """
    contract, frame = original.contract, original.frame
    if not frame.is_empty():  # a contract may be stricter than when these rows landed
        rejected = [bool(rules) for rules in split_notices(contract, spelled(frame))]
        original = replace(original, frame=frame.filter(~pl.Series(rejected)))

    def notices(found: list[Mutant]) -> list[Rules]:
        records = pl.concat([_record(mutant) for mutant in found])
        if found[0].constraint.kind != "agreesWithPath":
            return split_notices(contract, records)
        # Disagreement is counted file by file.
        return [split_notices(contract, record)[0] for record in records.iter_slices(1)]

    yield from _tried(original, lambda _: "split", notices)


def _record(mutant: Mutant) -> pl.DataFrame:
    """The corrupted record, as a text file has it."""
    record = spelled(mutant.frame.slice(mutant.at, 1))
    if mutant.raw is None:
        return record
    return corruptions.with_value(record, mutant.constraint.column, 0, mutant.raw)


def _tried(
    original: Original,
    guard: Callable[[ConstraintUnderTest], str],
    notices: Callable[[list[Mutant]], Iterable[Rules]],
) -> Iterator[Mutation]:
    """Every mutant of every constraint, with the rules that notice it; columns without any last."""
    contract = original.contract
    constraints = list(constraints_of(contract))
    for constraint in constraints:
        found = list(mutants(original, constraint))
        if not found:
            yield not_applicable(original, constraint, guard(constraint))
            continue
        for mutant, rules in zip(found, notices(found), strict=True):
            yield judged(original, constraint, mutant.corruption, guard(constraint), rules)
    constrained = {column for constraint in constraints for column in constraint.columns}
    for name in contract.column_names:
        if name not in constrained:
            yield Mutation(contract.ref, name, "", Verdict.NO_PROMISE)


def mutate_silver(original: Original, lab: Laboratory) -> Iterator[Mutation]:
    """One mutation per corruption of each constraint, count and budget of a silver table.

    Raises:
        ContractError: a rule cannot be run.
        StoreError: the laboratory's folder cannot be written.
    """
    contract = original.contract
    before = silver_notices(contract, original.frame, original.others)
    others = [
        other
        for ref, other in lab.catalog.contracts.items()
        if ref.layer is Layer.SILVER
        and ref != contract.ref
        and any(link.target == contract.ref for link in other.relationships)
    ]

    def notices(mutant: Mutant) -> Rules:
        # What the intact rows break, too, says nothing about the corruption.
        rules = tuple(silver_notices(contract, mutant.frame, original.others) - before)
        return rules or lab.audit_of(contract, mutant.frame, others)

    def guard(constraint: ConstraintUnderTest) -> str:
        link = constraint.relationship
        is_json = constraint.kind == "type" and constraint.rule != TYPES
        return "audit" if is_json or (link is not None and not link.quarantine) else PANDERA

    yield from _tried(original, guard, lambda found: map(notices, found))
    yield from _counts(original, lab)
    yield from _budgets(original, lab)


def _counts(original: Original, lab: Laboratory) -> Iterator[Mutation]:
    """Rows lost and invented, where the contract says how the table answers to its driver."""
    spec = original.contract.silver
    if spec.driver is None or spec.balance not in _COUNTED:
        return
    kind = f"balance: {spec.balance} of {spec.driver.in_domain}"
    constraint = ConstraintUnderTest((), kind, BALANCE)
    at = original.row(constraint)
    if at is None:
        yield not_applicable(original, constraint, BALANCE)
        return
    reconciles = ledger(lab, original, lab.catalog.contracts[spec.driver])
    if not reconciles(original.frame):
        yield not_applicable(original, constraint, BALANCE, "its rows do not reconcile as they are")
        return
    for corruption, frame in _miscounted(original, at):
        noticed = () if reconciles(frame) else (BALANCE,)
        yield judged(original, constraint, corruption, BALANCE, noticed)


def _miscounted(original: Original, at: int) -> Iterator[tuple[str, pl.DataFrame]]:
    frame, contract = original.frame, original.contract
    if contract.silver.balance is not Balance.EXPAND:
        yield "a row is lost", corruptions.with_row_dropped(frame, at)
        yield "a row is doubled", corruptions.with_row_doubled(frame, at)
        return
    name = contract.primary_key[0]
    value = corruptions.unknown(frame[name])
    if value is not None:
        yield "a key that the driver lacks", corruptions.with_value(frame, name, at, value)


def _budgets(original: Original, lab: Laboratory) -> Iterator[Mutation]:
    """More rows quarantined than the contract allows."""
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
        constraint = ConstraintUnderTest(columns, f"budget of {budget_pct:g} %", rule)
        if budget_pct >= _ALL_PCT:
            yield not_applicable(original, constraint, "audit", "all rows may be quarantined")
            continue
        many = _FLOOD * max(rows, 1)
        build = Build("mutate", {}, rows=rows, quarantined=many, unknown={rule: many})
        noticed = [r for r in lab.notices([contract], {contract.ref: build}) if r == rule]
        yield judged(original, constraint, "nearly all rows are quarantined", "audit", noticed)


def mutate_gold(original: Original, lab: Laboratory) -> Iterator[Mutation]:
    """One mutation per corruption of each constraint of a gold table.

    Raises:
        ContractError: a rule cannot be run.
    """
    contract, file = original.contract, lab.file
    others = _depending_on(contract, lab)

    def notices(mutant: Mutant) -> Rules:
        """The rules of the table; where they are silent those of others, then the file's own."""
        if mutant.constraint.kind == "type":
            is_refused = file.refuses(contract, mutant.frame, mutant.constraint.column)
            return (TYPES,) if is_refused else ()
        try:
            rules = lab.audit_of(contract, mutant.frame, others)
        except ContractError:  # the column's type does not have the value
            return (TYPES,)
        return rules or ((FILE,) if file.refuses(contract, mutant.frame) else ())

    yield from _tried(
        original,
        lambda constraint: "build" if constraint.kind == "type" else "audit",
        lambda found: map(notices, found),
    )


def _depending_on(contract: Contract, lab: Laboratory) -> list[Contract]:
    """What refers to the table, reads it as a view, or names it in a rule."""
    name = contract.ref.in_domain
    found = {contract.ref: contract}
    for step in lab.catalog.gold_steps:
        if step.contract.kind == "view" and found.keys() & set(step.reads):
            found[step.contract.ref] = step.contract
    for ref, other in lab.catalog.contracts.items():
        texts = [rule.query or "" for rule in other.quality]
        texts += [str(entry.get(side)) for entry in other.reconcile for side in ("gold", "silver")]
        refers = any(link.target == contract.ref for link in other.relationships)
        if refers or any(name in text for text in texts):
            found[ref] = other
    return [c for ref, c in found.items() if ref != contract.ref and c.kind != "macro"]


def mutate_time(original: Original, lab: Laboratory) -> Iterator[Mutation]:
    """One mutation per constraint on age and on the change of the number of rows.

    Raises:
        ContractError: an element cannot be measured.
        StoreError: the lake cannot be read.
    """
    contract, connection = original.contract, lab.file.connection
    for age in contract.ages:
        columns = (age.column,) if age.column else ()
        rule = f"{age.column or contract.ref.table}.{age.property}"
        constraint = ConstraintUnderTest(columns, age.property, rule)
        results = fresh(lab.config, connection, [replace(contract, ages=(age,))], _LATE)
        noticed = [r.rule for r in results if not r.passed]
        yield judged(original, constraint, "nothing new comes any more", "audit", noticed)
    change = contract.row_change
    if change is not None:
        rule = f"{contract.ref.table}.rowChange"
        constraint = ConstraintUnderTest((), f"row change of {change.pct:g} %", rule)
        before = {(str(contract.ref.layer), contract.ref.table): max(original.frame.height, 1)}
        with lab.file.corrupted(contract, original.frame.clear()):
            results = rows_changed(connection, [contract], before)
        noticed = [r.rule for r in results if not r.passed]
        yield judged(original, constraint, "all rows are lost", "audit", noticed)
