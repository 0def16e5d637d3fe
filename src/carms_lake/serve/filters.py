"""Filters of a table's rows: `column=value`, `column__gte=value`, by the types of its contract."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UsageError, did_you_mean
from carms_lake.serve.schema import shown, value_of

if TYPE_CHECKING:
    from carms_lake import Contract

    Column = Any

_ORDERED = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
_SQL = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?", re.IGNORECASE
)
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?")
_WHOLE = {"smallint": 1 << 15, "integer": 1 << 31, "bigint": 1 << 63}
MOST_IN = 100
"""Values that `column__in` takes."""


@dataclass(frozen=True)
class Filter:
    """One condition on a column; a row where the column is null fits none but `is null`."""

    column: str
    how: str
    """eq, gt, gte, lt, lte, in, contains or null."""
    value: Any

    def fits(self) -> Callable[[Any], bool]:
        """What tells whether a value fits."""
        wanted = self.value
        match self.how:
            case "null":
                return lambda value: (value is None) == wanted
            case "in":
                return lambda value: value in wanted
            case "contains":
                text = wanted.lower()
                return lambda value: value is not None and text in value.lower()
            case how:
                compare = _ORDERED.get(how, eq)
                return lambda value: value is not None and compare(value, wanted)

    def sql(self, name: str) -> tuple[str, dict[str, Any]]:
        """The same as a condition of SQL, its value as the parameter of a name."""
        column = '"' + self.column.replace('"', '""') + '"'
        match self.how:
            case "null":
                return f"({column} is {'null' if self.value else 'not null'})", {}
            case "in":
                return f"list_contains(${name}, {column})", {name: list(self.value)}
            case "contains":
                return f"contains(lower({column}), lower(${name}))", {name: self.value}
            case how:
                return f"{column} {_SQL[how]} ${name}", {name: self.value}


def operators(logical: str) -> tuple[str, ...]:
    """What may follow a column's name, by its logical type."""
    if logical == "array":
        return ("null",)
    if logical == "boolean":
        return ("eq", "null")
    if logical == "string":
        return ("eq", "in", "contains", "gt", "gte", "lt", "lte", "null")
    return ("eq", "in", "gt", "gte", "lt", "lte", "null")


def read_filters(
    given: Sequence[tuple[str, str]], contract: Contract, columns: Sequence[str]
) -> tuple[Filter, ...]:
    """The filters of a query, sorted, for the columns of a table that are shown.

    Raises:
        UsageError: an unknown column, a comparison that its type does not have, or a value of
            another type; the hint has the nearest names.
    """
    found = []
    for name, text in given:
        column, _, how = name.partition("__")
        if name in columns:
            column, how = name, ""
        if column not in columns:
            raise UsageError(
                f"`{contract.ref.in_domain}` has no column {shown(column)}",
                did_you_mean(column, columns),
            )
        kind = contract.column(column).type
        allowed = operators(kind.logical)
        how = how or "eq"
        if how not in allowed:
            known = [f"{column}__{one}" for one in allowed if one != "eq"]
            known += [column] if "eq" in allowed else []
            raise UsageError(f"`{column}` has no filter {shown(name)}", did_you_mean(name, known))
        found.append(Filter(column, how, _value(kind, how, text, name)))
    return tuple(sorted(found, key=repr))


def _value(kind: Any, how: str, text: str, name: str) -> Any:
    if how == "null":
        return value_of(text, {"type": "boolean"}, name)
    if how == "in":
        texts = text.split(",")
        if len(texts) > MOST_IN:
            raise UsageError(f"`{name}` has {len(texts)} values", f"give {MOST_IN} at most")
        return tuple(_typed(kind, one, name) for one in texts)
    return _typed(kind, text, name)


def _typed(kind: Any, text: str, name: str) -> Any:
    """The value of a text in the type of a column."""
    if kind.name in _WHOLE:
        edge = _WHOLE[kind.name]
        return value_of(text, {"type": "integer", "minimum": -edge, "maximum": edge - 1}, name)
    return _READ.get(kind.name, _text)(text, name)


def _text(text: str, name: str) -> str:
    del name
    return text


def _number(text: str, name: str) -> float:
    return float(value_of(text, {"type": "number"}, name))


def _decimal(text: str, name: str) -> Decimal | float:
    # What no decimal of the lake can be is compared all the same.
    return Decimal(text) if _DECIMAL.fullmatch(text) else _number(text, name)


def _flag(text: str, name: str) -> bool:
    return bool(value_of(text, {"type": "boolean"}, name))


def _day(text: str, name: str) -> date:
    return date.fromisoformat(value_of(text, {"type": "string", "format": "date"}, name))


def _moment(text: str, name: str) -> datetime:
    """A moment in UTC without a zone, as gold has them."""
    try:
        found = datetime.fromisoformat(text.upper()) if _MOMENT.fullmatch(text) else None
        if found is not None:
            return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"`{name}`: {shown(text)} is not a moment", "as 2025-01-31T12:00:00Z")


_READ: Mapping[str, Callable[[str, str], Any]] = {
    "double": _number,
    "decimal": _decimal,
    "boolean": _flag,
    "date": _day,
    "timestamp": _moment,
}
"""How a text becomes a value of a type; any other type is text."""


def schema_of(column: Column, *, is_nullable: bool = True) -> dict[str, Any]:
    """The JSON Schema of a column's values, with what its contract says about them."""
    kind = column.type
    said: dict[str, Any] = dict(_json_type(kind))
    if is_nullable and not column.required:
        said["type"] = [said["type"], "null"]
    if column.description:
        said["description"] = column.description
    if column.enum:
        said["enum"] = [*column.enum, *([None] if is_nullable and not column.required else [])]
    return said


def _json_type(kind: Any) -> Mapping[str, Any]:
    if kind.item is not None:
        return {"type": "array", "items": {**_json_type(kind.item)}}
    match kind.logical:
        case "integer" | "boolean":
            return {"type": kind.logical}
        case "number":
            return {"type": "number"}
        case "date":
            return {"type": "string", "format": "date"}
        case _:
            return {"type": "string"}
