"""The constraints of a contract, and for each of them the tables that break it (mutants)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.flows.check import corruptions
from carms_lake.names import Layer
from carms_lake.quality.types import json_is_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carms_lake.contract.model import Column, Contract, Relationship
    from carms_lake.names import TableRef


TYPES = "types"
"""What notices a column of another type than the contract's: the build that receives it."""
_ROW = "\x00row"
_NO_SUCH_VALUE = (OverflowError, TypeError, ValueError, pl.exceptions.PolarsError)
"""What Polars says of a value that a column's type does not have."""


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
        yield from _of_column(column, layer)
    key = contract.primary_key
    if key:
        name = contract.ref.table if layer is Layer.GOLD else "+".join(key)
        yield ConstraintUnderTest(key, "primaryKey", f"{name}.primaryKey")
    for relationship in contract.relationships:
        kind = f"refers to {relationship.target.in_domain}"
        yield ConstraintUnderTest(relationship.columns, kind, relationship.name, relationship)


def _of_column(column: Column, layer: Layer) -> Iterator[ConstraintUnderTest]:
    kinds = {
        "type": column.type.name != "varchar",
        "required": column.required,
        "unique": column.unique,
        "enum": bool(column.enum),
        "pattern": column.pattern is not None,
        **{bound: corruptions.limit_of(column, bound) is not None for bound in corruptions.LIMITS},
        "agreesWithPath": layer is Layer.BRONZE and column.agrees_with_path is not None,
    }
    is_of_table = layer is not Layer.BRONZE and column.type.name != "json"
    for kind, is_constrained in kinds.items():
        if is_constrained:
            rule = TYPES if kind == "type" and is_of_table else f"{column.name}.{kind}"
            yield ConstraintUnderTest((column.name,), kind, rule)


def mutants(original: Original, constraint: ConstraintUnderTest) -> Iterator[Mutant]:
    """The tables that break one constraint; none where no value or row of the table can.

    A corruption that the column's type has no value for is left out.
    """
    for corruption, frame, at, raw in _broken(original, constraint):
        is_same = frame.schema == original.frame.schema and frame.equals(original.frame)
        if raw is not None or not is_same:
            yield Mutant(constraint, corruption, frame, at, raw)


_Broken = tuple[str, pl.DataFrame, int, str | None]


def _broken(original: Original, constraint: ConstraintUnderTest) -> Iterator[_Broken]:
    contract = original.contract
    if constraint.relationship is not None:
        yield from _orphaned(original, constraint, constraint.relationship)
    elif constraint.kind == "primaryKey":
        yield from _repeated(original, constraint)
        at = original.row(constraint)
        if at is not None:
            doubled = corruptions.with_row_doubled(original.frame, at)
            yield "a row is doubled", doubled, original.frame.height, None
    elif constraint.kind == "unique":
        yield from _repeated(original, constraint)
    elif constraint.kind == "required":
        yield from _nulled(original, constraint)
    elif constraint.kind == "type":
        yield from _retyped(original, constraint)
    else:
        yield from _replaced(original, constraint, contract.column(constraint.column))


def _nulled(original: Original, constraint: ConstraintUnderTest) -> Iterator[_Broken]:
    column = constraint.column
    at = original.row(constraint, column)
    if at is not None:
        yield "null", corruptions.with_null(original.frame, column, at), at, None


def _retyped(original: Original, constraint: ConstraintUnderTest) -> Iterator[_Broken]:
    column, frame = original.contract.column(constraint.column), original.frame
    text = corruptions.not_of_type(column.type)
    if column.type.name == "json" and json_is_read(original.contract):
        text = None
    is_text = original.contract.ref.layer is Layer.BRONZE or column.type.name == "json"
    if not is_text:
        other = corruptions.with_other_type(frame, column.name)
        yield f"the column is {_in_words(other.schema[column.name])}", other, 0, None
        return
    at = original.row(constraint)
    if at is None or text is None:
        return
    if original.contract.ref.layer is Layer.BRONZE:
        yield f"the text `{text}`", frame, at, text
    else:
        yield f"the text `{text}`", corruptions.with_value(frame, column.name, at, text), at, None


def _in_words(kind: pl.DataType) -> str:
    name = str(kind).split("(")[0].lower()
    return f"{name} without a zone" if kind == pl.Datetime("us") else name


def _repeated(original: Original, constraint: ConstraintUnderTest) -> Iterator[_Broken]:
    """One row with what another has in these columns."""
    columns, frame = list(constraint.columns), original.frame
    at = original.row(constraint, *columns)
    if at is None:
        return
    keys = frame.select(columns).rows()
    others = [other for other, key in enumerate(keys) if key != keys[at] and None not in key]
    if others:
        other = original.draws(constraint).choice(others)
        words = "the key of another row" if len(columns) > 1 else "the value of another row"
        yield words, corruptions.with_cells_of(frame, columns, at, other), at, None


def _orphaned(
    original: Original, constraint: ConstraintUnderTest, relationship: Relationship
) -> Iterator[_Broken]:
    """A row that refers to nothing, and one whose reference ends with a space."""
    there = (
        original.frame
        if relationship.target == original.contract.ref
        else original.others.get(relationship.target)
    )
    at = original.row(constraint, *relationship.columns)
    if there is None or at is None:
        return
    for column, target in zip(relationship.columns, relationship.target_columns, strict=True):
        value = corruptions.unknown(there[target])
        if value is not None:
            yield from _put(original, column, at, value, "a reference to nothing")
            break
    for column, target in zip(relationship.columns, relationship.target_columns, strict=True):
        if original.frame.schema[column] == pl.String:
            spaced = f"{original.frame[column][at]} "
            if spaced not in set(there[target].to_list()):
                yield from _put(original, column, at, spaced, "a space after the reference")
                break


def _replaced(
    original: Original, constraint: ConstraintUnderTest, column: Column
) -> Iterator[_Broken]:
    """One value by one that a set, a pattern, a bound or the file's path forbids."""
    at = original.row(constraint, column.name)
    if at is None:
        return
    value, kind = original.frame[column.name][at], constraint.kind
    if kind == "enum":
        yield from _put(original, column.name, at, corruptions.outside(column), "outside the set")
        if isinstance(value, str):
            for near, words in (
                (value + " ", "a space after it"),
                (value.swapcase(), "other case"),
            ):
                if near not in column.enum:
                    yield from _put(original, column.name, at, near, words)
    elif kind == "pattern":
        text = corruptions.unmatched(str(column.pattern), value)
        yield from _put(original, column.name, at, text, "breaks the pattern")
    elif kind == "agreesWithPath":
        other = corruptions.elsewhere(original.frame[column.name], value)
        yield from _put(original, column.name, at, other, "another than the file's path says")
        return
    else:
        words = "one character beyond" if kind.endswith("Length") else "one step beyond"
        yield from _put(original, column.name, at, corruptions.beyond(column, kind), words)
        if column.type.name == "double" and kind in corruptions.LIMITS:
            yield from _put(original, column.name, at, float("nan"), "not a number")
    yield from _swapped(original, constraint, column)


def _swapped(
    original: Original, constraint: ConstraintUnderTest, column: Column
) -> Iterator[_Broken]:
    """The first row where another column of the type has a value that this one may not have."""
    frame, name = original.frame, column.name
    for other in frame.columns:
        if other == name or frame.schema[other] != frame.schema[name]:
            continue
        for at, value in enumerate(frame[other].to_list()):
            if value is not None and corruptions.breaks(column, value) == constraint.kind:
                swapped = corruptions.with_swapped(frame, name, other, at)
                yield f"swapped with `{other}`", swapped, at, None
                return


def _put(original: Original, column: str, at: int, value: Any, words: str) -> Iterator[_Broken]:
    if value is None:
        return
    try:
        changed = corruptions.with_value(original.frame, column, at, value)
    except _NO_SUCH_VALUE:
        return
    shown = "" if original.contract.column(column).classification else f": `{str(value)[:40]}`"
    yield words + shown, changed, at, None
