"""What agents are not given: what an agent reads is sent to the company that runs its model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from carms_lake.mcp.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Collection

    from carms_lake import Contract, Lake

A = TypeVar("A", bound=Answer)

LEFT_OUT = "values that may name people are left out: `carms {command}` shows them on this machine"


def private_columns(lake: Lake) -> frozenset[str]:
    """Names of columns that a contract of gold classifies: nothing of that name is answered."""
    return lake.contracts.private_in_gold()


def may_name_people(contract: Contract, about_people: Collection[str]) -> bool:
    """Whether rows of a table are not for agents; `about_people`: as the lake says."""
    is_classified = any(column.is_private for column in contract.columns)
    return is_classified or contract.ref.in_domain in about_people


def without(private: Collection[str], answer: A) -> A:
    """The answer without the members of its dictionaries that are named as private columns."""
    if not private:
        return answer
    return type(answer).model_validate(_public(private, answer.model_dump()))


def _public(private: Collection[str], value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _public(private, v) for k, v in value.items() if k not in private}
    if isinstance(value, list | tuple):
        return [_public(private, one) for one in value]
    return value
