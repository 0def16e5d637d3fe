"""The values of one column of a file: against its contract, and beside the last landed file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.errors import first_few
from carms_lake.flows.drift.findings import ChangeKind, Severity, is_systematic, pct, rates_differ
from carms_lake.flows.drift.inference import (
    are_comparable,
    cast_to,
    count_nonconforming,
    stability,
    widened_type,
)
from carms_lake.quality.constraints import row_rules
from carms_lake.quality.types import polars_type
from carms_lake.records import ReasonCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.contract.model import Column
    from carms_lake.contract.types import ColumnType
    from carms_lake.flows.drift.findings import DriftCollector
    from carms_lake.quality.constraints import Rule


NULL_RATE = 0.10
"""Shares of nulls that differ by more are drift."""
MOST_NEW_VALUES = 20
"""More new values than these are no longer a list of values."""
_LIST_VALUES = 50
_LIST_ROWS = 100
_NEW_SHARE = 0.01
_GONE_SHARE = 0.05
_GONE_EXPECTED = 10
_SHOWN = 8
_LENGTHS = {"minLength": ChangeKind.SHORTEST, "maxLength": ChangeKind.LONGEST}
_ENDS = {
    "minimum": ChangeKind.LOWEST,
    "exclusiveMinimum": ChangeKind.LOWEST,
    "maximum": ChangeKind.HIGHEST,
    "exclusiveMaximum": ChangeKind.HIGHEST,
}


def check_against_contract(collector: DriftCollector, headers: Mapping[str, str]) -> None:
    """Types, nulls, value sets, patterns and limits of the columns that the file has.

    Raises:
        ContractError: a pattern of the contract is no regular expression.
    """
    kept: dict[str, pl.Series] = {}
    columns: list[Column] = []
    for name, header in headers.items():
        column = collector.contract.column(name)
        values = collector.raw.series(header).alias(name)
        not_text = collector.raw.not_text.get(collector.raw.headers.index(header), 0)
        kept[name], kind = _typed_values(collector, column, values, not_text)
        columns.append(replace(column, type=kind))
        nulls = values.null_count()
        if column.required and nulls:
            many = is_systematic(nulls, values.len())
            found = f"{nulls} of {values.len()} are null ({pct(nulls / values.len())})"
            severity = Severity.ERROR if many else Severity.NOTE
            collector.report(name, "nulls", severity, "required", found)
            if many:
                collector.require(ChangeKind.NULLABLE, name)
    frame = pl.DataFrame(kept)
    for rule in row_rules(replace(collector.contract, columns=tuple(columns))):
        if rule.code is not ReasonCode.REQUIRED_NULL:
            _check_rule(collector, rule, frame)


def compare_with_previous(collector: DriftCollector, column: Column, header: str) -> None:
    """Nulls, values and distribution beside those of the last landed file."""
    old = collector.previous(column.name)
    new = collector.raw.series(header)
    if old is None or not new.len():
        return
    _compare_null_rates(collector, column, old, new)
    if count_nonconforming(new, column.type) * 2 > new.len() - new.null_count():
        return
    now = cast_to(new, column.type).drop_nulls()
    then = cast_to(old, column.type).drop_nulls()
    _compare_value_sets(collector, column, then, now)
    found = stability(then, now)
    if found and found.is_shifted:
        expected = f"PSI up to {found.limit:.2f} beside the last file"
        shift = f"PSI {found.psi:.2f}"
        if then.dtype.is_numeric():
            shift += f", median {_number(then.median())} -> {_number(now.median())}"
        collector.report(
            column.name,
            "distribution",
            Severity.WARNING,
            expected,
            shift,
            score=round(found.psi, 3),
        )


def _typed_values(
    collector: DriftCollector, column: Column, values: pl.Series, not_text: int
) -> tuple[pl.Series, ColumnType]:
    """The values in the contract's type, or in the one that they need, and that type.

    They are null where no rule of the contract can mean them.
    """
    there = values.len() - values.null_count()
    wrong = count_nonconforming(values, column.type, not_text)
    kind = column.type
    if wrong:
        many = is_systematic(wrong, there)
        wanted = widened_type(values, column.type, not_text) if many else None
        found = f"{wrong} of {there} values are no {column.type}"
        if wanted is not None:
            left = count_nonconforming(values, wanted, not_text)
            found += f"; {wanted} keeps all" + (f" but {left}" if left else "")
            collector.require(ChangeKind.TYPE, column.name, wanted)
            kind = wanted
        elif many:
            found += "; no type keeps them"
        severity = Severity.ERROR if many else Severity.NOTE
        collector.report(column.name, "retyped", severity, str(column.type), found)
    if not_text and kind.name == "varchar":
        return values, kind
    if not are_comparable(kind, column.type):
        nothing = pl.Series(column.name, [None] * values.len(), dtype=polars_type(column.type))
        return nothing, column.type
    return cast_to(values, kind), kind


def _check_rule(collector: DriftCollector, rule: Rule, frame: pl.DataFrame) -> None:
    """One rule of the contract; what breaks it is set aside, so often that it is drift or not."""
    column = collector.contract.column(rule.column)
    broken = frame.filter((~rule.passes).fill_null(value=False))[rule.column]
    there = frame[rule.column].len() - frame[rule.column].null_count()
    if not broken.len():
        return
    what = f"{broken.len()} of {there} values ({pct(broken.len() / there)})"
    if rule.kind == "enum":
        new = broken.unique(maintain_order=True).to_list()
        found = f"{_listed(column, new)} in {what}"
        collector.report(column.name, "new_values", Severity.ERROR, rule.message, found)
        if len(new) <= MOST_NEW_VALUES:
            collector.require(ChangeKind.ENUM, column.name, tuple(_plain(value) for value in new))
        return
    many = is_systematic(broken.len(), there)
    severity = Severity.ERROR if many else Severity.NOTE
    if rule.kind == "pattern":
        shown = _listed(column, broken.unique(maintain_order=True).head(3).to_list())
        collector.report(column.name, "pattern", severity, rule.message, f"{shown} in {what}")
        if many:
            collector.require(ChangeKind.PATTERN, column.name)
        return
    measured = broken.str.len_chars() if rule.kind in _LENGTHS else broken
    end = measured.min() if "min" in rule.kind.lower() else measured.max()
    shown = "" if column.classification else f", as far as {end!s}"
    collector.report(column.name, "range", severity, rule.message, what + shown)
    if many:
        kind = {**_LENGTHS, **_ENDS}[rule.kind]
        collector.require(kind, column.name, _plain(end))


def _compare_null_rates(
    collector: DriftCollector, column: Column, old: pl.Series, new: pl.Series
) -> None:
    then, now = (old.null_count(), old.len()), (new.null_count(), new.len())
    if rates_differ(then, now, NULL_RATE):
        shares = [pct(nulls / total) for nulls, total in (then, now)]
        expected, found = (f"{share} null" for share in shares)
        collector.report(column.name, "null_rate", Severity.WARNING, expected, found)


def _compare_value_sets(
    collector: DriftCollector, column: Column, then: pl.Series, now: pl.Series
) -> None:
    """New and gone values of a column that has few and repeats them."""
    if then.dtype not in (pl.String, pl.Boolean) or then.len() < _LIST_ROWS or not now.len():
        return
    earlier = dict(then.alias("value").value_counts().iter_rows())
    if len(earlier) > min(_LIST_VALUES, then.len() // 5):
        return
    here = dict(now.alias("value").value_counts().iter_rows())
    new = sorted((v for v in here if v not in earlier), key=lambda value: -here[value])
    count = sum(here[value] for value in new)
    if new and not column.enum and count > _NEW_SHARE * now.len():
        expected = f"one of the {len(earlier)} values of the last file"
        found = f"{_listed(column, new)} in {count} of {now.len()} values"
        collector.report(column.name, "new_values", Severity.WARNING, expected, found)
    gone = [
        value
        for value, seen_before in earlier.items()
        if value not in here
        and seen_before > _GONE_SHARE * then.len()
        and seen_before * now.len() >= _GONE_EXPECTED * then.len()
    ]
    if gone:
        counted = sum(earlier[value] for value in gone) / then.len()
        expected = f"{_listed(column, sorted(gone, key=str))} in {pct(counted)} of the last values"
        collector.report(column.name, "gone_values", Severity.WARNING, expected, "none of them")


def _listed(column: Column, values: Sequence[Any]) -> str:
    """Values for a message; those of people are counted only."""
    if column.classification:
        return f"{len(values)} values (not shown: {column.classification})"
    return first_few([f"`{str(value)[:60]}`" for value in values], _SHOWN)


def _plain(value: Any) -> Any:
    """A value as YAML holds it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _number(value: Any) -> str:
    return f"{float(value):.6g}"
