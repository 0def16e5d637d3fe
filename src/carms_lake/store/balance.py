"""What a silver table holds against what its build counted: conservation as checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.contract.limits import Dimension, Severity
from carms_lake.contract.model import Balance
from carms_lake.records import CheckResult, ReasonCode
from carms_lake.store.measures import of_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carms_lake.contract.model import Contract
    from carms_lake.names import TableRef
    from carms_lake.records import TableReport
    from carms_lake.store.builds import Build

QUARANTINE = "quarantine"
"""The rule, after the table's name, of a silver table's quarantine budget."""

OF_REASON = {
    str(ReasonCode.REQUIRED_NULL): Dimension.COMPLETENESS,
    str(ReasonCode.MISSING_COLUMN): Dimension.COMPLETENESS,
    str(ReasonCode.DUPLICATE_KEY): Dimension.UNIQUENESS,
    str(ReasonCode.UNKNOWN_REFERENCE): Dimension.CONSISTENCY,
}
"""The dimension of a reason, by its code; of all others conformity."""


def balanced(contract: Contract, build: Build, rows: int) -> CheckResult:
    """Rows of the table are those that were made; with quarantine and superseded, the driver's."""
    driver = contract.silver.driver
    message = ""
    if rows != build.rows:
        message = f"{rows} rows in the table, {build.rows} were made"
    elif build.driver_keys is not None and driver is not None:
        is_more = build.keys is not None and build.keys > build.driver_keys
        is_other = (
            contract.silver.balance is not Balance.EXPAND and build.given != build.driver_keys
        )
        if is_more or is_other:
            message = (
                f"{build.driver_keys} in {driver.in_domain}, but {build.rows} in the table, "
                f"{build.quarantined} set aside and {build.superseded} superseded"
            )
    return _of_driver(contract.ref, message)


def _of_driver(table: TableRef, message: str) -> CheckResult:
    return of_table(table, f"{table.table}.reconcile.driver", message, Dimension.CONSISTENCY)


def unbalanced(table: TableReport) -> CheckResult:
    """The check of a table that was not made, because its keys do not balance."""
    message = f"{table.driver_keys} in the driver, {table.keys} in the table, set aside or older"
    return _of_driver(table.table, message)


def within_quarantine_budget(contract: Contract, build: Build) -> CheckResult:
    """The rows of a table that are set aside, for whatever reason, against its budget."""
    return _budgeted(contract, build, build.quarantined, contract.quarantine_budget_pct or 0.0)


def within_budgets(
    contract: Contract, build: Build, aside: Mapping[str, int]
) -> Iterator[CheckResult]:
    """The rows of a table that are set aside for single reasons, by their codes."""
    for code, budget_pct in contract.quarantine_budgets.items():
        yield _budgeted(contract, build, aside.get(code, 0), budget_pct, code)


def _budgeted(
    contract: Contract, build: Build, aside: int, budget_pct: float, code: str = ""
) -> CheckResult:
    share = 100 * aside / build.given if build.given else 0.0
    message = f"{aside} of {build.given} rows ({share:.2f} %) are set aside"
    return CheckResult(
        contract.ref,
        ".".join(filter(None, (contract.ref.table, QUARANTINE, code))),
        Severity.ERROR,
        aside <= build.given * budget_pct / 100,
        aside,
        build.given,
        budget_pct,
        message + (f" for {code}" if code else ""),
        dimension=OF_REASON.get(code, Dimension.CONFORMITY),
        set_aside=True,
    )
