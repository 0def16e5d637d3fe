"""The promises of a contract as SQL: for each, an aggregate that counts the rows that break it.

Aggregates of one table are computed together, in one scan; the rows themselves are looked for only
where a count says that there are some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carms_lake.contract.limits import Dimension
from carms_lake.errors import ContractError
from carms_lake.store.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carms_lake.contract.limits import QualityRule
    from carms_lake.contract.model import Column, Contract, Relationship


@dataclass(frozen=True)
class Constraint:
    """How the rows that break one promise are counted, and found.

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


def promises(contract: Contract) -> Iterator[Constraint]:
    """What a table promises of its key and of each column, in the order of the contract."""
    table = contract.ref.in_domain
    key = contract.primary_key
    if key:
        yield Constraint(
            f"{contract.ref.table}.primaryKey",
            _any_repeated(key, nulls_count=len(key) == 1),
            f"({', '.join(key)}) is not unique",
            _repeated(table, key, nulls_count=len(key) == 1),
            _repeats(table, key, nulls_count=True),
            key,
            Dimension.UNIQUENESS,
        )
    for column in contract.columns:
        yield from _column(table, column)


def _column(table: str, column: Column) -> Iterator[Constraint]:
    name = quoted(column.name)
    if column.required:
        yield _rows(
            f"{column.name}.required",
            f"{name} is null",
            "null where a value is promised",
            column.name,
            Dimension.COMPLETENESS,
        )
    if column.unique:
        repeated = f"select {name} from {table} group by {name} having count(*) > 1"
        yield Constraint(
            f"{column.name}.unique",
            f"count({name}) - count(distinct {name})",
            "values repeat",
            f"select count(*) from {table} where {name} in ({repeated})",
            f"{name} in ({repeated})",
            (column.name,),
            Dimension.UNIQUENESS,
        )
    for rule, condition, message in _conditions(column):
        yield _rows(f"{column.name}.{rule}", condition, message, column.name)


def _conditions(column: Column) -> Iterator[tuple[str, str, str]]:
    """(rule, what is true of a row that breaks it, in words) for the values of a column."""
    name = quoted(column.name)
    if column.type.name == "json":
        yield "type", f"not json_valid({name})", "no JSON"
    if column.enum:
        allowed = ", ".join(value_sql(value) for value in column.enum)
        yield "enum", f"{name} not in ({allowed})", f"not one of {allowed}"
    if column.pattern is not None:
        pattern = literal(column.pattern)
        yield "pattern", f"not regexp_matches({name}, {pattern})", f"not like {pattern}"
    bounds = column.bounds
    for rule, operator, limit in (
        ("minimum", "<", bounds.minimum),
        ("maximum", ">", bounds.maximum),
        ("exclusiveMinimum", "<=", bounds.exclusive_minimum),
        ("exclusiveMaximum", ">=", bounds.exclusive_maximum),
    ):
        if limit is not None:
            condition = f"{name} {operator} {value_sql(limit)}"
            if column.type.name == "double":  # what is no number is beyond every limit
                condition = f"({condition} or isnan({name}))"
            yield rule, condition, f"{operator} {limit}"
    for rule, operator, length in (
        ("minLength", "<", bounds.min_length),
        ("maxLength", ">", bounds.max_length),
    ):
        if length is not None:
            yield rule, f"length({name}) {operator} {length}", f"length {operator} {length}"


def referring(contract: Contract, relationship: Relationship) -> Constraint:
    """That every reference leads somewhere; a null reference refers to nothing."""
    pairs = list(zip(relationship.columns, relationship.target_columns, strict=True))
    given = " and ".join(f"here.{quoted(name)} is not null" for name, _ in pairs)
    equal = " and ".join(f"here.{quoted(name)} = there.{quoted(target)}" for name, target in pairs)
    there = relationship.target.in_domain
    failing = f"{given} and not exists (select 1 from {there} as there where {equal})"
    return Constraint(
        relationship.name,
        "",
        f"rows refer to nothing in {there}",
        f"select count(*) from {contract.ref.in_domain} as here where {failing}",
        failing,
        relationship.columns,
        Dimension.CONSISTENCY,
    )


def measured(contract: Contract, rule: QualityRule) -> Constraint | None:
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
            return Constraint(rule.name, "count(*)", "", dimension=Dimension.COVERAGE)
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
            return Constraint(
                rule.name,
                _any_repeated(names, nulls_count=False),
                "",
                _repeated(table, names, nulls_count=False),
                _repeats(table, names, nulls_count=False),
                names,
                Dimension.UNIQUENESS,
            )
        case _:
            raise ContractError(
                f"`{contract.path}`: unknown metric `{rule.metric}` in rule `{rule.name}`"
            )


def own_select(contract: Contract, rule: QualityRule) -> str:
    """The SELECT of a quality rule that brings one, with the table's and column's names in it."""
    table, column = contract.ref.in_domain, quoted(rule.column or "")
    names = {"table": table, "object": table, "column": column, "property": column}
    text = rule.query or ""
    for name, value in names.items():
        text = text.replace("${" + name + "}", value).replace("{" + name + "}", value)
    return text


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
) -> Constraint:
    count = f"count(*) filter (where {condition})"
    return Constraint(rule, count, message, None, condition, (column,), dimension)


def _any_repeated(names: Sequence[str], *, nulls_count: bool) -> str:
    """0 where no value repeats: rows whose hashes differ differ, and a hash is small.

    Two values may share a hash, so what is not 0 says nothing yet.
    """
    key = ", ".join(quoted(name) for name in names)
    if len(names) > 1:
        return f"count(*) - count(distinct hash({key}))"
    rows = "count(*)" if nulls_count else f"count({key})"
    return f"{rows} - count(distinct hash({key})) filter (where {key} is not null)"


def _repeated(table: str, names: Sequence[str], *, nulls_count: bool) -> str:
    key = ", ".join(quoted(name) for name in names)
    rows = "count(*)" if nulls_count else f"count(({key}))"
    return f"select {rows} - count(distinct ({key})) from {table}"


def _repeats(table: str, names: Sequence[str], *, nulls_count: bool) -> str:
    """What is true of every row whose key another row has too."""
    key = ", ".join(quoted(name) for name in names)
    whole = "{" + ", ".join(f"{literal(name)}: {quoted(name)}" for name in names) + "}"
    repeated = f"select {whole} from {table} group by {key} having count(*) > 1"
    is_key = f"{key} is not null and " if len(names) == 1 and not nulls_count else ""
    return f"{is_key}{whole} in ({repeated})"


def _invalid(column: str, arguments: Mapping[str, Any]) -> str:
    conditions = []
    if "validValues" in arguments:
        allowed = ", ".join(value_sql(v) for v in arguments["validValues"] if v is not None)
        conditions.append(f"{column} not in ({allowed})")
    if "pattern" in arguments:
        conditions.append(f"not regexp_matches({column}, {literal(str(arguments['pattern']))})")
    return " or ".join(conditions) or "false"
