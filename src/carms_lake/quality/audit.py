"""The constraints of contracts on whole tables, run as SQL before a publish and by `carms check`.

Each check counts the rows that break a constraint; one with a budget may have some.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from carms_lake.contract.limits import Dimension
from carms_lake.errors import ContractError
from carms_lake.quality.metrics import measure_of, row_check, table_check
from carms_lake.quality.reconciliation import driver_reconciled, within_quarantine_budget
from carms_lake.quality.row_rules import rule_select
from carms_lake.quality.table_constraints import metric_check, reference_check, sql_checks
from carms_lake.store.sql import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carms_lake.contract.model import Contract, Relationship
    from carms_lake.names import TableRef
    from carms_lake.quality.table_constraints import SqlCheck
    from carms_lake.records import CheckResult
    from carms_lake.store.delta.manifest import Build


Connection: TypeAlias = duckdb.DuckDBPyConnection
"""What flows hand on, and only this room knows."""


def audit(
    connection: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    builds: Mapping[TableRef, Build] | None = None,
) -> list[CheckResult]:
    """Check every constraint of the contracts on their tables, which the connection can read.

    `builds` says how many rows of silver tables were valid and quarantined when they were built;
    it is compared with the tables' rows and with the quarantine budgets.

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
    checks = list(sql_checks(contract))
    rules = [rule for rule in contract.quality if rule.kind in ("library", "sql")]
    measures = [metric_check(contract, rule) for rule in rules]
    rows, counts = _counted(connection, contract, [*checks, *filter(None, measures)])
    for check in checks:
        failed = next(counts)
        yield row_check(
            contract.ref,
            check.rule,
            failed,
            rows,
            message=check.message,
            dimension=check.dimension,
        )
    if build is not None:
        yield driver_reconciled(contract, build, rows)
        if contract.quarantine_budget_pct is not None:
            yield within_quarantine_budget(contract, build)
    for relationship in contract.relationships:
        check = reference_check(contract, relationship)
        orphaned = int(scalar(connection, check.exact or ""))
        yield _references(contract, relationship, build, rows, orphaned)
    for rule, measure in zip(rules, measures, strict=True):
        found = next(counts) if measure else scalar(connection, rule_select(contract, rule))
        yield measure_of(contract, rule, found, rows, measure)
    for entry in contract.reconcile:
        yield _reconciled(connection, contract, entry)


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


def _reconciled(
    connection: duckdb.DuckDBPyConnection, contract: Contract, entry: Mapping[str, Any]
) -> CheckResult:
    gold = scalar(connection, str(entry["gold"]))
    silver = scalar(connection, str(entry["silver"]))
    rule = f"{contract.ref.table}.reconcile.{entry['name']}"
    other = f"gold has {gold}, silver {silver}"
    return table_check(contract.ref, rule, "" if gold == silver else other, Dimension.CONSISTENCY)
