"""The rules of a contract for one row, each a boolean expression with a name.

A null value passes every rule but `required`: whether it may be null is a rule of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.errors import ContractError
from carms_lake.quality.types import polars_type
from carms_lake.records import ReasonCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carms_lake.contract.model import Column, Contract


_PATTERN_CHARACTERS = 60
"""So much of a pattern a message repeats."""


@dataclass(frozen=True)
class Rule:
    """One promise about one column of a row; `passes` is true or null where it holds."""

    column: str
    kind: str
    code: ReasonCode
    passes: pl.Expr
    message: str

    @property
    def name(self) -> str:
        """`<column>.<rule>`, as rejects and checks show it."""
        return f"{self.column}.{self.kind}"


def row_rules(contract: Contract) -> tuple[Rule, ...]:
    """The rules that every row of the table must pass, in the order of the columns.

    Raises:
        ContractError: a pattern that is no regular expression (of Rust's regex).
    """
    for column in contract.columns:
        if column.pattern is not None:
            _see_pattern(column.pattern, f"`{contract.path}`, column `{column.name}`")
    return tuple(rule for column in contract.columns for rule in _column_rules(column))


def _see_pattern(pattern: str, where: str) -> None:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.PolarsError as error:
        said = str(error).splitlines()[0]
        raise ContractError(f"{where}: `{pattern}` is no pattern: {said}") from None


def _column_rules(column: Column) -> Iterator[Rule]:
    value = pl.col(column.name)
    if column.required:
        yield Rule(
            column.name,
            "required",
            ReasonCode.REQUIRED_NULL,
            value.is_not_null(),
            "must have a value",
        )
    if column.enum:
        allowed = pl.Series(values=list(column.enum), dtype=polars_type(column.type))
        yield Rule(
            column.name,
            "enum",
            ReasonCode.NOT_IN_ENUM,
            value.is_in(allowed.implode()),
            "must be one of " + ", ".join(str(entry) for entry in column.enum),
        )
    if column.pattern is not None:
        yield Rule(
            column.name,
            "pattern",
            ReasonCode.PATTERN_MISMATCH,
            value.str.contains(column.pattern),
            f"must match {_shown(column.pattern)}",
        )
    yield from _bounds(column, value)


def _shown(pattern: str) -> str:
    """A pattern for a message; the contract has the whole of a long one."""
    if len(pattern) <= _PATTERN_CHARACTERS:
        return pattern
    return f"{pattern[:_PATTERN_CHARACTERS]}... ({len(pattern)} characters, see the contract)"


def _bounds(column: Column, value: pl.Expr) -> Iterator[Rule]:
    bounds = column.bounds

    def limit(raw: Any) -> pl.Expr:
        return (
            pl.lit(str(raw)).cast(pl.String).str.to_date()
            if column.type.name == "date"
            else (
                pl.lit(str(raw)).str.to_datetime(time_zone="UTC")
                if column.type.name == "timestamp"
                else pl.lit(raw)
            )
        )

    limits: tuple[tuple[str, Any, Callable[[Any], pl.Expr], str], ...] = (
        ("minimum", bounds.minimum, lambda at: value >= at, "at least"),
        ("maximum", bounds.maximum, lambda at: value <= at, "at most"),
        ("exclusiveMinimum", bounds.exclusive_minimum, lambda at: value > at, "greater than"),
        ("exclusiveMaximum", bounds.exclusive_maximum, lambda at: value < at, "less than"),
    )
    is_number = value.is_not_nan() if column.type.name == "double" else pl.lit(value=True)
    for kind, raw, holds, words in limits:
        if raw is not None:
            yield Rule(
                column.name,
                kind,
                ReasonCode.OUT_OF_RANGE,
                holds(limit(raw)) & is_number,  # Polars takes NaN for greater than all
                f"must be {words} {raw}",
            )
    length = value.str.len_chars()
    if bounds.min_length is not None:
        yield Rule(
            column.name,
            "minLength",
            ReasonCode.OUT_OF_RANGE,
            length >= bounds.min_length,
            f"must have at least {bounds.min_length} characters",
        )
    if bounds.max_length is not None:
        yield Rule(
            column.name,
            "maxLength",
            ReasonCode.OUT_OF_RANGE,
            length <= bounds.max_length,
            f"must have at most {bounds.max_length} characters",
        )
