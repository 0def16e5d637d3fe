"""Rules of a contract and sums: is there a corruption that makes each of them fail?"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import polars as pl

from carms_lake.contract.limits import QualityRule
from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError
from carms_lake.flows.check import corruptions
from carms_lake.flows.check.detectors import (
    PANDERA,
    Laboratory,
    Mutation,
    Rules,
    judged,
    not_applicable,
    silver_notices,
)
from carms_lake.flows.check.mutants import ConstraintUnderTest, Original
from carms_lake.quality.audit import audit
from carms_lake.quality.reconciliation import totals_declared

Corrupted = tuple[str, pl.DataFrame]


_GUARD = "audit"
_VALUE = re.compile(r"'((?:[^']|'')+)'|(?<![\w.])(-?\d+(?:\.\d+)?)")
"""A text or a number in a SELECT."""
_WORD = re.compile(r"\w+")


def mutate_rules(original: Original, lab: Laboratory) -> Iterator[Mutation]:
    """One mutation per quality rule: the first corruption that makes it fail.

    Raises:
        ContractError: a rule cannot be run.
    """
    contract = original.contract
    for rule in contract.quality:
        if rule.kind not in ("library", "sql"):
            continue
        columns = (rule.column,) if rule.column else ()
        constraint = ConstraintUnderTest(columns, f"rule {rule.name}", rule.name)
        if (contract.ref, rule.name) in lab.failed:
            why = "it fails on the rows as they are"
            yield not_applicable(original, constraint, _GUARD, why)
        else:
            yield _of_rule(original, constraint, rule, lab)


def _of_rule(
    original: Original, constraint: ConstraintUnderTest, rule: QualityRule, lab: Laboratory
) -> Mutation:
    contract = original.contract
    one = _alone(contract, quality=(rule,))
    guard = PANDERA if rule.quarantine else _GUARD

    def notices(frame: pl.DataFrame) -> Rules | None:
        if rule.quarantine:
            name = f"{PANDERA}: {rule.name}"
            return (name,) if name in silver_notices(contract, frame, original.others) else None
        with lab.file.corrupted(contract, frame):
            return lab.notices([one]) or None

    named = " ".join([rule.column or "", *rule.arguments.get("properties", ()), rule.query or ""])
    columns = _columns_in(original, named) or contract.column_names
    tried = list(_corrupted(original, constraint, columns, rule.query or ""))
    why = f"none of {len(tried)} corruptions of the table makes it fail"
    found = _first(original, constraint, guard, tried, notices)
    return found or not_applicable(original, constraint, guard, why)


def _first(
    original: Original,
    constraint: ConstraintUnderTest,
    guard: str,
    tried: Iterable[Corrupted],
    notices: Callable[[pl.DataFrame], Rules | None],
) -> Mutation | None:
    """The first corruption that breaks the constraint; `notices` gives None where it does not."""
    for words, frame in tried:
        try:
            rules = notices(frame)
        except ContractError:  # the column's type does not have the value
            continue
        if rules is not None:
            return judged(original, constraint, words, guard, rules)
    return None


def _alone(contract: Contract, **kept: Any) -> Contract:
    """The contract with nothing to check but one rule."""
    names = ("columns", "relationships", "quality", "reconcile", "declared_totals")
    nothing: dict[str, Any] = dict.fromkeys(names, ())
    return replace(contract, **{**nothing, **kept})


def _columns_in(original: Original, text: str) -> Sequence[str]:
    """The columns of a table that a text names."""
    words = set(_WORD.findall(text))
    return [name for name in original.frame.columns if name in words]


def _corrupted(
    original: Original, constraint: ConstraintUnderTest, columns: Sequence[str], select: str
) -> Iterator[Corrupted]:
    """The table in every way in which a rule may be broken, the usual ones first."""
    frame = original.frame
    at = original.row(constraint)
    if at is None:
        return
    yield "a row is doubled", corruptions.with_row_doubled(frame, at)
    yield "a row is lost", corruptions.with_row_dropped(frame, at)
    other = (at + 1) % frame.height
    yield "the values of another row", corruptions.with_cells_of(frame, columns, at, other)
    yield "no row is left", frame.clear()
    for name in columns:
        yield f"`{name}` is null", corruptions.with_value(frame, name, at, None)
        yield f"each `{name}` is null", corruptions.with_all(frame, name, None)
        yield f"each `{name}` is the one of the row before", corruptions.with_rotated(frame, name)
        if corruptions.can_grow(frame.schema[name]):
            yield f"`{name}` is a unit more", corruptions.with_unit_more(frame, name, at)
            yield f"each `{name}` is a unit more", corruptions.with_unit_more(frame, name)
    for one, two in permutations(columns, 2):
        if frame.schema[one] == frame.schema[two]:
            taken, given = pl.col(two).alias(one), pl.col(one).alias(two)
            yield f"each `{one}` is `{two}`", frame.with_columns(taken)
            yield f"`{one}` and `{two}` change places", frame.with_columns(taken, given)
    yield from _filled(frame, columns, select)


def _filled(frame: pl.DataFrame, columns: Sequence[str], select: str) -> Iterator[Corrupted]:
    """Every row with a value that the SELECT itself names (the unknown member, say) or a neighbour.

    A value that a column's type does not have is left out.
    """
    values: list[str | Decimal] = []
    for text, number in _VALUE.findall(select):
        if text:
            values.append(text.replace("''", "'"))
        else:
            values += [Decimal(number), Decimal(number) + 1, Decimal(number) - 1]
    for name in columns:
        for value in values:
            try:
                full = corruptions.with_all(frame, name, value)
            except pl.exceptions.PolarsError:
                continue
            yield f"each `{name}` is {value}", full


_ROWS_TRIED = 10
"""A row may count for nothing in a sum, as the unknown member does; then another one is tried."""
_ADDED = re.compile(r"\b(?:sum|max|min|avg)\s*\(", re.IGNORECASE)


def mutate_sums(original: Original, lab: Laboratory) -> Iterator[Mutation]:
    """One mutation per way in which a sum can change.

    Where the excerpt's sums differ to begin with, gold's is compared with what it is now.

    Raises:
        ContractError: a rule cannot be run.
    """
    contract, table = original.contract, original.contract.ref.table
    for entry in contract.reconcile:
        name, select = str(entry["name"]), str(entry["gold"])
        constraint = ConstraintUnderTest((), f"sum {name}", f"{table}.reconcile.{name}")
        now = dict(entry)
        if (contract.ref, constraint.rule) in lab.failed:
            now["silver"] = lab.file.frozen(select)
        yield from _of_sum(original, constraint, select, _alone(contract, reconcile=(now,)), lab)
    for total in contract.declared_totals:
        name, value = total.name, lab.file.value(total.select)
        constraint = ConstraintUnderTest((), f"declared {name}", f"{table}.declared.{name}")
        if value is not None:
            one = _alone(contract, declared_totals=(replace(total, value=value, files={}),))
            yield from _of_sum(original, constraint, total.select, one, lab)


def _of_sum(
    original: Original,
    constraint: ConstraintUnderTest,
    select: str,
    one: Contract,
    lab: Laboratory,
) -> Iterator[Mutation]:
    """One mutation per way in which a SELECT's figure can change; `one` has its check alone."""
    file = lab.file
    before = file.value(select)

    def notices(frame: pl.DataFrame) -> Rules | None:
        with file.corrupted(original.contract, frame):
            if file.value(select) == before:
                return None
            results = audit(file.connection, [one]) + totals_declared(
                file.connection, [one], {}, {}
            )
        return tuple(result.rule for result in results if not result.passed)

    ways = _ways(original, constraint, select)
    tried = [_first(original, constraint, _GUARD, way, notices) for way in ways]
    found = [mutation for mutation in tried if mutation is not None]
    if not found:  # a sum of nothing: let all rows have what the SELECT asks for
        way = _filled(original.frame, _columns_in(original, select), select)
        why = "no corruption of the table changes the sum"
        changed = _first(original, constraint, _GUARD, way, notices)
        found = [changed or not_applicable(original, constraint, _GUARD, why)]
    yield from found


def _ways(
    original: Original, constraint: ConstraintUnderTest, select: str
) -> Iterator[Iterator[Corrupted]]:
    """For each way in which a sum may change, tables in which one row is spoiled like that."""
    frame = original.frame
    rows = list(range(frame.height))
    original.draws(constraint).shuffle(rows)
    tried = rows[:_ROWS_TRIED]
    yield (("a row is lost", corruptions.with_row_dropped(frame, at)) for at in tried)
    yield (("a row is doubled", corruptions.with_row_doubled(frame, at)) for at in tried)
    for name in _added(select, frame):
        filled = frame[name].is_not_null()
        yield (
            (f"`{name}` is a unit more", corruptions.with_unit_more(frame, name, at))
            for at in [at for at in rows if filled[at]][:_ROWS_TRIED]
        )
    yield iter([("no row is left", frame.clear())])


def _added(select: str, frame: pl.DataFrame) -> list[str]:
    """The number columns that a SELECT adds up."""
    inside: set[str] = set()
    for match in _ADDED.finditer(select):
        depth, end = 1, match.end()
        while depth and end < len(select):
            depth += {"(": 1, ")": -1}.get(select[end], 0)
            end += 1
        inside |= set(_WORD.findall(select[match.end() : end]))
    return [name for name, kind in frame.schema.items() if name in inside and kind.is_numeric()]
