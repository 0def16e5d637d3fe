"""Contracts made in a line, and what a SELECT reads, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from carms_lake.contract.load import load_contract
from carms_lake.names import Layer, TableRef

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.store.sql.column_lineage import Prepared


def property_(
    name: str, logical: str = "string", physical: str | None = None, **rest: Any
) -> dict[str, Any]:
    """An ODCS property; keys with a dot are custom properties (`carms.fromPath`)."""
    custom = [{"property": k, "value": v} for k, v in rest.items() if "." in k]
    plain = {k: v for k, v in rest.items() if "." not in k}
    base = {"name": name, "logicalType": logical, **plain}
    if physical:
        base["physicalType"] = physical
    if custom:
        base["customProperties"] = custom
    return base


def write_contract(
    folder: Path,
    ref: TableRef,
    properties: list[dict[str, Any]],
    *,
    kind: str = "table",
    **rest: Any,
) -> Path:
    """Write a contract file where it belongs; keys with a dot are the table's custom properties."""
    table: dict[str, Any] = {
        "name": ref.table,
        "logicalType": "object",
        "physicalType": kind,
        "properties": properties,
        "customProperties": [{"property": k, "value": v} for k, v in rest.items() if "." in k],
        **{k: v for k, v in rest.items() if "." not in k},
    }
    document = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": str(ref),
        "version": "1.0.0",
        "status": "active",
        "schema": [table],
    }
    path = folder / ref.layer / f"{ref.table}.odcs.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def contract(tmp_path: Path, name: str, properties: list[dict[str, Any]], **rest: Any) -> Contract:
    """A loaded contract: `contract(tmp_path, "silver.orders", [property_("order_id")])`."""
    ref = TableRef.parse(name, domain="test")
    assert ref is not None
    if ref.layer is Layer.BRONZE:
        rest = {"carms.files": ["*.csv"], "carms.format": "csv", **rest}
    return load_contract(write_contract(tmp_path, ref, properties, **rest), ref)


def columns_read(select: Prepared) -> frozenset[str]:
    """Every column that a SELECT names anywhere, conditions included."""
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    found = set()
    for scope in traverse_scope(select.tree.copy()):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                found.add(f"{source.db}.{source.name}.{column.name}")
    return frozenset(found)
