"""The promises of contracts about whole tables, as SQL, run before a publish and by `carms check`.

Each check counts the rows that break a promise; rules with a budget may have some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from carms_lake.contract.model import Severity
from carms_lake.errors import ContractError
from carms_lake.records import CheckResult
from carms_lake.store.published import scalar
from carms_lake.store.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from carms_lake.contract.model import Column, Contract, QualityRule, Relationship


def audit(
    connection: duckdb.DuckDBPyConnection, contracts: Sequence[Contract]
) -> list[CheckResult]:
    """Check every promise of the contracts on their tables, which the connection can read.

    Raises:
        ContractError: a rule cannot be run.
    """
    results: list[CheckResult] = []
    for contract in contracts:
        if contract.kind == "macro":
            continue
        try:
            results += _table(connection, contract)
        except duckdb.Error as error:
            raise ContractError(f"a rule of `{contract.ref}` cannot be run: {error}") from error
    return results


def _table(connection: duckdb.DuckDBPyConnection, contract: Contract) -> Iterator[CheckResult]:
    table = contract.ref.in_domain
    rows = int(scalar(connection, f"select count(*) from {table}"))

    def count(rule: str, failing: str, budget_pct: float = 0.0, message: str = "") -> CheckResult:
        failed = int(scalar(connection, failing) or 0)
        passed = failed <= rows * budget_pct / 100
        return CheckResult(
            contract.ref,
            rule,
            Severity.ERROR,
            passed,
            failed,
            rows,
            budget_pct,
            "" if passed else message,
        )

    if contract.primary_key:
        key = ", ".join(quoted(name) for name in contract.primary_key)
        yield count(
            f"{contract.ref.table}.primaryKey",
            f"select count(*) - count(distinct ({key})) from {table}",
            message=f"({', '.join(contract.primary_key)}) is not unique",
        )
    for column in contract.columns:
        for rule, condition, message in _column_conditions(table, column):
            yield count(rule, f"select count(*) from {table} where {condition}", message=message)
    for relationship in contract.relationships:
        yield count(
            relationship.name,
            _orphans(table, relationship),
            relationship.budget_pct,
            f"rows refer to nothing in {relationship.target.in_domain}",
        )
    for quality in contract.quality:
        if quality.kind in ("library", "sql"):
            yield _quality(connection, contract, quality, rows)
    for entry in contract.reconcile:
        yield _reconciled(connection, contract, entry)


def _column_conditions(table: str, column: Column) -> Iterator[tuple[str, str, str]]:
    """(rule, SQL that is true for a row that breaks it, message)."""
    name = quoted(column.name)
    if column.required:
        yield f"{column.name}.required", f"{name} is null", "null where a value is promised"
    if column.unique:
        repeated = f"{name} in (select {name} from {table} group by {name} having count(*) > 1)"
        yield f"{column.name}.unique", repeated, "values repeat"
    if column.enum:
        allowed = ", ".join(_value(value) for value in column.enum)
        yield f"{column.name}.enum", f"{name} not in ({allowed})", f"not one of {allowed}"
    if column.pattern is not None:
        pattern = literal(column.pattern)
        yield (
            f"{column.name}.pattern",
            f"not regexp_matches({name}, {pattern})",
            f"not like {pattern}",
        )
    bounds = column.bounds
    limits = (
        ("minimum", "<", bounds.minimum),
        ("maximum", ">", bounds.maximum),
        ("exclusiveMinimum", "<=", bounds.exclusive_minimum),
        ("exclusiveMaximum", ">=", bounds.exclusive_maximum),
    )
    for rule, operator, limit in limits:
        if limit is not None:
            yield (
                f"{column.name}.{rule}",
                f"{name} {operator} {_value(limit)}",
                f"{operator} {limit}",
            )
    for rule, operator, length in (
        ("minLength", "<", bounds.min_length),
        ("maxLength", ">", bounds.max_length),
    ):
        if length is not None:
            yield (
                f"{column.name}.{rule}",
                f"length({name}) {operator} {length}",
                f"length {operator} {length}",
            )


def _orphans(table: str, relationship: Relationship) -> str:
    """How many rows refer to a key that is not there; a null reference refers to nothing."""
    pairs = list(zip(relationship.columns, relationship.target_columns, strict=True))
    given = " and ".join(f"here.{quoted(name)} is not null" for name, _ in pairs)
    equal = " and ".join(f"here.{quoted(name)} = there.{quoted(target)}" for name, target in pairs)
    return (
        f"select count(*) from {table} as here where {given} and not exists "
        f"(select 1 from {relationship.target.in_domain} as there where {equal})"
    )


def _quality(
    connection: duckdb.DuckDBPyConnection, contract: Contract, rule: QualityRule, rows: int
) -> CheckResult:
    found = scalar(connection, rule_sql(contract, rule))
    measured = float(found or 0)
    if rule.unit == "percent" and rule.metric != "rowCount":
        measured = 100 * measured / rows if rows else 0.0
    passed = holds(measured, rule.operators)
    failed = int(found or 0) if not passed and rule.metric != "rowCount" else 0
    message = "" if passed else f"found {measured:g}, " + _wanted(rule.operators)
    return CheckResult(
        contract.ref, rule.name, rule.severity, passed, failed, rows, message=message
    )


def rule_sql(contract: Contract, rule: QualityRule) -> str:
    """The scalar SELECT of an ODCS quality rule.

    Raises:
        ContractError: a metric that is not one of the standard's.
    """
    table = contract.ref.in_domain
    if rule.kind == "sql":
        text = rule.query or ""
        for name, value in (
            ("table", table),
            ("object", table),
            ("column", quoted(rule.column or "")),
        ):
            text = text.replace("${" + name + "}", value).replace("{" + name + "}", value)
        return text
    column = quoted(rule.column or "")
    match rule.metric:
        case "rowCount":
            return f"select count(*) from {table}"
        case "nullValues":
            return f"select count(*) from {table} where {column} is null"
        case "missingValues":
            missing = [
                value for value in rule.arguments.get("missingValues", []) if value is not None
            ]
            listed = (
                f" or {column}::varchar in ({', '.join(literal(str(v)) for v in missing)})"
                if missing
                else ""
            )
            return f"select count(*) from {table} where {column} is null{listed}"
        case "invalidValues":
            return f"select count(*) from {table} where {_invalid(column, rule.arguments)}"
        case "duplicateValues":
            names = rule.arguments.get("properties") or [rule.column]
            key = ", ".join(quoted(str(name)) for name in names)
            return f"select count(({key})) - count(distinct ({key})) from {table}"
        case _:
            raise ContractError(
                f"`{contract.path}`: unknown metric `{rule.metric}` in rule `{rule.name}`"
            )


def _invalid(column: str, arguments: Mapping[str, Any]) -> str:
    conditions = []
    if "validValues" in arguments:
        allowed = ", ".join(_value(value) for value in arguments["validValues"])
        conditions.append(f"{column} not in ({allowed})")
    if "pattern" in arguments:
        conditions.append(f"not regexp_matches({column}, {literal(str(arguments['pattern']))})")
    return " or ".join(conditions) or "false"


def holds(value: float, operators: Mapping[str, Any]) -> bool:
    """Whether a measured value is within the operators of an ODCS rule (none: it must be 0)."""
    if not operators:
        return value == 0
    tests: dict[str, Callable[[Any], bool]] = {
        "mustBe": lambda limit: value == float(limit),
        "mustNotBe": lambda limit: value != float(limit),
        "mustBeGreaterThan": lambda limit: value > limit,
        "mustBeGreaterOrEqualTo": lambda limit: value >= limit,
        "mustBeLessThan": lambda limit: value < limit,
        "mustBeLessOrEqualTo": lambda limit: value <= limit,
        "mustBeBetween": lambda limit: limit[0] <= value <= limit[1],
        "mustNotBeBetween": lambda limit: not limit[0] <= value <= limit[1],
    }
    return all(tests[name](limit) for name, limit in operators.items())


def _wanted(operators: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {limit}" for name, limit in operators.items()) or "mustBe 0"


def _reconciled(
    connection: duckdb.DuckDBPyConnection, contract: Contract, entry: Mapping[str, Any]
) -> CheckResult:
    gold = scalar(connection, str(entry["gold"]))
    silver = scalar(connection, str(entry["silver"]))
    passed = gold == silver
    message = "" if passed else f"gold has {gold}, silver {silver}"
    return CheckResult(
        contract.ref,
        f"{contract.ref.table}.reconcile.{entry['name']}",
        Severity.ERROR,
        passed,
        0 if passed else 1,
        1,
        message=message,
    )


def _value(value: Any) -> str:
    return (
        str(value)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else literal(str(value))
    )
