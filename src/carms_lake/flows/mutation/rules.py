"""Rules that a contract brings itself: is there a corruption that makes each of them fail?

What breaks a SELECT is not written in it, so the columns that it names are spoiled in every way.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.checks import corruptions
from carms_lake.checks.mutants import Mutant, Promised
from carms_lake.errors import ContractError
from carms_lake.flows.mutation.verdicts import judged, not_applicable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.checks.mutants import Original
    from carms_lake.contract.limits import QualityRule
    from carms_lake.contract.model import Contract
    from carms_lake.flows.mutation.guards import Auditor
    from carms_lake.flows.mutation.mutations import Mutation
    from carms_lake.store.scratch import Scratch

    Spoiled = tuple[str, pl.DataFrame]

_GUARD = "audit"
_VALUE = re.compile(r"'((?:[^']|'')+)'|(?<![\w.])(-?\d+(?:\.\d+)?)")
"""A text or a number in a SELECT."""


def mutate_rules(original: Original, file: Scratch, auditor: Auditor) -> Iterator[Mutation]:
    """One mutation per quality rule: the first corruption that makes it fail.

    Raises:
        ContractError: a rule cannot be run.
    """
    contract = original.contract
    for rule in contract.quality:
        if rule.kind not in ("library", "sql"):
            continue
        promised = Promised((rule.column,) if rule.column else (), f"rule {rule.name}", rule.name)
        if auditor.fails_already(contract, rule.name):
            why = "it fails on the rows as they are"
            yield not_applicable(original, promised, _GUARD, why)
            continue
        yield _first(original, promised, rule, file, auditor)


def _first(
    original: Original, promised: Promised, rule: QualityRule, file: Scratch, auditor: Auditor
) -> Mutation:
    """The first corruption that a rule notices; not applicable where it notices none."""
    one = alone(original.contract, quality=(rule,))
    tried = list(_spoiled(original, promised, _named(original, rule), rule.query or ""))
    for words, frame in tried:
        try:
            with file.spoiled(original.contract, frame):
                noticed = auditor.notices([one])
        except ContractError:  # the column's type has no such value
            continue
        if noticed:
            return judged(original, Mutant(promised, words, frame), _GUARD, noticed)
    why = f"none of {len(tried)} corruptions of the table makes it fail"
    return not_applicable(original, promised, _GUARD, why)


def alone(contract: Contract, **kept: object) -> Contract:
    """The contract with nothing to check but one rule."""
    nothing: dict[str, object] = {
        "columns": (),
        "relationships": (),
        "quality": (),
        "reconcile": (),
    }
    return replace(contract, **{**nothing, **kept})  # type: ignore[arg-type]  # fields of it


def _named(original: Original, rule: QualityRule) -> list[str]:
    """The columns that a rule is about; all where it names none."""
    told = " ".join([rule.column or "", *rule.arguments.get("properties", ()), rule.query or ""])
    return told_in(original, told) or list(original.frame.columns)


def told_in(original: Original, text: str) -> list[str]:
    """The columns of a table that a text names."""
    words = words_of(text)
    return [name for name in original.frame.columns if name in words]


def _spoiled(
    original: Original, promised: Promised, columns: list[str], select: str
) -> Iterator[Spoiled]:
    """The table in every way in which a rule may be broken, the usual ones first."""
    frame = original.frame
    at = original.row(promised)
    if at is None:
        return
    yield "a row stands twice", corruptions.with_row_doubled(frame, at)
    yield "a row is lost", corruptions.with_row_dropped(frame, at)
    other = (at + 1) % frame.height
    yield "the values of another row", corruptions.with_cells_of(frame, columns, at, other)
    yield "no row is left", corruptions.with_no_rows(frame)
    for name in columns:
        yield f"`{name}` is null", corruptions.with_null(frame, name, at)
        yield f"each `{name}` is null", corruptions.with_nulls(frame, name)
        yield f"each `{name}` is the one of the row before", corruptions.with_rotated(frame, name)
        if corruptions.can_grow(frame.schema[name]):
            yield f"`{name}` is a unit more", corruptions.with_unit_more(frame, name, at)
            yield f"each `{name}` is a unit more", corruptions.with_units_more(frame, name)
    for one, two in permutations(columns, 2):
        if frame.schema[one] == frame.schema[two]:
            yield f"each `{one}` is `{two}`", corruptions.with_values_of(frame, one, two)
            swapped = corruptions.with_columns_swapped(frame, one, two)
            yield f"`{one}` and `{two}` change places", swapped
    yield from filled(frame, columns, select)


def filled(frame: pl.DataFrame, columns: list[str], select: str) -> Iterator[Spoiled]:
    """Every row with a value that the SELECT itself names, the unknown member say, or one beside.

    A value that a column's type does not have is left out.
    """
    for name in columns:
        for value in _values_in(select):
            try:
                full = corruptions.with_all(frame, name, value)
            except pl.exceptions.PolarsError:
                continue
            yield f"each `{name}` is {value}", full


def _values_in(select: str) -> Iterator[str | Decimal]:
    for text, number in _VALUE.findall(select):
        if text:
            yield text.replace("''", "'")
        else:
            yield from (Decimal(number), Decimal(number) + 1, Decimal(number) - 1)


def words_of(text: str) -> set[str]:
    """The names and numbers in a text."""
    return set(re.findall(r"\w+", text))
