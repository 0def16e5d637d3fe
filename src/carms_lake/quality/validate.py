"""Silver's validation: rows that break a constraint are quarantined, the table is confirmed.

Frames are collected, because on a LazyFrame Pandera checks names and types only, and bad values
pass silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.contract.model import Balance
from carms_lake.contract.verify import conforms
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.quality.constraints import row_rules
from carms_lake.quality.rejected import REASON, VALUE_CHARACTERS
from carms_lake.quality.types import polars_schema, polars_type
from carms_lake.records import ReasonCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandera.polars as pa

    from carms_lake.contract.model import Column, Contract, Relationship
    from carms_lake.names import TableRef


_POSITION = "\x00position"
_LAST = "\x00last"


@dataclass(frozen=True)
class Validated:
    """A silver table and what was taken out of it.

    `quarantined` has the table's columns and `reasons`; `superseded` counts the rows that a newer
    row of the same key replaced.
    """

    rows: pl.DataFrame
    quarantined: pl.DataFrame
    superseded: int


@dataclass(frozen=True)
class _Fault:
    """What is wrong with some rows, in the words of a reason."""

    code: ReasonCode
    column: str
    rule: str
    message: str
    shown: tuple[str, ...]
    """The columns whose values the reason shows."""
    positions: pl.Series
    """Of the rows."""


def apply_constraints(
    frame: pl.DataFrame, contract: Contract, references: Mapping[TableRef, pl.DataFrame]
) -> Validated:
    """Take out the rows that the contract does not let stay.

    `references` has, for each table that a quarantining relationship points to, at least the
    columns that it points to. A frame without a fault is not copied.

    Raises:
        ContractError: the frame has other columns or types than the contract.
    """
    promised = polars_schema(contract)
    ordering = {name.lstrip("-") for name in contract.silver.order} - promised.keys()
    _has(frame, ordering, contract)
    delivered = {name: kind for name, kind in frame.schema.items() if name not in ordering}
    conforms(contract, delivered, promised, f"the function `{contract.ref.table}`")
    older = pl.Series([], dtype=pl.UInt32)
    if contract.silver.balance is Balance.DEDUPLICATE:
        older = _superseded(frame, contract)
    faults = [
        *_duplicates(frame, contract, older),
        *_broken(frame, contract),
        *(
            _orphans(frame, relationship, references[relationship.target])
            for relationship in contract.relationships
            if relationship.quarantine
        ),
    ]
    rows = frame.select(contract.column_names)
    reasons = [_reasons(rows, fault, older) for fault in faults if not fault.positions.is_empty()]
    nothing = pl.DataFrame(schema={_POSITION: pl.UInt32, "reason": REASON})
    found = pl.concat([nothing, *reasons]).group_by(_POSITION, maintain_order=True)
    bad = found.agg(pl.col("reason").alias("reasons")).sort(_POSITION)
    quarantined = rows[bad[_POSITION]].with_columns(bad["reasons"])
    return Validated(_without(rows, [older, bad[_POSITION]]), quarantined, older.len())


def _has(frame: pl.DataFrame, ordering: set[str], contract: Contract) -> None:
    for name in sorted(ordering - set(frame.columns)):
        raise ContractError(
            f"`{contract.path}`: `carms.order` names `{name}`, which the function "
            f"`{contract.ref.table}` does not deliver",
            did_you_mean(name, frame.columns),
        )


def repeated(frame: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """The positions of the rows whose key stands more than once, in order.

    A key with a null in it is no key, and the same as no other. Rows whose hashes differ differ, so
    only those that share a hash are compared.
    """
    hashes = frame.select(pl.struct(key).hash().alias("hash"))["hash"]
    if hashes.n_unique() == frame.height:
        return pl.Series([], dtype=pl.UInt32)
    alike = hashes.is_duplicated().arg_true()
    is_key = pl.all_horizontal(pl.col(key).is_not_null())
    same = frame.select(key)[alike].select((pl.struct(key).is_duplicated() & is_key).alias("same"))
    return alike.filter(same["same"])


def _superseded(frame: pl.DataFrame, contract: Contract) -> pl.Series:
    """Positions of rows that another of their key comes after, in the contract's order.

    Rows that the order cannot tell apart all stay.
    """
    key, order = list(contract.primary_key), contract.silver.order
    names = [name.lstrip("-") for name in order]
    alike = repeated(frame, key)
    ranked = (
        frame.select(list(dict.fromkeys([*key, *names])))[alike]
        .with_columns(alike.alias(_POSITION))
        .sort(
            names,
            descending=[name.startswith("-") for name in order],
            nulls_last=False,
            maintain_order=True,
        )
    )
    last = ranked.group_by(key, maintain_order=True).agg(pl.struct(names).last().alias(_LAST))
    joined = ranked.join(last, on=key, how="left", nulls_equal=True)
    return joined.filter(pl.struct(names) != pl.col(_LAST))[_POSITION].sort()


def _duplicates(frame: pl.DataFrame, contract: Contract, older: pl.Series) -> Iterator[_Fault]:
    key = list(contract.primary_key)
    if not key:
        return
    alike = repeated(frame, key)
    if older.len():
        alike = alike.filter(~alike.is_in(older.implode()))
        again = frame.select(key)[alike].select(pl.struct(key).is_duplicated().alias("same"))
        alike = alike.filter(again["same"])
    message = f"the key ({', '.join(key)}) stands more than once; none of its rows is kept"
    rule = f"{'+'.join(key)}.primaryKey"
    yield _Fault(ReasonCode.DUPLICATE_KEY, key[0], rule, message, tuple(key), alike)


def _broken(frame: pl.DataFrame, contract: Contract) -> Iterator[_Fault]:
    """The rows that break each rule, all rules in one pass."""
    rules = row_rules(contract)
    breaks = frame.select(
        (~rule.passes).fill_null(value=False).alias(str(number))
        for number, rule in enumerate(rules)
    )
    for rule, column in zip(rules, breaks.iter_columns(), strict=True):
        message = f"`{rule.column}` {rule.message}"
        shown = (rule.column,)
        yield _Fault(rule.code, rule.column, rule.name, message, shown, column.arg_true())


def _orphans(frame: pl.DataFrame, relationship: Relationship, target: pl.DataFrame) -> _Fault:
    columns = relationship.columns
    given = frame.lazy().select(columns).with_row_index(_POSITION).drop_nulls(list(columns))
    unknown = given.join(
        target.lazy(),
        left_on=list(columns),
        right_on=list(relationship.target_columns),
        how="anti",
    )
    positions = unknown.select(_POSITION).collect(engine="streaming")[_POSITION].sort()
    there = f"{relationship.target.in_domain}({', '.join(relationship.target_columns)})"
    message = f"({', '.join(columns)}) is not in {there}"
    code = ReasonCode.UNKNOWN_REFERENCE
    return _Fault(code, columns[0], relationship.name, message, tuple(columns), positions)


def _without(rows: pl.DataFrame, positions: Sequence[pl.Series]) -> pl.DataFrame:
    """The rows that stand at none of these positions; the same frame where there are none."""
    gone = pl.concat([series.cast(pl.UInt32) for series in positions])
    if gone.is_empty():
        return rows
    stays = pl.repeat(value=True, n=rows.height, eager=True).scatter(gone, values=False)
    return rows.filter(stays)


def _reasons(rows: pl.DataFrame, fault: _Fault, older: pl.Series) -> pl.DataFrame:
    """One reason per row: its position and the reason, with the values of the shown columns."""
    positions = fault.positions.cast(pl.UInt32)
    if older.len():
        positions = positions.filter(~positions.is_in(older.implode()))
    value = pl.concat_str(
        [
            pl.col(name).cast(pl.String).fill_null("null")
            for name in fault.shown
            if not isinstance(rows.schema[name], pl.List)
        ]
        or [pl.lit("")],
        separator=", ",
    ).str.head(VALUE_CHARACTERS)
    reason = pl.struct(
        pl.lit(str(fault.code)).alias("code"),
        pl.lit(fault.column).alias("column"),
        pl.lit(fault.rule).alias("rule"),
        value.alias("value"),
        pl.lit(fault.message).alias("message"),
    ).cast(REASON)
    found = rows.select(fault.shown)[positions]
    return found.select(positions.alias(_POSITION), reason.alias("reason"))


def validate_table(frame: pl.DataFrame, contract: Contract, *, key_is_proved: bool = False) -> None:
    """See that a table is what its contract promises: types, nulls, keys, sets, patterns, ranges.

    `key_is_proved` where `apply_constraints` has just seen that no key stands twice.

    Raises:
        ContractError: it is not; the message counts the failures of each rule.
    """
    import pandera.errors

    failures: list[tuple[str, str, int]] = []
    try:
        schema(contract).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        found = error.failure_cases.group_by("column", "check").len().sort("column", "check")
        failures = found.rows()
    key = contract.primary_key
    if key and not key_is_proved and set(key) <= set(frame.columns):
        again = repeated(frame, key).len()
        failures += [("+".join(key), "primaryKey", again)] if again else []
    if failures:
        listed = ", ".join(f"{column}.{check}: {count} rows" for column, check, count in failures)
        raise ContractError(
            f"`{contract.ref}` breaks its contract: {listed}",
            f"change the function `{contract.ref.table}`, or `{contract.path}`",
        )


def schema(contract: Contract) -> pa.DataFrameSchema:
    """The contract as a Pandera schema, but for its key, which Pandera takes 2 GB to see at 10M."""
    import pandera.polars as pa

    columns = {column.name: _column(column) for column in contract.columns}
    return pa.DataFrameSchema(columns, strict=True, ordered=True)


def _column(column: Column) -> pa.Column:
    import pandera.polars as pa

    bounds = column.bounds
    checks: list[pa.Check] = []
    if column.enum:
        checks.append(pa.Check.isin(list(column.enum)))
    if column.pattern is not None:
        checks.append(pa.Check.str_contains(column.pattern))
    is_number = column.type.name in ("smallint", "integer", "bigint", "double", "decimal")
    if is_number:
        limits = (
            (pa.Check.ge, bounds.minimum),
            (pa.Check.le, bounds.maximum),
            (pa.Check.gt, bounds.exclusive_minimum),
            (pa.Check.lt, bounds.exclusive_maximum),
        )
        checks += [check(limit) for check, limit in limits if limit is not None]
    if bounds.min_length is not None or bounds.max_length is not None:
        checks.append(pa.Check.str_length(bounds.min_length, bounds.max_length))
    return pa.Column(
        polars_type(column.type), checks, nullable=not column.required, unique=column.unique
    )
