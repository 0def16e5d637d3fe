"""The keys under `carms.`: what the standard does not cover, read from `customProperties`.

Every key is documented in docs/reference/contract-keys.md, and an unknown one is an error.
"""

from collections.abc import Mapping
from typing import Any

from carms_lake.errors import ContractError, did_you_mean
from carms_lake.records import ReasonCode

TABLE_KEYS = frozenset([
    "files", "format", "delivery", "encoding", "delimiter", "quote", "sheet", "dropColumns",
    "nullValues", "driver", "balance", "driverKey", "order", "history", "reconcile", "parameters",
    "coverageBy", "incremental", "newColumns", "mergeSurplusInto", "trim", "enforceKey",
    "quarantineBudgetPct", "maxRowChangePct", "declaredTotals",
])  # fmt: skip
COLUMN_KEYS = frozenset(["fromPath", "agreesWithPath", "mayBeAbsent", "coverage"])
RELATIONSHIP_KEYS = frozenset(["enforce", "quarantine", "budgetPct"])
SLA_KEYS = frozenset(["severity"])
RULE_KEYS = frozenset(["quarantine"])


def custom(element: dict[str, Any], known: frozenset[str], where: str) -> dict[str, Any]:
    """The `carms.` custom properties of an element, without their prefix.

    Raises:
        ContractError: an unknown key; `where` names the place.
    """
    found: dict[str, Any] = {}
    for entry in element.get("customProperties") or []:
        key = str(entry["property"])
        if not key.startswith("carms."):
            continue
        if key[6:] not in known:
            raise ContractError(
                f"{where}: unknown custom property `{key}`",
                did_you_mean(key, {f"carms.{name}" for name in known}),
            )
        found[key[6:]] = entry.get("value")
    return found


def listed(value: Any) -> list[Any]:
    """The elements of a list; a single value is a list of one, None is empty."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def texts(own: Mapping[str, Any], key: str, prefix: str = "carms.") -> tuple[str, ...]:
    """The texts of a key that holds a list; a single text is a list of one.

    Raises:
        ValueError: an element is not text.
    """
    found = listed(own.get(key))
    wrong = [element for element in found if not isinstance(element, str)]
    if wrong:
        raise ValueError(f"`{prefix}{key}` has `{wrong[0]}`, which is not text: quote it")
    return tuple(found)


def reconciled(own: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """What must be equal in gold and silver.

    Raises:
        ValueError: an entry lacks its name, or one of the two statements.
    """
    entries = listed(own.get("reconcile"))
    for entry in entries:
        for key in ("name", "gold", "silver"):
            if not isinstance(entry, dict) or not entry.get(key):
                raise ValueError(f"an entry of `carms.reconcile` has no `{key}`: {entry}")
    return tuple(entries)


def budget_pct(own: Mapping[str, Any], key: str) -> float | None:
    """The percentage that may fail; None where the contract does not say.

    Raises:
        ValueError: it is not a number from 0 to 100.
    """
    value = own.get(key)
    if value is None:
        return None
    if not is_number(value) or not 0 <= value <= 100:  # noqa: PLR2004 - percent
        raise ValueError(f"`carms.{key}` is `{value}`: write a number from 0 to 100")
    return float(value)


def quarantine_budgets(own: Mapping[str, Any]) -> tuple[float | None, dict[str, float]]:
    """The percentage of rows that may be quarantined: in all, and per reason code.

    A number is for all of them; a mapping has reason codes as keys, and `all`.

    Raises:
        ValueError: not a number from 0 to 100, or not a reason code.
    """
    key = "quarantineBudgetPct"
    if not isinstance(own.get(key), dict):
        return budget_pct(own, key), {}
    by_reason = {str(code): budget_pct({key: pct}, key) or 0.0 for code, pct in own[key].items()}
    for code in by_reason.keys() - {"all"} - set(ReasonCode):
        raise ValueError(f"`carms.{key}` names `{code}`, which is not a reason code")
    return by_reason.pop("all", None), by_reason


def whole_number(own: Mapping[str, Any], key: str, where: str) -> int | None:
    """A whole number, or None where the key is missing.

    Raises:
        ContractError: it is something else; `where` names the place.
    """
    value = own.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ContractError(f"{where}: `{key}` is `{value}`, which is not a whole number")
    return value


def is_number(value: Any) -> bool:
    """Whether it is a number; YAML's `yes` is not one."""
    return isinstance(value, int | float) and not isinstance(value, bool)
