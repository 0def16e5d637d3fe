"""Which rules a contract has: the checks that a build will make of its table."""

from collections.abc import Iterator
from typing import NamedTuple

from carms_lake.contract.limits import Severity
from carms_lake.contract.model import Contract
from carms_lake.names import Layer
from carms_lake.quality.reconciliation import QUARANTINE
from carms_lake.quality.table_constraints import sql_checks


class Rule(NamedTuple):
    """One rule, by the name that results of checks have."""

    name: str
    severity: str
    """As the contract says; a result may be milder, as of a source that never came."""
    description: str


def rules_of(contract: Contract) -> Iterator[Rule]:
    """The rules of a table, without those that only some runs have, as of files judged before."""
    if contract.kind == "macro":
        return
    for name, description in _always_errors(contract):
        yield Rule(name, Severity.ERROR, description)
    for rule in contract.quality:
        if rule.kind in ("library", "sql"):
            yield Rule(rule.name, rule.severity, rule.description)
    table = contract.ref.table
    for age in contract.ages:
        name = f"{age.column or table}.{age.property}"
        yield Rule(name, age.severity, "it is not older than its contract allows")
    if contract.row_change or contract.ref.layer == Layer.SILVER:
        severity = contract.row_change.severity if contract.row_change else Severity.ERROR
        yield Rule(f"{table}.rowChange", severity, "its number of rows changed within limits")


def _always_errors(contract: Contract) -> Iterator[tuple[str, str]]:
    """The names and meanings of the rules whose severity a contract does not choose."""
    table, layer = contract.ref.table, contract.ref.layer
    if layer == Layer.BRONZE:
        yield f"{table}.reconcile.files", "every record is in the table or rejected"
        return
    for check in sql_checks(contract):
        yield check.rule, check.message
    for link in contract.relationships:
        yield link.name, f"every reference leads to a row of {link.target.in_domain}"
    if layer == Layer.SILVER:
        yield f"{table}.reconcile.driver", "every key is in the table or accounted for"
        yield f"{table}.{QUARANTINE}", "no more rows are quarantined than allowed"
        for code in contract.quarantine_budgets:
            yield f"{table}.{QUARANTINE}.{code}", f"no more rows than allowed have {code}"
    for entry in contract.reconcile:
        yield f"{table}.reconcile.{entry['name']}", "gold and silver give the same figure"
    for total in contract.declared_totals:
        yield f"{table}.declared.{total.name}", f"{total.value} were counted on the files"
