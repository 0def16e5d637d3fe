"""The constraints of contracts on whole tables, run as SQL before a publish and by `carms check`.

Each check counts the rows that break a constraint; one with a budget may have some.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import duckdb

from carms_lake.contract.limits import Dimension, QualityRule
from carms_lake.contract.model import Contract, Relationship
from carms_lake.errors import ContractError
from carms_lake.names import TableRef
from carms_lake.quality.change import Basis, counted_since, orphaned_since
from carms_lake.quality.constraints import rule_select, summed
from carms_lake.quality.reconciliation import driver_reconciled, within_budget
from carms_lake.quality.table_constraints import (
    SqlCheck,
    metric_check,
    reference_check,
    row_check,
    sql_checks,
    table_check,
)
from carms_lake.records import CheckResult
from carms_lake.store.delta.manifest import Build
from carms_lake.store.sql import scalar
from carms_lake.store.sql.statement import only_reads

Connection: TypeAlias = duckdb.DuckDBPyConnection
"""What flows hand on, and only this room knows."""

_COUNTS_ROWS = re.compile(r"\s*select\s+count\(\s*\*\s*\)\s+from\b", re.IGNORECASE)


def audit(
    connection: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    builds: Mapping[TableRef, Build] | None = None,
    known: Mapping[TableRef, Basis] | None = None,
) -> list[CheckResult]:
    """Check every constraint of the contracts on their tables, which the connection can read.

    `builds` says how many rows of silver tables were valid and quarantined when they were built;
    it is compared with the tables' rows and with the budgets of relationships. Of tables in `known`
    only what changed is looked at.

    Raises:
        ContractError: a rule cannot be run.
    """
    results: list[CheckResult] = []
    for contract in contracts:
        if contract.kind == "macro":
            continue
        basis = (known or {}).get(contract.ref)
        if basis and basis.is_same:
            results += basis.results
            continue
        try:
            results += _table(connection, contract, (builds or {}).get(contract.ref), basis)
        except duckdb.Error as error:
            raise cannot_be_run(contract, error) from error
    return results


def cannot_be_run(contract: Contract, error: duckdb.Error) -> ContractError:
    """The error of a contract one of whose rules DuckDB refuses."""
    return ContractError(
        f"a rule of `{contract.ref}` cannot be run: {error}",
        "correct the SQL of the rule in the contract",
    )


def _table(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    build: Build | None,
    basis: Basis | None = None,
) -> Iterator[CheckResult]:
    checks = list(sql_checks(contract))
    rules = [rule for rule in contract.quality if rule.kind in ("library", "sql")]
    measures = [metric_check(contract, rule) for rule in rules]
    wanted = [*checks, *filter(None, measures)]
    found = counted_since(connection, contract, wanted, basis) if basis else None
    rows, counts = found or _counted(connection, contract, wanted)
    for check in checks:
        yield row_check(
            contract.ref,
            check.rule,
            next(counts),
            rows,
            message=check.message,
            dimension=check.dimension,
        )
    if build is not None:
        yield driver_reconciled(contract, build, rows)
        if contract.quarantine_budget_pct is not None:
            yield within_budget(contract, build, build.quarantined, contract.quarantine_budget_pct)
    for relationship in contract.relationships:
        orphaned = orphaned_since(connection, contract, relationship, basis) if basis else None
        if orphaned is None:
            select = reference_check(contract, relationship).exact
            orphaned = int(scalar(connection, select)) if select else 0
        yield _references(contract, relationship, build, rows, orphaned)
    for rule, measure in zip(rules, measures, strict=True):
        value = next(counts) if measure else scalar(connection, rule_select(contract, rule))
        yield _measured(contract, rule, value, rows, measure)
    for entry in contract.reconcile:
        texts = summed(contract, entry)
        gold, silver = (scalar(connection, only_reads(*text)) for text in texts)
        name = f"{contract.ref.table}.reconcile.{entry['name']}"
        fault = "" if gold == silver else f"gold has {gold}, silver {silver}"
        yield table_check(contract.ref, name, fault, Dimension.CONSISTENCY)


def _counted(
    connection: duckdb.DuckDBPyConnection, contract: Contract, wanted: Sequence[SqlCheck]
) -> tuple[int, Iterator[int]]:
    """How many rows a table has, and how many break each constraint, in one scan."""
    aggregates = ", ".join(["count(*)", *(check.count for check in wanted)])
    row = connection.execute(f"select {aggregates} from {contract.ref.in_domain}").fetchall()[0]
    rows, *counts = (int(value) for value in row)
    return rows, iter(
        [
            int(scalar(connection, check.exact)) if count and check.exact else count
            for check, count in zip(wanted, counts, strict=True)
        ]
    )


def _references(
    contract: Contract, link: Relationship, build: Build | None, rows: int, orphaned: int
) -> CheckResult:
    """Rows that refer to nothing: those of the table, or those quarantined for it.

    Where a reference quarantines, no row of the table may refer to nothing, whatever the budget.
    """
    target, budget_pct = link.target.in_domain, link.budget_pct or 0.0
    result = partial(row_check, contract.ref, link.name, dimension=Dimension.CONSISTENCY)
    if not link.quarantine or link.budget_pct is None:
        message = f"orphaned references to {target}"
        return result(orphaned, rows, message=message, budget_pct=budget_pct)
    total = build.input_rows if build else rows
    if orphaned:
        message = f"orphaned references to {target} are in the table instead of in quarantine"
        return result(orphaned, total, message=message)
    quarantined = build.unknown.get(link.name, 0) if build else 0
    share = 100 * quarantined / total if total else 0.0
    message = f"{quarantined} of {total} rows ({share:.2f} %) refer to nothing in {target}"
    message += " and are quarantined"
    return result(quarantined, total, message=message, budget_pct=budget_pct, quarantined=True)


def _measured(
    contract: Contract, rule: QualityRule, found: Any, rows: int, measure: SqlCheck | None
) -> CheckResult:
    """What a rule measured, against what it may be; `measure` is None for a SELECT of its own."""
    try:
        value = float(found or 0)
    except (TypeError, ValueError):
        raise ContractError(
            f"`{contract.path}`, rule `{rule.name}`: its SELECT gives `{found}`",
            "a rule measures a number, or true or false",
        ) from None
    by_default = measure.dimension if measure else Dimension.CONFORMITY
    counts_rows = bool(measure.failing) if measure else is_of_faults(rule)
    counts_faults = counts_rows and holds(0, rule.operators)
    count = int(value) if counts_faults else 0
    if rule.unit == "percent" and (counts_rows or rule.kind == "sql"):
        value = 100 * value / rows if rows else 0.0
    passed = holds(value, rule.operators)
    # What does not count rows, such as a mean, fails as a whole.
    failed = count if count or passed else 1
    unit = " %" if rule.unit == "percent" else ""
    wanted = ", ".join(f"{name} {limit}" for name, limit in rule.operators.items()) or "mustBe 0"
    return CheckResult(
        contract.ref,
        rule.name,
        rule.severity,
        passed,
        failed,
        rows,
        _budget_pct(rule),
        message="" if passed else f"found {value:g}{unit}, {wanted}",
        dimension=rule.dimension or by_default,
        counts_rows=counts_faults,
    )


def is_of_faults(rule: QualityRule) -> bool:
    """Whether a rule's own SELECT counts rows, so that these rows can be shown."""
    return bool(_COUNTS_ROWS.match(rule.query or "")) and holds(0, rule.operators)


def _budget_pct(rule: QualityRule) -> float:
    """How many rows in a hundred a rule lets fail; 0 where it is not about a share."""
    if rule.unit != "percent":
        return 0.0
    limits = [rule.operators.get(key) for key in ("mustBeLessThan", "mustBeLessOrEqualTo")]
    return next((float(limit) for limit in limits if limit is not None), 0.0)


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
