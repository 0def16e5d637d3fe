"""The rows of a silver table: valid, quarantined with their reasons, or superseded.

Pandera decides: a row is quarantined because a check of the contract's schema fails for it. Frames
are collected, because on a LazyFrame Pandera checks names and types only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.contract.limits import Dimension
from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.names import AUDIT_COLUMNS, TableRef
from carms_lake.quality.constraints import Constraint, constraints
from carms_lake.quality.rejected import REASON, VALUE_CHARACTERS
from carms_lake.records import ReasonCode

if TYPE_CHECKING:
    import pandera.polars as pa


_POSITION = "\x00position"


@dataclass(frozen=True)
class Validated:
    """The valid rows of a silver table, and the others.

    `quarantined` has the table's columns and `reasons`; `superseded` counts the rows that a newer
    row of the same key replaced, or that repeat a row.
    """

    rows: pl.DataFrame
    quarantined: pl.DataFrame
    superseded: int


def apply_constraints(
    frame: pl.DataFrame,
    contract: Contract,
    references: Mapping[TableRef, pl.DataFrame],
    checks: Sequence[pa.Check] = (),
    marks: Collection[str] = AUDIT_COLUMNS,
) -> Validated:
    """Quarantine the rows that the contract, or a check of the domain's author, does not allow.

    `references` has, for each table that a quarantining relationship points to, at least the
    columns that it points to. Rows of one key that agree in all columns but `marks`, which say
    where a row comes from, are one row. A frame without a bad row is not copied.

    Raises:
        ContractError: the frame has other columns or types than the contract, or a check cannot
            be run.
    """
    from carms_lake.quality import schema  # imports Pandera, which takes a second

    ordering = {name.lstrip("-") for name in contract.silver.order} - set(contract.column_names)
    for name in sorted(ordering - set(frame.columns)):
        raise ContractError(
            f"`{contract.path}`: `carms.order` names `{name}`, which the function "
            f"`{contract.ref.table}` does not deliver",
            did_you_mean(name, frame.columns),
        )
    # A column that is missing is reported with its contract.
    has_key = contract.primary_key and set(contract.column_names) <= set(frame.columns)
    alike = schema.repeated(frame, contract.primary_key) if has_key else schema.NO_ROWS
    superseded = schema.superseded_rows(frame, contract, alike, marks)
    compiled = schema.compiled(contract, references, alike, superseded, checks)
    failing = schema.failure_cases(frame.drop(ordering), compiled, contract)
    rows = frame.select(contract.column_names)
    reasons = [pl.DataFrame(schema={_POSITION: pl.UInt32, "reason": REASON})]
    for constraint in (*constraints(contract), *map(_of_check, checks)):
        positions = failing.get(constraint.name, schema.NO_ROWS)
        if superseded.len():
            positions = positions.filter(~positions.is_in(superseded.implode()))
        if positions.len():
            reasons.append(_reasons(rows, constraint, positions))
    found = pl.concat(reasons).group_by(_POSITION, maintain_order=True)
    bad = found.agg(pl.col("reason").alias("reasons")).sort(_POSITION)
    quarantined = rows[bad[_POSITION]].with_columns(bad["reasons"])
    gone = pl.concat([superseded.cast(pl.UInt32), bad[_POSITION]])
    if gone.len():
        stays = pl.repeat(value=True, n=rows.height, eager=True).scatter(gone, values=False)
        rows = rows.filter(stays)
    return Validated(rows, quarantined, superseded.len())


def _of_check(check: pa.Check) -> Constraint:
    """A check of the domain's author in the words of a constraint."""
    message = check.error or check.description or f"fails the check `{check.name}`"
    code, dimension = ReasonCode.RULE_FAILED, Dimension.CONFORMITY
    return Constraint(str(check.name), "rule", (), code, dimension, message)


def _reasons(rows: pl.DataFrame, constraint: Constraint, positions: pl.Series) -> pl.DataFrame:
    """One reason per row: its position and the reason, with the values of the shown columns."""
    shown = [n for n in constraint.columns if not isinstance(rows.schema[n], pl.List)]
    texts = [pl.col(name).cast(pl.String).fill_null("null") for name in shown]
    value = pl.concat_str(texts or [pl.lit("")], separator=", ").str.head(VALUE_CHARACTERS)
    reason = pl.struct(
        pl.lit(str(constraint.code)).alias("code"),
        pl.lit(constraint.columns[0] if constraint.columns else None).alias("column"),
        pl.lit(constraint.name).alias("rule"),
        value.alias("value"),
        pl.lit(constraint.reason).alias("message"),
    ).cast(REASON)
    found = rows.select(constraint.columns or rows.columns[:1])[positions]
    return found.select(positions.alias(_POSITION), reason.alias("reason"))
