"""The constraints of a contract, and for each of them the tables that break it (mutants)."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from carms_lake.contract.model import Column, Contract, Relationship
from carms_lake.flows.check import corruptions
from carms_lake.names import Layer, TableRef
from carms_lake.quality.types import json_is_read

Broken = Iterator[tuple[str, pl.DataFrame, int]]
"""What was done to a table, the table, and the row that it was done to."""


TYPES = "types"
"""What notices a column of another type than the contract's: the build that receives it."""
_ROW = "\x00row"


@dataclass(frozen=True)
class ConstraintUnderTest:
    """One constraint of a contract, and the rule that should notice where it is broken."""

    columns: tuple[str, ...]
    kind: str
    """`type`, `required`, `enum` ...; with the rule's name where there may be several."""
    rule: str
    relationship: Relationship | None = None

    @property
    def column(self) -> str:
        """Its columns, as rules name them."""
        return "+".join(self.columns)


@dataclass(frozen=True)
class Mutant:
    """A table that breaks a constraint."""

    constraint: ConstraintUnderTest
    corruption: str
    """What was done to it, in words."""
    frame: pl.DataFrame
    at: int = 0
    """The corrupted row."""
    raw: str | None = None
    """Bronze: the text in the column of that row, where it is not a value of its type."""


@dataclass(frozen=True)
class Original:
    """A table as it is: its contract, its rows, and the tables that it may refer to."""

    contract: Contract
    frame: pl.DataFrame
    others: Mapping[TableRef, pl.DataFrame]
    seed: int

    def row(self, constraint: ConstraintUnderTest, *columns: str) -> int | None:
        """A row with values in these columns, always the same; None where there is none."""
        rows = self.frame.with_row_index(_ROW).drop_nulls(columns)[_ROW]
        return self.draws(constraint).choice(rows.to_list()) if rows.len() else None

    def draws(self, constraint: ConstraintUnderTest) -> random.Random:
        """The random draws for one constraint, which depend on no other."""
        stream = f"{self.seed}:{self.contract.ref}:{constraint.column}:{constraint.kind}"
        return random.Random(stream)  # noqa: S311 - a seed, not secrecy


def constraints_of(contract: Contract) -> Iterator[ConstraintUnderTest]:
    """The constraints of single columns, of the key and of references.

    A text column without any other constraint has none: every text is a text.
    """
    layer = contract.ref.layer
    for column in contract.columns:
        yield from _of_column(column, is_bronze=layer is Layer.BRONZE)
    key = contract.primary_key
    if key:
        name = contract.ref.table if layer is Layer.GOLD else "+".join(key)
        yield ConstraintUnderTest(key, "primaryKey", f"{name}.primaryKey")
    for relationship in contract.relationships:
        kind = f"refers to {relationship.target.in_domain}"
        yield ConstraintUnderTest(relationship.columns, kind, relationship.name, relationship)


def _of_column(column: Column, *, is_bronze: bool) -> Iterator[ConstraintUnderTest]:
    kinds = {
        "type": column.type.name != "varchar",
        "required": column.required,
        "unique": column.unique,
        "enum": bool(column.enum),
        "pattern": column.pattern is not None,
        **{bound: corruptions.limit_of(column, bound) is not None for bound in corruptions.LIMITS},
        "agreesWithPath": is_bronze and column.agrees_with_path is not None,
    }
    for kind in (kind for kind, is_constrained in kinds.items() if is_constrained):
        is_of_table = kind == "type" and not is_bronze and column.type.name != "json"
        rule = TYPES if is_of_table else f"{column.name}.{kind}"
        yield ConstraintUnderTest((column.name,), kind, rule)


def mutants(original: Original, constraint: ConstraintUnderTest) -> Iterator[Mutant]:
    """The tables that break one constraint; none where no value or row of the table can.

    A corruption that the column's type has no value for is left out.
    """
    if constraint.kind == "type":
        yield from _retyped(original, constraint)
        return
    for corruption, frame, at in _broken(original, constraint):
        if not frame.equals(original.frame):
            yield Mutant(constraint, corruption, frame, at)


def _retyped(original: Original, constraint: ConstraintUnderTest) -> Iterator[Mutant]:
    contract, frame = original.contract, original.frame
    column, is_bronze = contract.column(constraint.column), contract.ref.layer is Layer.BRONZE
    is_json = column.type.name == "json"
    if not is_bronze and not is_json:
        other = corruptions.with_other_type(frame, column.name)
        kind = other.schema[column.name]
        words = str(kind).split("(")[0].lower()
        words += " without a zone" if kind == pl.Datetime("us") else ""
        yield Mutant(constraint, f"the column is {words}", other)
        return
    text = corruptions.not_of_type(column.type)
    at = original.row(constraint)
    if at is None or text is None or (is_json and json_is_read(contract)):
        return
    broken = frame if is_bronze else corruptions.with_value(frame, column.name, at, text)
    yield Mutant(constraint, f"the text `{text}`", broken, at, text if is_bronze else None)


def _broken(original: Original, constraint: ConstraintUnderTest) -> Broken:
    frame = original.frame
    match constraint.kind:
        case "required":
            at = original.row(constraint, constraint.column)
            if at is not None:
                yield "null", corruptions.with_value(frame, constraint.column, at, None), at
        case "unique":
            yield from _repeated(original, constraint)
        case "primaryKey":
            yield from _repeated(original, constraint)
            at = original.row(constraint)
            if at is not None:
                yield "a row is doubled", corruptions.with_row_doubled(frame, at), frame.height
        case _ if constraint.relationship is not None:
            yield from _orphaned(original, constraint, constraint.relationship)
        case _:
            yield from _replaced(original, constraint)


def _repeated(original: Original, constraint: ConstraintUnderTest) -> Broken:
    columns, frame = list(constraint.columns), original.frame
    at = original.row(constraint, *columns)
    if at is None:
        return
    keys = frame.select(columns).rows()
    others = [other for other, key in enumerate(keys) if key != keys[at] and None not in key]
    if others:
        other = original.draws(constraint).choice(others)
        words = "the key of another row" if len(columns) > 1 else "the value of another row"
        yield words, corruptions.with_cells_of(frame, columns, at, other), at


def _orphaned(
    original: Original, constraint: ConstraintUnderTest, relationship: Relationship
) -> Broken:
    frame = original.frame
    tables = {**original.others, original.contract.ref: frame}
    there = tables.get(relationship.target)
    at = original.row(constraint, *relationship.columns)
    if there is None or at is None:
        return
    pairs = list(zip(relationship.columns, relationship.target_columns, strict=True))
    for column, target in pairs:
        value = corruptions.unknown(there[target])
        if value is not None:
            yield from _put(original, column, at, value, "a reference to nothing")
            break
    for column, target in pairs:
        spaced = f"{frame[column][at]} "
        if frame.schema[column] == pl.String and spaced not in set(there[target].to_list()):
            yield from _put(original, column, at, spaced, "a space after the reference")
            break


def _replaced(original: Original, constraint: ConstraintUnderTest) -> Broken:
    column, kind = original.contract.column(constraint.column), constraint.kind
    at = original.row(constraint, column.name)
    if at is None:
        return
    values = original.frame[column.name]
    value = values[at]
    if kind == "agreesWithPath":
        other = corruptions.elsewhere(values, value)
        yield from _put(original, column.name, at, other, "another than the file's path says")
        return
    found: list[tuple[Any, str]]
    if kind == "enum":
        found = [(corruptions.outside(column), "outside the set")]
        if isinstance(value, str):
            near = [(f"{value} ", "a space after it"), (value.swapcase(), "other case")]
            found += [(text, words) for text, words in near if text not in column.enum]
    elif kind == "pattern":
        found = [(corruptions.unmatched(str(column.pattern), value), "breaks the pattern")]
    else:
        words = "one character beyond" if kind.endswith("Length") else "one step beyond"
        found = [(corruptions.beyond(column, kind), words)]
        if column.type.name == "double":
            found.append((float("nan"), "not a number"))
    for new, words in found:
        yield from _put(original, column.name, at, new, words)
    yield from _swapped(original, column, kind)


def _swapped(original: Original, column: Column, kind: str) -> Broken:
    """The first row where another column of the type has a value that this one may not have."""
    frame, name = original.frame, column.name
    for other in frame.columns:
        if other == name or frame.schema[other] != frame.schema[name]:
            continue
        for at, value in enumerate(frame[other].to_list()):
            if value is not None and corruptions.breaks(column, value) == kind:
                swapped = corruptions.with_swapped(frame, name, other, at)
                yield f"swapped with `{other}`", swapped, at
                return


def _put(original: Original, column: str, at: int, value: Any, words: str) -> Broken:
    if value is None:
        return
    try:
        changed = corruptions.with_value(original.frame, column, at, value)
    except (OverflowError, TypeError, ValueError, pl.exceptions.PolarsError):
        return  # the column's type does not have the value
    shown = "" if original.contract.column(column).classification else f": `{str(value)[:40]}`"
    yield words + shown, changed, at
