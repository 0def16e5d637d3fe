"""Sums that must be equal: gold's to silver's, and a table's to a figure that is declared.

Such a promise is broken where a corruption changes the sum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from carms_lake.checks import corruptions
from carms_lake.checks.mutants import Mutant, Promised
from carms_lake.errors import ContractError
from carms_lake.flows.mutation.rules import alone, filled, told_in, words_of
from carms_lake.flows.mutation.verdicts import judged, not_applicable
from carms_lake.store.audit import audit
from carms_lake.store.reconcile import totals_declared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from carms_lake.checks.mutants import Original
    from carms_lake.contract.limits import DeclaredTotal
    from carms_lake.contract.model import Contract
    from carms_lake.flows.mutation.guards import Auditor
    from carms_lake.flows.mutation.mutations import Mutation
    from carms_lake.store.scratch import Scratch

    Spoiled = tuple[str, pl.DataFrame]

_GUARD = "audit"
_ROWS_TRIED = 10
"""A row may count for nothing in a sum, as the unknown member does; then another one is tried."""
_ADDED = re.compile(r"\b(?:sum|max|min|avg)\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class _Sum:
    """A promise about one figure of a table, and the check that holds it against another."""

    promised: Promised
    select: str
    entry: Mapping[str, Any] | DeclaredTotal

    def noticed(self, contract: Contract, file: Scratch) -> tuple[str, ...]:
        """The rules that fail on the tables as they stand."""
        if isinstance(self.entry, dict):
            results = audit(file.connection, [alone(contract, reconcile=(self.entry,))])
        else:
            one = alone(contract, declared_totals=(self.entry,))
            results = totals_declared(file.connection, [one], {})
        return tuple(result.rule for result in results if not result.passed)


def mutate_sums(original: Original, file: Scratch, auditor: Auditor) -> Iterator[Mutation]:
    """One mutation per way in which a sum can change.

    Where the excerpt's sums are not equal as they are, gold's is held against what it is now.

    Raises:
        ContractError: a rule cannot be run.
    """
    for figure in _sums(original, file, auditor):
        found = [
            one for way in _ways(original, figure) if (one := _changed(original, figure, file, way))
        ]
        if not found:  # a sum of nothing: let all rows have what the SELECT asks for
            way = filled(original.frame, told_in(original, figure.select), figure.select)
            found = [one for one in [_changed(original, figure, file, way)] if one]
        yield from found
        if not found:
            why = "no corruption of the table changes the sum"
            yield not_applicable(original, figure.promised, _GUARD, why)


def _changed(
    original: Original, figure: _Sum, file: Scratch, way: Iterator[Spoiled]
) -> Mutation | None:
    """The first of some corruptions that changes the sum, and whether it is noticed."""
    before = file.value(figure.select)
    for words, frame in way:
        try:
            with file.spoiled(original.contract, frame):
                if file.value(figure.select) == before:
                    continue
                noticed = figure.noticed(original.contract, file)
        except ContractError:  # the column's type has no such value
            continue
        return judged(original, Mutant(figure.promised, words, frame), _GUARD, noticed)
    return None


def _sums(original: Original, file: Scratch, auditor: Auditor) -> Iterator[_Sum]:
    contract = original.contract
    for entry in contract.reconcile:
        name, select = str(entry["name"]), str(entry["gold"])
        promised = Promised((), f"sum {name}", f"{contract.ref.table}.reconcile.{name}")
        if auditor.fails_already(contract, promised.rule):
            now = {**entry, "silver": file.frozen(select)}
            yield _Sum(promised, select, now)
        else:
            yield _Sum(promised, select, dict(entry))
    for total in contract.declared_totals:
        rule = f"{contract.ref.table}.declared.{total.name}"
        promised = Promised((), f"declared {total.name}", rule)
        value = file.value(total.select)
        if value is not None:
            binding = replace(total, value=value, files={})
            yield _Sum(promised, total.select, binding)


def _ways(original: Original, figure: _Sum) -> Iterator[Iterator[Spoiled]]:
    """For each way in which a sum may change, tables in which one row is spoiled like that."""
    frame = original.frame
    rows = list(range(frame.height))
    original.draws(figure.promised).shuffle(rows)
    tried = rows[:_ROWS_TRIED]
    yield (("a row is lost", corruptions.with_row_dropped(frame, at)) for at in tried)
    yield (("a row stands twice", corruptions.with_row_doubled(frame, at)) for at in tried)
    for name in _added(figure.select, frame):
        yield _grown(frame, name, rows)
    yield iter([("no row is left", corruptions.with_no_rows(frame))])


def _grown(frame: pl.DataFrame, name: str, rows: list[int]) -> Iterator[Spoiled]:
    is_filled = frame[name].is_not_null()
    for at in [at for at in rows if is_filled[at]][:_ROWS_TRIED]:
        yield f"`{name}` is a unit more", corruptions.with_unit_more(frame, name, at)


def _added(select: str, frame: pl.DataFrame) -> list[str]:
    """The number columns that a SELECT adds up."""
    inside: set[str] = set()
    for match in _ADDED.finditer(select):
        depth, end = 1, match.end()
        while depth and end < len(select):
            depth += {"(": 1, ")": -1}.get(select[end], 0)
            end += 1
        inside |= words_of(select[match.end() : end])
    return [name for name, kind in frame.schema.items() if name in inside and kind.is_numeric()]
