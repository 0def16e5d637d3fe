"""Quality rules of type `sql`: their SELECT, and the condition of those that judge single rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.errors import ContractError, did_you_mean
from carms_lake.store.sql import quoted
from carms_lake.store.sql.row_condition import RowCondition, row_condition

if TYPE_CHECKING:
    from carms_lake.contract.limits import QualityRule
    from carms_lake.contract.model import Contract


def rule_select(contract: Contract, rule: QualityRule) -> str:
    """The SELECT of a rule of type `sql`, with the names of its table and column put in."""
    table, column = contract.ref.in_domain, quoted(rule.column or "")
    names = {"table": table, "object": table, "column": column, "property": column}
    text = rule.query or ""
    for name, value in names.items():
        text = text.replace("${" + name + "}", value).replace("{" + name + "}", value)
    return text


def condition_of(contract: Contract, rule: QualityRule) -> RowCondition:
    """What is true of the rows that a rule with `carms.quarantine` does not allow.

    Raises:
        ContractError: the rule looks at more than one row, or names a column that does not exist.
    """
    table = contract.ref.in_domain
    condition = row_condition(rule_select(contract, rule), table)
    if condition is None:
        raise ContractError(
            f"`{contract.path}`, rule `{rule.name}`: its query does not judge single rows",
            f"write `select count(*) from {table} where <what is true of a bad row>`, without "
            "subqueries and windows, or leave out `carms.quarantine`",
        )
    for name in condition.columns:
        if name not in contract.column_names:
            raise ContractError(
                f"`{contract.path}`, rule `{rule.name}`: no column `{name}` in `{table}`",
                did_you_mean(name, contract.column_names),
            )
    return condition
