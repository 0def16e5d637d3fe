"""Quality rules of ODCS: a measured value against the rule's operators."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from carms_lake.contract.limits import Dimension, Severity
from carms_lake.errors import ContractError
from carms_lake.records import CheckResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from carms_lake.contract.limits import QualityRule
    from carms_lake.contract.model import Contract
    from carms_lake.names import TableRef
    from carms_lake.quality.table_constraints import SqlCheck


_COUNTS_ROWS = re.compile(r"\s*select\s+count\(\s*\*\s*\)\s+from\b", re.IGNORECASE)


def measure_of(
    contract: Contract, rule: QualityRule, found: Any, rows: int, measure: SqlCheck | None
) -> CheckResult:
    """What a rule measured, against what it may be; `measure` is None for a SELECT of its own.

    Raises:
        ContractError: its SELECT gives something that is not a number.
    """
    value = _number(contract, rule, found)
    by_default = measure.dimension if measure else Dimension.CONFORMITY
    counts_rows = bool(measure.failing) if measure else is_of_faults(rule)
    counts_faults = counts_rows and holds(0, rule.operators)
    count = int(value) if counts_faults else 0
    if rule.unit == "percent" and (counts_rows or rule.kind == "sql"):
        value = 100 * value / rows if rows else 0.0
    passed = holds(value, rule.operators)
    failed = count if count or passed else 1
    return CheckResult(
        contract.ref,
        rule.name,
        rule.severity,
        passed,
        failed,
        rows,
        budget_pct(rule),
        message="" if passed else f"found {value:g}{_unit(rule)}, {_wanted(rule.operators)}",
        dimension=rule.dimension or by_default,
        counts_rows=counts_faults,
    )


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


def is_of_faults(rule: QualityRule) -> bool:
    """Whether a rule's own SELECT counts rows, so that these rows can be shown."""
    return bool(_COUNTS_ROWS.match(rule.query or "")) and holds(0, rule.operators)


def budget_pct(rule: QualityRule) -> float:
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


def _number(contract: Contract, rule: QualityRule, found: Any) -> float:
    try:
        return float(found or 0)
    except (TypeError, ValueError):
        raise ContractError(
            f"`{contract.path}`, rule `{rule.name}`: its SELECT gives `{found}`",
            "a rule measures a number, or true or false",
        ) from None


def _unit(rule: QualityRule) -> str:
    return " %" if rule.unit == "percent" else ""


def _wanted(operators: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {limit}" for name, limit in operators.items()) or "mustBe 0"
