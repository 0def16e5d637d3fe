"""The promises of contracts about whole tables, run as SQL before a publish and by `carms check`.

Each check counts the rows that break a promise; rules with a budget may have some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from carms_lake.contract.model import Severity
from carms_lake.errors import ContractError
from carms_lake.records import CheckResult
from carms_lake.store.promises import measured, orphans, own_select, promises
from carms_lake.store.published import scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from carms_lake.contract.model import Contract, QualityRule, Relationship
    from carms_lake.names import TableRef
    from carms_lake.store.builds import Build
    from carms_lake.store.promises import Promise


def audit(
    connection: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    builds: Mapping[TableRef, Build] | None = None,
) -> list[CheckResult]:
    """Check every promise of the contracts on their tables, which the connection can read.

    `builds` says of silver tables how many rows were set aside when they were made; budgets of
    quarantining relationships are held against it.

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
    promised = list(promises(contract))
    rules = [rule for rule in contract.quality if rule.kind in ("library", "sql")]
    measures = [measured(contract, rule) for rule in rules]
    rows, counts = _counted(connection, contract, [*promised, *filter(None, measures)])
    for promise in promised:
        failed = next(counts)
        message = promise.message if failed else ""
        yield CheckResult(
            contract.ref, promise.rule, Severity.ERROR, not failed, failed, rows, message=message
        )
    for relationship in contract.relationships:
        lost = int(scalar(connection, orphans(contract.ref.in_domain, relationship)))
        if relationship.quarantine and relationship.budget_pct is not None:
            yield _within_budget(contract, relationship, build, rows, lost)
        else:
            yield _referring(contract, relationship, rows, lost)
    for rule, measure in zip(rules, measures, strict=True):
        found = next(counts) if measure else scalar(connection, own_select(contract, rule))
        yield _quality(contract, rule, found, rows)
    for entry in contract.reconcile:
        yield _reconciled(connection, contract, entry)


def _counted(
    connection: duckdb.DuckDBPyConnection, contract: Contract, wanted: Sequence[Promise]
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


def _referring(contract: Contract, relationship: Relationship, rows: int, lost: int) -> CheckResult:
    budget_pct = relationship.budget_pct or 0.0
    passed = lost <= rows * budget_pct / 100
    message = "" if passed else f"rows refer to nothing in {relationship.target.in_domain}"
    return CheckResult(
        contract.ref, relationship.name, Severity.ERROR, passed, lost, rows, budget_pct, message
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
    passed = not lost and aside <= given * budget_pct / 100
    return CheckResult(
        contract.ref,
        relationship.name,
        Severity.ERROR,
        passed,
        lost or aside,
        given,
        budget_pct,
        message,
    )


def _quality(contract: Contract, rule: QualityRule, found: Any, rows: int) -> CheckResult:
    value = float(found or 0)
    if rule.unit == "percent" and rule.metric != "rowCount":
        value = 100 * value / rows if rows else 0.0
    passed = holds(value, rule.operators)
    failed = int(found or 0) if not passed and rule.metric != "rowCount" else 0
    message = "" if passed else f"found {value:g}, " + _wanted(rule.operators)
    return CheckResult(
        contract.ref, rule.name, rule.severity, passed, failed, rows, message=message
    )


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
