"""Whether what was made is what its contract says: the same columns, the same types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carms_lake.contract.model import Contract


def conforms(
    contract: Contract, found: Mapping[str, Any], wanted: Mapping[str, Any], made_by: str
) -> None:
    """Compare columns and their types, in any order; `made_by` is what delivers them.

    Raises:
        ContractError: they differ; the message lists every difference.
    """
    if found == wanted:
        return
    differences = [
        f"`{name}` is {found.get(name, 'missing')}, "
        f"the contract says {wanted.get(name, 'nothing of it')}"
        for name in {**wanted, **found}
        if found.get(name) != wanted.get(name)
    ]
    raise ContractError(
        f"`{contract.ref}` does not deliver its contract: " + "; ".join(differences),
        f"change {made_by}, or `{contract.path}`",
    )
