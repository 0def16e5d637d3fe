"""The column types of the lake, as contracts write them in `physicalType`, and file formats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from carms_lake.errors import ContractError

_DEFAULTS = {
    "string": "varchar",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
"""ODCS logical type -> the physical type where a contract names none."""

_LOGICAL = {
    "varchar": "string",
    "json": "string",
    "blob": "string",
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "double": "number",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
"""Physical type -> the ODCS logical type that it belongs to."""

_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")


@dataclass(frozen=True)
class ColumnType:
    """A physical type: a name, a decimal's precision and scale, a list's item type."""

    name: str
    precision: int = 0
    scale: int = 0
    item: ColumnType | None = None

    def __str__(self) -> str:
        if self.item is not None:
            return f"{self.item}[]"
        return f"decimal({self.precision},{self.scale})" if self.name == "decimal" else self.name

    @property
    def logical(self) -> str:
        """The ODCS logical type that it belongs to."""
        return "array" if self.item is not None else _LOGICAL[self.name]

    @property
    def sql(self) -> str:
        """The type as DuckDB writes it."""
        return str(self).upper()


def parse_type(logical: str | None, physical: str | None, *, where: str) -> ColumnType:
    """The type of a property, from its ODCS `logicalType` and `physicalType`.

    Raises:
        ContractError: an unknown type, or two that contradict each other; `where` names the place.
    """
    text = (physical or _DEFAULTS.get(logical or "", "")).strip().lower()
    if text.endswith("[]"):
        if logical not in (None, "array"):
            raise ContractError(
                f"{where}: `{physical}` is an array, not `{logical}`",
                "write `logicalType: array`, or another physical type",
            )
        return ColumnType("list", item=parse_type(None, text[:-2], where=where))
    match = _DECIMAL.fullmatch(text)
    name = "decimal" if match else text
    if name not in _LOGICAL:
        known = ", ".join(f"`{known}`" for known in sorted(_LOGICAL))
        raise ContractError(
            f"{where}: unknown type `{physical or logical}`", f"known: {known}, and each with []"
        )
    if logical is not None and _LOGICAL[name] != logical:
        raise ContractError(
            f"{where}: `{physical}` is not a physical type of `{logical}`",
            "make the two agree; docs/reference/contract-keys.md lists them",
        )
    if match:
        return ColumnType("decimal", int(match[1]), int(match[2]))
    return ColumnType(name)


FORMAT_ENTRY_POINTS = "carms_lake.formats"
"""The group under which a package names a module for each format that it adds."""

FORMATS = ("csv", "jsonl", "json", "xlsx", "parquet", "delta")
"""The built-in formats of source files: what `carms.format` can be."""


@cache
def added_formats() -> dict[str, str]:
    """The module of each format that an installed package adds, by the format's name.

    It may have `read(source, contract)` and `write(path, frames)`, as the modules of `readers` and
    `writers` have.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - 50 ms, for unknown formats only

    return {entry.name: entry.value for entry in entry_points(group=FORMAT_ENTRY_POINTS)}
