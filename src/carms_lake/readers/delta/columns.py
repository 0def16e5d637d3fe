"""The columns of a Delta table: what its log calls them, and what its files call them."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa
from deltalake import DeltaTable

from carms_lake.readers.parquet.text import is_int96

_WIDENED = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_timestamp,
)
"""What columns of older files are widened to."""


class DeltaColumn(NamedTuple):
    """A column of a table."""

    name: str
    stored: str
    """Its name in the data files."""
    field_id: str
    """Its number in the data files, where the table has column mapping; else empty."""
    declared: Any
    """Its type as the log's schema has it: a name, or an object."""
    kind: Any
    """That type in Arrow."""


def columns_of(table: DeltaTable) -> list[DeltaColumn]:
    """The columns of a table, in order."""
    fields = json.loads(table.schema().to_json())["fields"]
    kinds = pa.schema(table.schema().to_arrow())
    return [
        DeltaColumn(f["name"], _stored(f), str(_mapping(f).get("id", "")), f["type"], kind.type)
        for f, kind in zip(fields, kinds, strict=True)
    ]


def _mapping(field: Mapping[str, Any]) -> dict[str, Any]:
    """What column mapping says of a field."""
    prefix = "delta.columnMapping."
    said = (field.get("metadata") or {}).items()
    return {key.removeprefix(prefix): value for key, value in said if key.startswith(prefix)}


def _stored(field: Mapping[str, Any]) -> str:
    return str(_mapping(field).get("physicalName", field["name"]))


def as_declared(values: Any, column: DeltaColumn) -> Any:
    """The values of a file as the table declares them: wider, and under the table's names."""
    if is_int96(values.type) or values.type == column.kind:
        return values
    if isinstance(column.declared, dict):
        kind = _named(values.type, column.declared)
        return pa.chunked_array([chunk.view(kind) for chunk in values.chunks], kind)
    if not any(is_one(column.kind) for is_one in _WIDENED):
        return values
    try:
        return values.cast(column.kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # the values are checked as they are
        return values


def _named(kind: Any, declared: Any) -> Any:
    """A type of a file with the names that the table gives to the fields in it."""
    if not isinstance(declared, dict):
        return kind
    if declared["type"] == "struct" and pa.types.is_struct(kind):
        known = {_stored(field): field for field in declared["fields"]}
        return pa.struct(
            field.with_name(known[field.name]["name"]).with_type(
                _named(field.type, known[field.name]["type"])
            )
            if field.name in known
            else field
            for field in kind
        )
    if declared["type"] == "array" and pa.types.is_list(kind):
        item = kind.value_field
        return pa.list_(item.with_type(_named(item.type, declared["elementType"])))
    if declared["type"] == "map" and pa.types.is_map(kind):
        value = kind.item_field
        return pa.map_(kind.key_field, value.with_type(_named(value.type, declared["valueType"])))
    return kind
