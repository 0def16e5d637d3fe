"""`/api/v1/contracts`: what the tables of all layers promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UnknownKey, did_you_mean
from carms_lake.serve.routes import Asked, Parameter, Route
from carms_lake.serve.schema import shown

if TYPE_CHECKING:
    from carms_lake import Contract

_TEXT = {"type": "string"}
_CONTRACTS = {
    "type": "object",
    "required": ["contracts"],
    "properties": {
        "contracts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "version", "kind"],
                "properties": {"name": _TEXT, "version": _TEXT, "kind": _TEXT},
            },
        }
    },
}
_CONTRACT = {
    "type": "object",
    "required": ["name", "version", "kind", "grain", "description", "primary_key", "columns"],
    "properties": {
        "name": _TEXT,
        "version": _TEXT,
        "kind": _TEXT,
        "grain": _TEXT,
        "description": _TEXT,
        "primary_key": {"type": "array", "items": _TEXT},
        "columns": {"type": "array", "items": {"type": "object"}},
    },
}


def contract_routes() -> Iterator[Route]:
    """The routes of any domain's contracts."""
    yield Route("/api/v1/contracts", _contracts, "The contracts of all layers", _CONTRACTS)
    yield Route(
        "/api/v1/contracts/{name}",
        lambda asked: _about(_contract(asked, asked.values["name"])),
        "What a table promises",
        _CONTRACT,
        (Parameter("name", {"type": "string", "maxLength": 200}, "As `gold.fact_program`.", True),),
    )


def _contracts(asked: Asked) -> object:
    contracts: Mapping[str, Contract] = asked.snapshot.contracts
    return {
        "contracts": [
            {"name": name, "version": one.version, "kind": one.kind}
            for name, one in sorted(contracts.items())
        ]
    }


def _contract(asked: Asked, name: str) -> Contract:
    contracts: Mapping[str, Contract] = asked.snapshot.contracts
    if name not in contracts:
        raise UnknownKey(f"unknown table {shown(name)}", did_you_mean(name, contracts))
    return contracts[name]


def _about(contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.ref.in_domain,
        "version": contract.version,
        "kind": contract.kind,
        "grain": contract.grain,
        "description": contract.description,
        "primary_key": list(contract.primary_key),
        "columns": [
            {
                "name": column.name,
                "type": str(column.type),
                "description": column.description,
                "is_required": column.required,
                "classification": column.classification,
                "enum": list(column.enum),
            }
            for column in contract.columns
        ],
    }
