"""The constraints of a contract as SQL: for each, an aggregate that counts the rows that break it.

Aggregates of one table are computed together, in one scan; the rows themselves are selected only
where a count says that there are some. Also here: what a check of rows or of a table results in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carms_lake.contract.limits import Dimension, QualityRule, Severity
from carms_lake.contract.model import Contract, Relationship
from carms_lake.errors import ContractError
from carms_lake.names import TableRef
from carms_lake.quality.constraints import BOUNDS, LENGTHS, Constraint, constraints, reference
from carms_lake.records import CheckResult
from carms_lake.store.sql import literal, quoted

_BROKEN = dict(zip((*BOUNDS, *LENGTHS), ("<", ">", "<=", ">=", "<", ">"), strict=True))
"""How a value that is out of range compares with the limit."""


@dataclass(frozen=True)
class SqlCheck:
    """How the rows that break one constraint are counted, and found.

    `count` is an aggregate over the table. Where it can only tell none from some, `exact` is the
    SELECT that counts them.
    """

    rule: str
    count: str
    message: str
    exact: str | None = None
    failing: str = ""
    """What is true of a row, called `here`, that breaks it; empty where it is not about rows."""
    columns: tuple[str, ...] = ()
    """The columns that it is about."""
    dimension: str = Dimension.CONFORMITY


def sql_checks(contract: Contract) -> Iterator[SqlCheck]:
    """The constraints of a table's key and of its columns, in the order of the contract."""
    table = contract.ref.in_domain
    for constraint in constraints(contract):
        columns, name = constraint.columns, quoted(constraint.columns[0])
        if constraint.kind == "primaryKey":
            rule, nulls_count = f"{contract.ref.table}.primaryKey", len(columns) == 1
            yield _distinct(table, rule, columns, constraint.message, nulls_count=nulls_count)
        elif constraint.kind == "unique":
            repeated = f"select {name} from {table} group by {name} having count(*) > 1"
            yield SqlCheck(
                constraint.name,
                f"count({name}) - count(distinct {name})",
                constraint.message,
                f"select count(*) from {table} where {name} in ({repeated})",
                f"{name} in ({repeated})",
                columns,
                constraint.dimension,
            )
        elif failing := _failing(constraint):
            message = constraint.message
            yield _rows(constraint.name, failing, message, columns[0], constraint.dimension)


def _failing(constraint: Constraint) -> str:
    """What is true of a row that breaks a constraint of one value; empty for others."""
    name, kind, argument = quoted(constraint.column), constraint.kind, constraint.argument
    of_type = constraint.type.name if constraint.type else ""
    failing = ""
    if kind == "type" and of_type == "json":  # all other columns of DuckDB have their types
        failing = f"not json_valid({name})"
    elif kind == "required":
        failing = f"{name} is null"
    elif kind == "enum":
        failing = f"{name} not in ({', '.join(value_sql(value) for value in argument)})"
    elif kind == "pattern":
        failing = f"not regexp_matches({name}, {literal(argument)})"
    elif kind in LENGTHS:
        failing = f"length({name}) {_BROKEN[kind]} {argument}"
    elif kind in BOUNDS:
        failing = f"{name} {_BROKEN[kind]} {value_sql(argument)}"
        if of_type == "double":
            failing = f"({failing} or isnan({name}))"
    return failing


def reference_check(contract: Contract, relationship: Relationship) -> SqlCheck:
    """That every reference leads somewhere; a null reference refers to nothing."""
    constraint = reference(relationship)
    pairs = list(zip(relationship.columns, relationship.target_columns, strict=True))
    given = " and ".join(f"here.{quoted(name)} is not null" for name, _ in pairs)
    equal = " and ".join(f"here.{quoted(name)} = there.{quoted(target)}" for name, target in pairs)
    there = relationship.target.in_domain
    failing = f"{given} and not exists (select 1 from {there} as there where {equal})"
    return SqlCheck(
        constraint.name,
        "",
        f"orphaned references to {there}",
        f"select count(*) from {contract.ref.in_domain} as here where {failing}",
        failing,
        constraint.columns,
        constraint.dimension,
    )


def metric_check(contract: Contract, rule: QualityRule) -> SqlCheck | None:
    """What an ODCS quality rule measures; None for a rule with a SELECT of its own.

    Raises:
        ContractError: a metric that is not one of the standard's.
    """
    if rule.kind == "sql":
        return None
    table, name = contract.ref.in_domain, rule.column or ""
    column = quoted(name)
    match rule.metric:
        case "rowCount":
            return SqlCheck(rule.name, "count(*)", "", dimension=Dimension.COVERAGE)
        case "nullValues":
            return _rows(rule.name, f"{column} is null", "", name, Dimension.COMPLETENESS)
        case "missingValues":
            missing = [v for v in rule.arguments.get("missingValues", []) if v is not None]
            listed = ", ".join(literal(str(value)) for value in missing)
            also = f" or {column}::varchar in ({listed})" if missing else ""
            condition = f"({column} is null{also})"
            return _rows(rule.name, condition, "", name, Dimension.COMPLETENESS)
        case "invalidValues":
            return _rows(rule.name, f"({_invalid(column, rule.arguments)})", "", name)
        case "duplicateValues":
            names = tuple(str(name) for name in rule.arguments.get("properties") or [rule.column])
            return _distinct(table, rule.name, names, "", nulls_count=False)
        case _:
            raise ContractError(
                f"`{contract.path}`: unknown metric `{rule.metric}` in rule `{rule.name}`",
                "docs/reference/contract-keys.md lists the metrics",
            )


def value_sql(value: Any) -> str:
    """A value of a contract as SQL writes it."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else literal(str(value))


def _rows(
    rule: str,
    condition: str,
    message: str,
    column: str,
    dimension: Dimension = Dimension.CONFORMITY,
) -> SqlCheck:
    count = f"count(*) filter (where {condition})"
    return SqlCheck(rule, count, message, None, condition, (column,), dimension)


def _distinct(
    table: str, rule: str, names: Sequence[str], message: str, *, nulls_count: bool
) -> SqlCheck:
    """That no key repeats; `nulls_count`: a key that is null breaks it, too."""
    key = ", ".join(quoted(name) for name in names)
    values = "{" + ", ".join(f"{literal(name)}: {quoted(name)}" for name in names) + "}"
    repeated = f"select {values} from {table} group by {key} having count(*) > 1"
    failing = f"{values} in ({repeated})"
    # Rows whose hashes differ differ, and a hash is small. Two values may share a hash, so what is
    # not 0 says nothing yet.
    if len(names) > 1:
        count = f"count(*) - count(distinct hash({key}))"
    else:
        rows = "count(*)" if nulls_count else f"count({key})"
        count = f"{rows} - count(distinct hash({key})) filter (where {key} is not null)"
        if not nulls_count:
            failing = f"{key} is not null and {failing}"
    rows = "count(*)" if nulls_count else f"count(({key}))"
    exact = f"select {rows} - count(distinct ({key})) from {table}"
    return SqlCheck(rule, count, message, exact, failing, tuple(names), Dimension.UNIQUENESS)


def _invalid(column: str, arguments: Mapping[str, Any]) -> str:
    conditions = []
    if "validValues" in arguments:
        allowed = ", ".join(value_sql(v) for v in arguments["validValues"] if v is not None)
        conditions.append(f"{column} not in ({allowed})")
    if "pattern" in arguments:
        conditions.append(f"not regexp_matches({column}, {literal(str(arguments['pattern']))})")
    return " or ".join(conditions) or "false"


def row_check(  # noqa: PLR0913  # the fields of a result
    table: TableRef,
    rule: str,
    failed: int,
    rows: int,
    *,
    message: str,
    dimension: Dimension | str,
    budget_pct: float = 0.0,
    quarantined: bool = False,
) -> CheckResult:
    """A check that counts rows: it passes while the failing ones are within the budget.

    `quarantined`: the failing rows are in quarantine, not in the table, so the count is of interest
    even within the budget and the message is always kept.
    """
    passed = failed <= rows * budget_pct / 100
    return CheckResult(
        table,
        rule,
        Severity.ERROR,
        passed,
        failed,
        rows,
        budget_pct,
        message if quarantined or not passed else "",
        dimension,
        quarantined=quarantined,
    )


def table_check(table: TableRef, rule: str, fault: str, dimension: Dimension) -> CheckResult:
    """A check about a table as a whole: it passes where there is no fault."""
    return CheckResult(
        table,
        rule,
        Severity.ERROR,
        not fault,
        int(bool(fault)),
        1,
        message=fault,
        dimension=dimension,
        counts_rows=False,
    )
