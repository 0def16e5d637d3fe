"""The routes that every domain has: its tables of gold, and SQL if enabled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UnknownKey, UsageError, did_you_mean
from carms_lake.serve import paging
from carms_lake.serve.errors import Refused
from carms_lake.serve.filters import read_filters
from carms_lake.serve.held import asked_page, held_table
from carms_lake.serve.routes import Asked, Encoded, Parameter, Route, TableRoute
from carms_lake.serve.schema import shown

if TYPE_CHECKING:
    from carms_lake import Contract
    from carms_lake.serve.filters import Filter
    from carms_lake.serve.rows import Held, Sort
    from carms_lake.serve.snapshot import Snapshot

MOST_SQL = 20_000

NAME = Parameter("name", {"type": "string", "maxLength": 100}, "As `program_profile`.", True)
SORT = Parameter(
    "sort",
    {"type": "string", "minLength": 1, "maxLength": 400},
    "Columns with commas, `-` before one for its greatest first; nulls come last.",
)
_TEXT = {"type": "string"}
_TABLES = {
    "type": "object",
    "required": ["tables"],
    "properties": {
        "tables": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "kind", "grain", "description", "columns"],
                "properties": {
                    "name": _TEXT,
                    "kind": {"enum": ["table", "view"]},
                    "grain": {"type": "string", "description": "What one row is."},
                    "description": _TEXT,
                    "columns": {"type": "array", "items": _TEXT},
                },
            },
        }
    },
}
_SCALAR = {"type": ["string", "number", "integer", "boolean", "null"]}
_QUERY = {
    "type": "object",
    "required": ["sql"],
    "additionalProperties": False,
    "properties": {
        "sql": {"type": "string", "minLength": 1, "maxLength": MOST_SQL},
        "parameters": {"type": "object", "additionalProperties": _SCALAR},
        "limit": {"type": "integer", "minimum": 1, "maximum": paging.MOST, "default": paging.MOST},
    },
}
_ANSWER = {
    "type": "object",
    "required": ["columns", "rows"],
    "properties": {
        "columns": {"type": "array", "items": _TEXT},
        "rows": {"type": "array", "items": {"type": "array"}},
    },
}


def generic_routes(*, has_query: bool) -> Iterator[Route]:
    """The routes of any domain."""
    yield Route("/api/v1/tables", _listed, "The tables of gold", _TABLES)
    yield Route(
        "/api/v1/tables/{name}",
        lambda asked: _slow(asked, asked.values["name"]),
        "The rows of a table of gold",
        paging.response("rows", {"type": "object"}),
        (NAME, *paging.PARAMETERS, SORT),
        quick=lambda asked: _quick(asked, asked.values["name"]),
        takes_more=True,
    )

    def query(asked: Asked) -> object:
        return _query(asked, is_enabled=has_query)

    yield Route(
        "/api/v1/query",
        query,
        "One reading statement",
        _ANSWER,
        method="POST",
        body=_QUERY,
        is_users=True,
    )


def table_route(declared: TableRoute) -> Route:
    """The route of one table at a path of its own."""
    return Route(
        declared.path,
        lambda asked: _slow(asked, declared.table),
        declared.summary,
        paging.response("rows", {"type": "object"}),
        (*paging.PARAMETERS, SORT),
        quick=lambda asked: _quick(asked, declared.table),
        warm=lambda asked: (
            declared.table in asked.snapshot.tables and held_table(asked.snapshot, declared.table)
        ),
        takes_more=True,
    )


def _quick(asked: Asked, name: str) -> Encoded | None:
    """A page from memory; None where the rows are not there."""
    found = asked.memory.get(("table", name))
    if found is None or found[0] is None:
        return None
    return _page(asked, name, found[0])


def _slow(asked: Asked, name: str) -> Encoded:
    """A page of a table that was not read yet, or is too large to be kept."""
    _, filters, sort = conditions(asked, name)
    held = held_table(asked.snapshot, name)
    if held is not None:
        return _page(asked, name, held)
    return asked_page(asked, name, filters, sort)


def _page(asked: Asked, name: str, held: Held) -> Encoded:
    key = ("positions", name, tuple(sorted(asked.more)), asked.values.get("sort"))
    found = asked.memory.get(key)
    if found is None:
        _, filters, sort = conditions(asked, name)
        found = asked.memory.once(key, lambda: held.positions(filters, sort))
    return paging.page(asked, "rows", held.encoded, found)


def conditions(asked: Asked, name: str) -> tuple[Contract, tuple[Filter, ...], Sort]:
    """The contract of a table of gold, and the filters and the order that are asked for.

    Raises:
        UnknownKey: the table is unknown.
        UsageError: a filter, or a column to sort by, is wrong.
    """
    snapshot: Snapshot = asked.snapshot
    columns = snapshot.tables.get(name)
    if columns is None:
        raise UnknownKey(f"gold has no table {shown(name)}", did_you_mean(name, snapshot.tables))
    contract = snapshot.contracts[f"gold.{name}"]
    filters = read_filters(asked.more, contract, columns)
    return contract, filters, _sort(asked.values.get("sort"), contract, columns)


def _sort(text: str | None, contract: Contract, columns: tuple[str, ...]) -> Sort:
    found = []
    for word in text.split(",") if text else ():
        name = word.strip().removeprefix("-")
        if name not in columns:
            raise UsageError(f"`sort`: unknown column {shown(name)}", did_you_mean(name, columns))
        if contract.column(name).type.item is not None:
            raise UsageError(f"`sort`: `{name}` is a list", "sort by another column")
        found.append((name, word.strip().startswith("-")))
    return tuple(found)


def _listed(asked: Asked) -> object:
    snapshot: Snapshot = asked.snapshot
    return {
        "tables": [
            {
                "name": name,
                "kind": snapshot.contracts[f"gold.{name}"].kind,
                "grain": snapshot.contracts[f"gold.{name}"].grain,
                "description": snapshot.contracts[f"gold.{name}"].description,
                "columns": list(columns),
            }
            for name, columns in sorted(snapshot.tables.items())
        ]
    }


def _query(asked: Asked, *, is_enabled: bool) -> object:
    if not is_enabled:
        raise Refused(403, "SQL is not enabled", "start the service with `--allow-query`")
    if asked.snapshot.private:
        raise Refused(
            403,
            "gold has classified columns, which SQL could read",
            "use `/api/v1/tables`, which leaves them out",
        )
    body: Mapping[str, Any] = asked.body
    limit = int(body.get("limit", paging.MOST))
    columns, rows = asked.lake.ask(body["sql"], body.get("parameters") or None, limit=limit)
    return {"columns": list(columns), "rows": [list(row) for row in rows]}
