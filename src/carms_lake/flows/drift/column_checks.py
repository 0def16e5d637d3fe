"""The values of one column of a file, compared with its contract and with the previous file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from carms_lake.contract.model import Column
from carms_lake.contract.types import ColumnType
from carms_lake.errors import first_few
from carms_lake.flows.drift.findings import (
    ChangeKind,
    DriftCollector,
    Severity,
    is_systematic,
    pct,
    rates_differ,
)
from carms_lake.flows.drift.inference import (
    are_comparable,
    cast_to,
    count_nonconforming,
    stability,
    widened_type,
)
from carms_lake.quality.constraints import Constraint, value_constraints
from carms_lake.quality.types import polars_type
from carms_lake.records import ReasonCode

NULL_RATE = 0.10
"""Shares of nulls that differ by more are drift."""
MOST_NEW_VALUES = 20
"""More new values than these are not added to a list of values."""
_LIST_VALUES = 50
_LIST_ROWS = 100
_NEW_SHARE = 0.01
_GONE_SHARE = 0.05
_GONE_EXPECTED = 10
_SHOWN = 8
_LENGTHS = (ChangeKind.MIN_LENGTH, ChangeKind.MAX_LENGTH)


def check_against_contract(collector: DriftCollector, headers: Mapping[str, str]) -> None:
    """Check types, nulls, value lists, patterns and limits of the columns that the file has.

    Raises:
        ContractError: a pattern of the contract is not a regular expression.
    """
    typed: dict[str, pl.Series] = {}
    columns: list[Column] = []
    for name, header in headers.items():
        column = collector.contract.column(name)
        values = collector.raw.sample[header].alias(name)
        not_text = collector.raw.not_text.get(header, 0)
        typed[name], kind = _typed_values(collector, column, values, not_text)
        columns.append(replace(column, type=kind))
        nulls = values.null_count()
        if column.required and nulls:
            many = is_systematic(nulls, values.len())
            found = f"{nulls} of {values.len()} are null ({pct(nulls / values.len())})"
            severity = Severity.ERROR if many else Severity.NOTE
            collector.report(name, "nulls", severity, "required", found)
            if many:
                collector.require(ChangeKind.NULLABLE, name)
    frame = pl.DataFrame(typed)
    for rule in value_constraints(replace(collector.contract, columns=tuple(columns))):
        if rule.code is not ReasonCode.REQUIRED_NULL:
            _check_rule(collector, rule, frame)


def compare_with_previous(collector: DriftCollector, column: Column, header: str) -> None:
    """Compare nulls, values and distribution of a column with those of the previous file."""
    old = collector.previous(column)
    new = collector.raw.sample[header]
    if old is None or not new.len():
        return
    nulls_then, nulls_now = (old.null_count(), old.len()), (new.null_count(), new.len())
    if rates_differ(nulls_then, nulls_now, NULL_RATE):
        expected, found = (f"{pct(nulls / of)} null" for nulls, of in (nulls_then, nulls_now))
        collector.report(column.name, "null_rate", Severity.WARNING, expected, found)
    # Values of another type compare with nothing; that they are is reported already.
    if count_nonconforming(new, column.type) * 2 > new.len() - new.null_count():
        return
    now = cast_to(new, column.type).drop_nulls()
    then = cast_to(old, column.type).drop_nulls()
    _compare_value_sets(collector, column, then, now)
    index = stability(then, now)
    if index and index.psi > index.limit:
        expected = f"PSI up to {index.limit:.2f} against the previous file"
        found = f"PSI {index.psi:.2f}"
        if then.dtype.is_numeric():
            medians = (f"{float(str(values.median())):.6g}" for values in (then, now))
            found += f", median {' -> '.join(medians)}"
        score, change = round(index.psi, 3), "distribution"
        collector.report(column.name, change, Severity.WARNING, expected, found, score=score)


def _typed_values(
    collector: DriftCollector, column: Column, values: pl.Series, not_text: int
) -> tuple[pl.Series, ColumnType]:
    """The values in the contract's type, or in the one that they need, and that type.

    They are null where the contract's rules make no sense for that type.
    """
    total = values.len() - values.null_count()
    wrong = count_nonconforming(values, column.type, not_text)
    kind = column.type
    if wrong:
        many = is_systematic(wrong, total)
        can_widen = many and column.spelling is None
        wanted = widened_type(values, column.type, not_text) if can_widen else None
        found = f"{wrong} of {total} values are not {column.type}"
        if wanted is not None:
            left = count_nonconforming(values, wanted, not_text)
            found += f"; {wanted} fits all" + (f" but {left}" if left else "")
            collector.require(ChangeKind.TYPE, column.name, wanted)
            kind = wanted
        elif many:
            found += (
                "; no type fits them"
                if can_widen
                else f", written as the contract says ({column.spelling})"
            )
        severity = Severity.ERROR if many else Severity.NOTE
        collector.report(column.name, "retyped", severity, str(column.type), found)
    if not_text and kind.name == "varchar":
        return values, kind
    if not are_comparable(kind, column.type):
        nulls = pl.Series(column.name, [None] * values.len(), dtype=polars_type(column.type))
        return nulls, column.type
    return cast_to(values, kind), kind


def _check_rule(collector: DriftCollector, rule: Constraint, frame: pl.DataFrame) -> None:
    """Report how many values break a rule of the contract; many of them are drift."""
    column = collector.contract.column(rule.column)
    values = frame[rule.column]
    broken = frame.filter((~rule.passes).fill_null(value=False))[rule.column]
    if not broken.len():
        return
    total = values.len() - values.null_count()
    what = f"{broken.len()} of {total} values ({pct(broken.len() / total)})"
    distinct = broken.unique(maintain_order=True).to_list()
    if rule.kind == "enum":
        found = f"{_listed(column, distinct)} in {what}"
        collector.report(column.name, "new_values", Severity.ERROR, rule.message, found)
        if len(distinct) <= MOST_NEW_VALUES:
            new = tuple(_yaml_value(value) for value in distinct)
            collector.require(ChangeKind.ENUM, column.name, new)
        return
    many = is_systematic(broken.len(), total)
    severity = Severity.ERROR if many else Severity.NOTE
    if rule.kind == "pattern":
        found = f"{_listed(column, distinct[:3])} in {what}"
        collector.report(column.name, "pattern", severity, rule.message, found)
        if many:
            collector.require(ChangeKind.PATTERN, column.name)
        return
    # A patch replaces an exclusive limit by an inclusive one.
    kind = ChangeKind(rule.kind.replace("exclusiveM", "m"))
    measured = broken.str.len_chars() if kind in _LENGTHS else broken
    is_lower = kind in (ChangeKind.MINIMUM, ChangeKind.MIN_LENGTH)
    end = measured.min() if is_lower else measured.max()
    shown = "" if column.classification else f", as far as {end!s}"
    collector.report(column.name, "range", severity, rule.message, what + shown)
    if many:
        collector.require(kind, column.name, _yaml_value(end))


def _compare_value_sets(
    collector: DriftCollector, column: Column, then: pl.Series, now: pl.Series
) -> None:
    """Report new and vanished values of a column that has few and repeats them."""
    if then.dtype not in (pl.String, pl.Boolean) or then.len() < _LIST_ROWS or not now.len():
        return
    earlier = dict(then.alias("value").value_counts().iter_rows())
    if len(earlier) > min(_LIST_VALUES, then.len() // 5):
        return
    here = dict(now.alias("value").value_counts().iter_rows())
    new = sorted((v for v in here if v not in earlier), key=lambda value: -here[value])
    count = sum(here[value] for value in new)
    if new and not column.enum and count > _NEW_SHARE * now.len():
        expected = f"one of the {len(earlier)} values of the previous file"
        found = f"{_listed(column, new)} in {count} of {now.len()} values"
        collector.report(column.name, "new_values", Severity.WARNING, expected, found)
    gone = [
        value
        for value, rows in earlier.items()
        if value not in here
        and rows > _GONE_SHARE * then.len()
        and rows * now.len() >= _GONE_EXPECTED * then.len()
    ]
    if gone:
        share = pct(sum(earlier[value] for value in gone) / then.len())
        expected = f"{_listed(column, sorted(gone, key=str))} in {share} of the previous values"
        collector.report(column.name, "gone_values", Severity.WARNING, expected, "none of them")


def _listed(column: Column, values: Sequence[Any]) -> str:
    """Values for a message; values of classified columns are only counted."""
    if column.classification:
        return f"{len(values)} values (not shown: {column.classification})"
    return first_few([f"`{str(value)[:60]}`" for value in values], _SHOWN)


def _yaml_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    return value.isoformat() if isinstance(value, date) else value
