"""What the engine takes out of a silver table before it is written: bad rows and repeated keys.

Domain code never drops a row for its quality; the contract says what may stay, and every row that
goes is quarantined with its reason, or counted as superseded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.checks.rules import row_rules
from carms_lake.checks.split import REASON, VALUE_CHARACTERS
from carms_lake.checks.types import polars_schema
from carms_lake.contract.conform import conforms
from carms_lake.contract.model import Balance
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.records import ReasonCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carms_lake.contract.model import Contract, Relationship
    from carms_lake.names import TableRef

_POSITION = "\x00position"


@dataclass(frozen=True)
class Kept:
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


def keep(
    frame: pl.DataFrame, contract: Contract, references: Mapping[TableRef, pl.DataFrame]
) -> Kept:
    """Take out the rows that the contract does not let stay.

    `references` has, for each table that a quarantining relationship points to, at least the
    columns that it points to.

    Raises:
        ContractError: the frame has other columns or types than the contract.
    """
    promised = polars_schema(contract)
    ordering = {name.lstrip("-") for name in contract.silver.order} - promised.keys()
    _has(frame, ordering, contract)
    delivered = {name: kind for name, kind in frame.schema.items() if name not in ordering}
    conforms(contract, delivered, promised, f"the function `{contract.ref.table}`")
    rows = frame.with_row_index(_POSITION)
    reasons: list[pl.DataFrame] = []
    survivors = rows
    if contract.silver.balance is Balance.DEDUPLICATE:
        survivors = _newest(rows, contract)
    superseded = rows.height - survivors.height
    if contract.primary_key:
        reasons.append(_duplicates(survivors, contract))
    reasons += [_broken(survivors, contract)]
    reasons += [
        _orphans(survivors, relationship, references[relationship.target])
        for relationship in contract.relationships
        if relationship.quarantine
    ]
    found = pl.concat(reasons).group_by(_POSITION, maintain_order=True).agg("reason")
    quarantined = survivors.join(found, on=_POSITION, how="inner").rename({"reason": "reasons"})
    kept = survivors.join(found, on=_POSITION, how="anti", maintain_order="left")
    return Kept(
        kept.select(contract.column_names),
        quarantined.select(*contract.column_names, "reasons"),
        superseded,
    )


def _has(frame: pl.DataFrame, ordering: set[str], contract: Contract) -> None:
    for name in sorted(ordering - set(frame.columns)):
        raise ContractError(
            f"`{contract.path}`: `carms.order` names `{name}`, which the function "
            f"`{contract.ref.table}` does not deliver",
            did_you_mean(name, frame.columns),
        )


def _newest(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Of the rows with one key those that come last in the contract's order; equals all stay."""
    order = contract.silver.order
    names = [name.lstrip("-") for name in order]
    ranked = rows.sort(
        names,
        descending=[name.startswith("-") for name in order],
        nulls_last=False,
        maintain_order=True,
    )
    last = ranked.group_by(list(contract.primary_key), maintain_order=True).agg(
        pl.struct(names).last().alias("\x00last")
    )
    joined = ranked.join(last, on=list(contract.primary_key), how="left", nulls_equal=True)
    return joined.filter(pl.struct(names) == pl.col("\x00last")).drop("\x00last").sort(_POSITION)


def _duplicates(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    key = list(contract.primary_key)
    repeated = rows.filter(pl.struct(key).is_duplicated())
    message = f"the key ({', '.join(key)}) stands more than once; none of its rows is kept"
    fault = _Fault(ReasonCode.DUPLICATE_KEY, key[0], f"{'+'.join(key)}.primaryKey", message)
    return _reasons(repeated, fault, key)


def _broken(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    found = [
        _reasons(
            rows.filter((~rule.passes).fill_null(value=False)),
            _Fault(rule.code, rule.column, rule.name, f"`{rule.column}` {rule.message}"),
            [rule.column],
        )
        for rule in row_rules(contract)
    ]
    nothing = _reasons(rows.clear(), _Fault(ReasonCode.RULE_FAILED, "", "", ""), [])
    return pl.concat([nothing, *found])


def _orphans(rows: pl.DataFrame, relationship: Relationship, target: pl.DataFrame) -> pl.DataFrame:
    columns = list(relationship.columns)
    given = rows.filter(pl.all_horizontal(pl.col(columns).is_not_null()))
    unknown = given.join(
        target,
        left_on=columns,
        right_on=list(relationship.target_columns),
        how="anti",
        maintain_order="left",
    )
    there = f"{relationship.target.in_domain}({', '.join(relationship.target_columns)})"
    message = f"({', '.join(columns)}) is not in {there}"
    fault = _Fault(ReasonCode.UNKNOWN_REFERENCE, columns[0], relationship.name, message)
    return _reasons(unknown, fault, columns)


def _reasons(rows: pl.DataFrame, fault: _Fault, shown: list[str]) -> pl.DataFrame:
    """One reason per row: its position and the reason, with the values of the shown columns."""
    value = pl.concat_str(
        [
            pl.col(name).cast(pl.String).fill_null("null")
            for name in shown
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
    return rows.select(_POSITION, reason.alias("reason"))
