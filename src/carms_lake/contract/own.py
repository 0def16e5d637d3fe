"""Contracts of a domain's own layers, to whose tables its commands append."""

from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.names import IDENTIFIER, OWN_COLUMNS, Layer

RESERVED = frozenset([
    "ops", "rejects", "parquet", "published", "main", "temp", "system", "pg_catalog",
    "information_schema",
])  # fmt: skip
"""What no layer of a domain's own may be called: it is the name of something else in a lake."""


def verify_own_layer(contract: Contract) -> None:
    """Check that a table of a domain's own layer says who writes it, and what wrote each row.

    Raises:
        ContractError: it does not, or a table of another layer does.
    """
    layer = contract.ref.layer
    if layer in set(Layer):
        if contract.written_by:
            raise ContractError(
                f"`carms.writtenBy` does not belong in {layer}, whose tables the tool writes",
                "take it out of this contract",
            )
        return
    if not contract.written_by:
        raise ContractError(
            f"`{layer}` is not a layer of carms, and its contract has no `carms.writtenBy`",
            did_you_mean(layer, Layer) or "name the command of the domain that appends to it",
        )
    if layer in RESERVED or layer == contract.ref.domain or not IDENTIFIER.fullmatch(layer):
        raise ContractError(f"no layer can be called `{layer}`", "give its folder another name")
    kinds = {column.name: column.type.name for column in contract.columns if column.required}
    for name, kind in zip(OWN_COLUMNS, ("varchar", "timestamp"), strict=True):
        if kinds.get(name) != kind:
            raise ContractError(
                f"no required column `{name}` of type {kind}",
                "carms writes there which run appended a row, and when",
            )
    if any(relationship.quarantine for relationship in contract.relationships):
        raise ContractError(
            "`carms.quarantine` of a relationship belongs to silver", "take it out of this contract"
        )
    if contract.kind != "table":
        raise ContractError(f"a {contract.kind} cannot be appended to", "make it a table")
