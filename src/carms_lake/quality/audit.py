"""The promises of contracts about whole tables, run as SQL before a publish and by `carms check`.

Each check counts the rows that break a promise; rules with a budget may have some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from carms_lake.contract.limits import Dimension, Severity
from carms_lake.errors import ContractError
from carms_lake.quality.metrics import measure_of, of_table
from carms_lake.quality.reconciliation import balanced, within_quarantine_budget
from carms_lake.quality.row_rules import rule_select
from carms_lake.quality.table_constraints import metric_check, reference_check, sql_checks
from carms_lake.records import CheckResult
from carms_lake.store.sql import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carms_lake.contract.model import Contract, Relationship
    from carms_lake.names import TableRef
    from carms_lake.quality.table_constraints import SqlCheck
    from carms_lake.store.delta.manifest import Build


Connection: TypeAlias = duckdb.DuckDBPyConnection
"""What flows hand on, and only this room knows."""


def audit(
    connection: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    builds: Mapping[TableRef, Build] | None = None,
) -> list[CheckResult]:
    """Check every promise of the contracts on their tables, which the connection can read.

    `builds` says of silver tables how many rows were set aside when they were made; budgets of
    what may be set aside are held against it, and the table's rows against what was made.

    Raises:
        ContractError: a rule cannot be run.
    """
    results: list[CheckResult] = []
    for contract in contracts:
        if contract.kind == "macro":
            continue
        try:
            results += _table(connection, contract, (builds or {}).get(contract.ref))
        except duckdb.Error as error:
            raise ContractError(f"a rule of `{contract.ref}` cannot be run: {error}") from error
    return results


def _table(
    connection: duckdb.DuckDBPyConnection, contract: Contract, build: Build | None
) -> Iterator[CheckResult]:
    promised = list(sql_checks(contract))
    rules = [rule for rule in contract.quality if rule.kind in ("library", "sql")]
    measures = [metric_check(contract, rule) for rule in rules]
    rows, counts = _counted(connection, contract, [*promised, *filter(None, measures)])
    for promise in promised:
        yield _promised(contract, promise, next(counts), rows)
    if build is not None:
        yield balanced(contract, build, rows)
        if contract.quarantine_budget_pct is not None:
            yield within_quarantine_budget(contract, build)
    for relationship in contract.relationships:
        promise = reference_check(contract, relationship)
        lost = int(scalar(connection, promise.exact or ""))
        if relationship.quarantine and relationship.budget_pct is not None:
            yield _within_budget(contract, relationship, build, rows, lost)
        else:
            yield _referring(contract, relationship, promise, rows, lost)
    for rule, measure in zip(rules, measures, strict=True):
        found = next(counts) if measure else scalar(connection, rule_select(contract, rule))
        yield measure_of(contract, rule, found, rows, measure)
    for entry in contract.reconcile:
        yield _reconciled(connection, contract, entry)


def _counted(
    connection: duckdb.DuckDBPyConnection, contract: Contract, wanted: Sequence[SqlCheck]
) -> tuple[int, Iterator[int]]:
    """How many rows a table has, and how many break each promise, in one scan."""
    aggregates = ", ".join(["count(*)", *(promise.count for promise in wanted)])
    row = connection.execute(f"select {aggregates} from {contract.ref.in_domain}").fetchall()[0]
    rows, *counts = (int(value) for value in row)
    return rows, iter(
        [
            int(scalar(connection, promise.exact)) if count and promise.exact else count
            for promise, count in zip(wanted, counts, strict=True)
        ]
    )


def _promised(contract: Contract, promise: SqlCheck, failed: int, rows: int) -> CheckResult:
    return CheckResult(
        contract.ref,
        promise.rule,
        Severity.ERROR,
        not failed,
        failed,
        rows,
        message=promise.message if failed else "",
        dimension=promise.dimension,
    )


def _referring(
    contract: Contract, relationship: Relationship, promise: SqlCheck, rows: int, lost: int
) -> CheckResult:
    budget_pct = relationship.budget_pct or 0.0
    passed = lost <= rows * budget_pct / 100
    return CheckResult(
        contract.ref,
        relationship.name,
        Severity.ERROR,
        passed,
        lost,
        rows,
        budget_pct,
        message="" if passed else promise.message,
        dimension=promise.dimension,
    )


def _within_budget(
    contract: Contract, relationship: Relationship, build: Build | None, rows: int, lost: int
) -> CheckResult:
    """Rows that were set aside because their reference is unknown, of all that the function gave.

    A row of the table itself must not refer to nothing, whatever the budget: it was to be set
    aside.
    """
    aside = build.unknown.get(relationship.name, 0) if build else 0
    given = build.given if build else rows
    budget_pct = relationship.budget_pct or 0.0
    target = relationship.target.in_domain
    share = 100 * aside / given if given else 0.0
    message = (
        f"{aside} of {given} rows ({share:.2f} %) refer to nothing in {target} and are set aside"
    )
    if lost:
        message = f"rows refer to nothing in {target} and are not set aside"
    return CheckResult(
        contract.ref,
        relationship.name,
        Severity.ERROR,
        not lost and aside <= given * budget_pct / 100,
        lost or aside,
        given,
        budget_pct,
        message,
        dimension=Dimension.CONSISTENCY,
        set_aside=not lost,
    )


def _reconciled(
    connection: duckdb.DuckDBPyConnection, contract: Contract, entry: Mapping[str, Any]
) -> CheckResult:
    gold = scalar(connection, str(entry["gold"]))
    silver = scalar(connection, str(entry["silver"]))
    rule = f"{contract.ref.table}.reconcile.{entry['name']}"
    other = f"gold has {gold}, silver {silver}"
    return of_table(contract.ref, rule, "" if gold == silver else other, Dimension.CONSISTENCY)
