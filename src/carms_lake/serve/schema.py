"""Values against JSON Schema: the keywords that routes use, and texts of a query made values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any

from carms_lake.errors import UsageError, did_you_mean

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,308})(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHOWN = 60
"""Characters of a wrong value that a message shows."""


def value_of(text: str, schema: Mapping[str, Any], name: str) -> Any:
    """The value that a text of a query or a path is.

    Raises:
        UsageError: it is not of the schema's type, or outside of its bounds.
    """
    kind = schema.get("type", "string")
    found: Any = text
    if kind == "integer":
        found = int(text) if _WHOLE.fullmatch(text) else None
    elif kind == "number":
        found = float(text) if _NUMBER.fullmatch(text) and isfinite(float(text)) else None
    elif kind == "boolean":
        found = {"true": True, "false": False}.get(text)
    elif kind == "array":
        items = schema.get("items", {})
        found = [value_of(one, items, name) for one in text.split(",")]
    if found is None:
        raise UsageError(f"`{name}`: {shown(text)} is not {_A[kind]}", _hint(schema))
    ensure(found, schema, name)
    return found


_A = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "string": "text",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def shown(value: object) -> str:
    """A value for a message, shortened."""
    text = str(value)
    return f"`{text[:_SHOWN]}...`" if len(text) > _SHOWN else f"`{text}`"


def ensure(value: Any, schema: Mapping[str, Any], name: str) -> None:
    """Refuse a value that the schema does not allow; `name` says where it is.

    Raises:
        UsageError: it is not allowed.
    """
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds or []
    if kinds and not any(_is(value, kind) for kind in kinds):
        words = " or ".join(_A[kind] for kind in kinds)
        raise UsageError(f"`{name}`: {shown(value)} is not {words}", _hint(schema))
    if "enum" in schema and value not in schema["enum"]:
        raise UsageError(f"`{name}`: {shown(value)} is not one of its values", _hint(schema))
    if isinstance(value, str):
        _ensure_text(value, schema, name)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _ensure_number(value, schema, name)
    elif isinstance(value, list):
        _ensure_list(value, schema, name)
    elif isinstance(value, dict):
        _ensure_object(value, schema, name)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _ensure_text(value: str, schema: Mapping[str, Any], name: str) -> None:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if len(value) < least or (most is not None and len(value) > most):
        raise UsageError(
            f"`{name}` has {len(value)} characters",
            f"give {least} to {most}" if most is not None else f"give at least {least}",
        )
    if "pattern" in schema and not re.search(schema["pattern"], value):
        raise UsageError(f"`{name}`: {shown(value)} does not have the expected form", _hint(schema))
    if schema.get("format") == "date":
        try:
            is_day = bool(_DAY.fullmatch(value)) and bool(date.fromisoformat(value))
        except ValueError:
            is_day = False
        if not is_day:
            raise UsageError(f"`{name}`: {shown(value)} is not a day", "write it as 2025-01-31")


def _ensure_number(value: float, schema: Mapping[str, Any], name: str) -> None:
    least, most = schema.get("minimum"), schema.get("maximum")
    if (least is not None and value < least) or (most is not None and value > most):
        bounds = f"{least} to {most}" if None not in (least, most) else f"{least} or more"
        raise UsageError(f"`{name}` is {shown(value)}", f"give {bounds}")


def _ensure_list(value: list[Any], schema: Mapping[str, Any], name: str) -> None:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if len(value) < least or (most is not None and len(value) > most):
        raise UsageError(f"`{name}` has {len(value)} values", f"give {least} to {most or 'more'}")
    if schema.get("uniqueItems") and len({repr(one) for one in value}) < len(value):
        raise UsageError(f"`{name}` has a value twice", "give each once")
    for at, one in enumerate(value):
        ensure(one, schema.get("items", {}), f"{name}[{at}]")


def _ensure_object(value: dict[str, Any], schema: Mapping[str, Any], name: str) -> None:
    known = schema.get("properties", {})
    for one in schema.get("required", ()):
        if one not in value:
            raise UsageError(f"`{name}` has no `{one}`", f"add `{one}`")
    more = schema.get("additionalProperties", True)
    for key, one in value.items():
        if key in known:
            ensure(one, known[key], key)
        elif more is False:
            raise UsageError(f"`{name}` has no `{shown(key)[1:-1]}`", did_you_mean(key, known))
        elif isinstance(more, Mapping):
            ensure(one, more, key)


def _hint(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "known: " + ", ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("examples"):
        return f"as `{schema['examples'][0]}`"
    return ""
