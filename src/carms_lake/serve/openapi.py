"""The description of the service in OpenAPI 3.1, from its routes and the contracts of gold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carms_lake import __version__
from carms_lake.serve import paging
from carms_lake.serve.errors import PROBLEM
from carms_lake.serve.errors import SCHEMA as ERROR
from carms_lake.serve.filters import operators, schema_of
from carms_lake.serve.gate import PUBLIC
from carms_lake.serve.jobs import SCHEMA as JOB
from carms_lake.serve.routes import JSON, Parameter, TableRoute
from carms_lake.serve.tables import SORT

if TYPE_CHECKING:
    from carms_lake import Contract
    from carms_lake.serve.own import Own
    from carms_lake.serve.routes import Route, Schema
    from carms_lake.serve.snapshot import Snapshot

TABLE = "/api/v1/tables/{name}"
_BOUNDS = {"smallint": 1 << 15, "integer": 1 << 31, "bigint": 1 << 63}
_RANGES = {"gte": "At least this.", "lte": "At most this."}
"""Of the comparisons of a column, those that are listed; a table's description has the rest."""


def document(
    domain: str,
    own: Sequence[Own],
    routes: Sequence[Route | TableRoute],
    snapshot: Snapshot | None,
    *,
    has_keys: bool,
) -> dict[str, Any]:
    """The whole description; tables are those of the file that is published now."""
    paths: dict[str, dict[str, Any]] = {}
    for one in own:
        paths.setdefault(one.path, {})[one.method.lower()] = _of_own(one, has_keys=has_keys)
    at_paths = {one.path: one.table for one in routes if isinstance(one, TableRoute)}
    for route in routes:
        if isinstance(route, TableRoute) or route.path == TABLE:
            continue
        paths.setdefault(route.path, {})[route.method.lower()] = _of_route(route, has_keys=has_keys)
    if snapshot is not None:
        named = {TABLE.replace("{name}", name): name for name in snapshot.tables}
        named |= {path: table for path, table in at_paths.items() if table in snapshot.tables}
        for path, table in named.items():
            columns, contract = snapshot.tables[table], snapshot.contracts[f"gold.{table}"]
            paths[path] = {"get": _of_table(path, contract, columns, has_keys=has_keys)}
    schemes = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"carms: {domain}",
            "version": __version__,
            "description": "A lake as JSON over HTTP. Every answer is of one published build; its "
            "`ETag` changes when another one is published.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Problem": ERROR, "Job": JOB},
            **({"securitySchemes": schemes} if has_keys else {}),
        },
    }


def _of_own(one: Own, *, has_keys: bool) -> dict[str, Any]:
    content = {one.media_type: {"schema": dict(one.response)} if one.response else {}}
    operation: dict[str, Any] = {
        "operationId": _id("get", one.path),
        "summary": one.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in one.parameters
        ],
        "responses": {"200": {"description": one.summary, "content": content}, **_errors()},
    }
    return _secured(operation, one.path, has_keys=has_keys)


def _of_route(route: Route, *, has_keys: bool) -> dict[str, Any]:
    answer = {"description": route.summary, "content": _content(route)}
    responses: dict[str, Any] = {"200": answer}
    if route.outcomes:
        place = {"description": "Where the outcome will be.", "schema": {"type": "string"}}
        responses = {
            "202": {
                "description": "Started.",
                "headers": {"Location": place},
                "content": {JSON: {"schema": {"$ref": "#/components/schemas/Job"}}},
            }
        }
    operation: dict[str, Any] = {
        "operationId": _id(route.method, route.path),
        "summary": route.summary,
        "parameters": [_parameter(one, route) for one in route.parameters],
        "responses": {**responses, **_errors()},
    }
    if route.description:
        operation["description"] = route.description
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": dict(route.body)}},
        }
    return _secured(operation, route.path, has_keys=has_keys or route.needs_key)


def _content(route: Route) -> dict[str, Any]:
    return {
        kind: {"schema": dict(route.response) if kind == JSON else {"type": "string"}}
        for kind in route.media_types
    }


def _parameter(one: Parameter, route: Route) -> dict[str, Any]:
    is_path = f"{{{one.name}}}" in route.path
    said: dict[str, Any] = {
        "name": one.name,
        "in": "path" if is_path else "query",
        "required": is_path or one.is_required,
        "description": one.description,
        "schema": dict(one.schema),
    }
    if one.schema.get("type") == "array":
        said |= {"style": "form", "explode": False}
    if one.name in route.example:
        said["example"] = route.example[one.name]
    return said


def _of_table(
    path: str, contract: Contract, columns: Sequence[str], *, has_keys: bool
) -> dict[str, Any]:
    """The rows of one table: a parameter for each column, of its type and with its enum."""
    shown = [column for column in contract.columns if column.name in columns]
    row = {
        "type": "object",
        "required": [column.name for column in shown],
        "properties": {column.name: schema_of(column) for column in shown},
    }
    parameters = []
    sortable = [c.name for c in shown if c.type.item is None]
    for one in (*paging.PARAMETERS, SORT):
        schema = dict(one.schema)
        if one is SORT:
            word = f"-?({'|'.join(sortable)})"
            schema["pattern"] = f"^{word}(,{word})*$"
        parameters.append({**_plain(one.name, schema), "description": one.description})
    for column in shown:
        wanted = _asked(column)
        if wanted is None:
            continue
        meaning = column.description or column.name
        parameters.append({**_plain(column.name, wanted), "description": meaning})
        for how, words in _RANGES.items():
            if how in operators(column.type.logical):
                name = f"{column.name}__{how}"
                parameters.append({**_plain(name, wanted), "description": words})
    known = ", ".join(f"`__{how}`" for how in ("gt", "gte", "lt", "lte", "in", "contains", "null"))
    operation = {
        "operationId": _id("get", path),
        "summary": contract.grain or contract.ref.in_domain,
        "description": f"{contract.description}\n\nA column's name may be followed by {known}; "
        "a row where the column is null fits `__null=true` alone.",
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "A page of its rows.",
                "content": {JSON: {"schema": paging.response("rows", row)}},
            },
            **_errors(),
        },
    }
    return _secured(operation, path, has_keys=has_keys)


def _plain(name: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": dict(schema)}


def _asked(column: Any) -> dict[str, Any] | None:
    """What a filter by a column takes; None where it can only be null or not."""
    kind = column.type
    if kind.item is not None or kind.name in ("json", "blob"):
        return None
    kinds: dict[str, dict[str, Any]] = {
        "integer": {"type": "integer"},
        "number": {"type": "number"},
        "boolean": {"type": "boolean"},
        "date": {"type": "string", "format": "date"},
        "timestamp": {"type": "string", "format": "date-time"},
    }
    said = kinds.get(kind.logical, {"type": "string"})
    if kind.name in _BOUNDS:
        said |= {"minimum": -_BOUNDS[kind.name], "maximum": _BOUNDS[kind.name] - 1}
    return said


def _errors() -> dict[str, Any]:
    problem = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        "default": {
            "description": "What is wrong, and what to do (RFC 9457).",
            "content": problem,
        }
    }


def _secured(operation: Mapping[str, Any], path: str, *, has_keys: bool) -> dict[str, Any]:
    if not has_keys or path in PUBLIC:
        return dict(operation)
    return {**operation, "security": [{"bearer": []}, {"header": []}]}


def _id(method: str, path: str) -> str:
    """A name for the operation: `get_api_v1_tables`."""
    return re.sub(r"[^a-z0-9]+", "_", f"{method} {path}".lower()).strip("_")
