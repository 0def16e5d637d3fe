"""What a contract demands of a table: one list, which each engine compiles to its own language.

`Constraint.passes` is a Polars expression (records of bronze), `schema` makes a Pandera schema of
the list (rows of silver), and `table_constraints` SQL (silver and gold as a whole). A null value
passes every constraint but `required`: whether it may be null is a constraint of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from carms_lake.contract.limits import DeclaredTotal, Dimension, QualityRule
from carms_lake.contract.model import Column, Contract, Relationship
from carms_lake.contract.types import ColumnType
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.quality.types import polars_type
from carms_lake.records import ReasonCode

BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "greater than",
    "exclusiveMaximum": "less than",
}
LENGTHS = {"minLength": "at least", "maxLength": "at most"}
_COMPARE = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
OF_VALUES = ("required", "enum", "pattern", *BOUNDS, *LENGTHS)
"""The kinds that one value decides."""
_PATTERN_CHARACTERS = 60
"""How much of a pattern a message repeats."""


@dataclass(frozen=True)
class Constraint:
    """One thing that a contract demands."""

    name: str
    """`<column>.<kind>`, or the name of a quality rule, as rejects and checks show it."""
    kind: str
    """`type`, `required`, `enum` ...; `primaryKey`, `unique`, `relationship` or `rule`."""
    columns: tuple[str, ...]
    code: ReasonCode
    dimension: Dimension
    message: str
    argument: Any = None
    """The limit, the values, the pattern, the relationship or the condition."""
    type: ColumnType | None = None
    """Of the column, where there is one."""

    @property
    def column(self) -> str:
        """The first of its columns."""
        return self.columns[0]

    @property
    def reason(self) -> str:
        """The message as a reject shows it, where the rule has a field of its own."""
        names_column = self.kind in OF_VALUES or self.kind == "type"
        return f"`{self.column}` {self.message}" if names_column else self.message

    @property
    def passes(self) -> pl.Expr:
        """Of a constraint of one value: whether a row satisfies it; null for a null."""
        value, argument = pl.col(self.column), self.argument
        passes: pl.Expr
        match self.kind:
            case "required":
                return value.is_not_null()
            case "enum":
                dtype = polars_type(self.type) if self.type else None
                return value.is_in(pl.Series(values=argument, dtype=dtype).implode())
            case "pattern":
                return value.str.contains(argument)
            case "minLength":
                passes = value.str.len_chars() >= argument
            case "maxLength":
                passes = value.str.len_chars() <= argument
            case _:
                passes = getattr(value, _COMPARE[self.kind])(_limit(self))
                if self.type is not None and self.type.name == "double":
                    # Polars sorts NaN above every number, so a NaN would pass a minimum.
                    passes &= value.is_not_nan()
        return passes


def constraints(contract: Contract) -> tuple[Constraint, ...]:
    """All that a contract demands of its table: its key, its columns, its references, its rows.

    Raises:
        ContractError: a rule does not judge single rows.
    """
    key = contract.primary_key
    found: list[Constraint] = []
    if key:
        names, message = "+".join(key), f"duplicate primary key ({', '.join(key)})"
        code, dimension = ReasonCode.DUPLICATE_KEY, Dimension.UNIQUENESS
        found.append(Constraint(f"{names}.primaryKey", "primaryKey", key, code, dimension, message))
    for column in contract.columns:
        for kind, code, dimension, message, argument in _demands(column):
            name, columns = f"{column.name}.{kind}", (column.name,)
            found.append(
                Constraint(name, kind, columns, code, dimension, message, argument, column.type)
            )
    found += [reference(relationship) for relationship in contract.relationships]
    found += [_of_row(contract, rule) for rule in contract.quality if rule.quarantine]
    return tuple(found)


def value_constraints(contract: Contract) -> tuple[Constraint, ...]:
    """The constraints that one value decides, in the order of the columns.

    Raises:
        ContractError: a pattern is not a valid regular expression (Rust's `regex` syntax).
    """
    found = tuple(c for c in constraints(contract) if c.kind in OF_VALUES)
    for constraint in found:
        if constraint.kind == "pattern":
            try:
                pl.Series([""]).str.contains(constraint.argument)
            except pl.exceptions.PolarsError as error:
                said = str(error).splitlines()[0]
                raise ContractError(
                    f"`{contract.path}`, column `{constraint.column}`: "
                    f"invalid pattern `{constraint.argument}`: {said}",
                    "write a regular expression of Rust's `regex`: no lookaround or backreference",
                ) from None
    return found


def reference(relationship: Relationship) -> Constraint:
    """That every reference leads somewhere; a null reference refers to nothing."""
    target = f"{relationship.target.in_domain}({', '.join(relationship.target_columns)})"
    return Constraint(
        relationship.name,
        "relationship",
        relationship.columns,
        ReasonCode.UNKNOWN_REFERENCE,
        Dimension.CONSISTENCY,
        f"({', '.join(relationship.columns)}) is not in {target}",
        relationship,
    )


def rule_select(contract: Contract, rule: QualityRule) -> str:
    """The SELECT of a rule of type `sql`, with the names of its table and column put in.

    Raises:
        ContractError: it is not one SELECT that only reads.
    """
    from carms_lake.store.sql import quoted  # imports DuckDB, which bronze does not need
    from carms_lake.store.sql.statement import only_reads

    table, column = contract.ref.in_domain, quoted(rule.column or "")
    names = {"table": table, "object": table, "column": column, "property": column}
    text = rule.query or ""
    for name, value in names.items():
        text = text.replace("${" + name + "}", value).replace("{" + name + "}", value)
    return only_reads(text, f"`{contract.path}`, rule `{rule.name}`")


def summed(contract: Contract, entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The SELECTs of an entry of `carms.reconcile`, of gold and of silver, and where they are."""
    where = f"`{contract.path}`, `carms.reconcile`, `{entry['name']}`"
    return tuple((str(entry[side]), where) for side in ("gold", "silver"))


def declared(contract: Contract, total: DeclaredTotal) -> tuple[str, str]:
    """The SELECT of a declared total, and where it is."""
    return total.select, f"`{contract.path}`, `carms.declaredTotals`, `{total.name}`"


def ensure_only_reads(contracts: Iterable[Contract]) -> None:
    """Look at all SQL of the contracts before anything is built; running it looks again.

    Raises:
        ContractError: a text is not one SELECT that only reads.
    """
    from carms_lake.store.sql.statement import only_reads

    for contract in contracts:
        for rule in contract.quality:
            if rule.kind == "sql":
                rule_select(contract, rule)
        for entry in contract.reconcile:
            for text in summed(contract, entry):
                only_reads(*text)
        for total in contract.declared_totals:
            only_reads(*declared(contract, total))


def _of_row(contract: Contract, rule: QualityRule) -> Constraint:
    from carms_lake.store.sql import row_condition

    table, where = contract.ref.in_domain, f"`{contract.path}`, rule `{rule.name}`"
    condition = row_condition(rule_select(contract, rule), table)
    if condition is None:
        raise ContractError(
            f"{where}: its query does not judge single rows",
            f"write `select count(*) from {table} where <what is true of a bad row>`, without "
            "subqueries and windows, or leave out `carms.quarantine`",
        )
    for name in condition.columns:
        if name not in contract.column_names:
            hint = did_you_mean(name, contract.column_names)
            raise ContractError(f"{where}: no column `{name}` in `{table}`", hint)
    return Constraint(
        rule.name,
        "rule",
        condition.columns,
        ReasonCode.RULE_FAILED,
        rule.dimension or Dimension.CONFORMITY,
        rule.description or f"breaks the rule `{rule.name}`",
        condition,
    )


def _demands(column: Column) -> Iterator[tuple[str, ReasonCode, Dimension, str, Any]]:
    out_of_range, conformity = ReasonCode.OUT_OF_RANGE, Dimension.CONFORMITY
    yield "type", ReasonCode.TYPE_MISMATCH, conformity, _wanted(column), None
    if column.required:
        message = "must have a value"
        yield "required", ReasonCode.REQUIRED_NULL, Dimension.COMPLETENESS, message, None
    if column.unique:
        yield "unique", ReasonCode.DUPLICATE_KEY, Dimension.UNIQUENESS, "must be unique", None
    if column.enum:
        message = "must be one of " + ", ".join(str(value) for value in column.enum)
        yield "enum", ReasonCode.NOT_IN_ENUM, conformity, message, column.enum
    if column.pattern is not None:
        pattern = column.pattern
        if len(pattern) > _PATTERN_CHARACTERS:
            pattern = (
                f"{pattern[:_PATTERN_CHARACTERS]}... ({len(pattern)} characters, see the contract)"
            )
        message = f"must match {pattern}"
        yield "pattern", ReasonCode.PATTERN_MISMATCH, conformity, message, column.pattern
    for kind, limit in column.bounds.items():
        words = f"must have {LENGTHS[kind]} {limit} characters" if kind in LENGTHS else ""
        words = words or f"must be {BOUNDS[kind]} {limit}"
        yield kind, out_of_range, conformity, words, limit


def _wanted(column: Column) -> str:
    return f"must be {column.type}" + (f" ({column.spelling})" if column.spelling else "")


def _limit(constraint: Constraint) -> pl.Expr:
    match constraint.type.name if constraint.type else "":
        case "date":
            return pl.lit(str(constraint.argument)).str.to_date()
        case "timestamp":
            return pl.lit(str(constraint.argument)).str.to_datetime(time_zone="UTC")
        case _:
            return pl.lit(constraint.argument)
