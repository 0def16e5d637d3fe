"""JSON objects as a contract's columns: values by dotted path, canonical text, unknown keys."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from carms_lake.contract.model import Column, Contract, NewColumns
from carms_lake.names import EXPORT_COLUMNS, SRC_EXTRA
from carms_lake.readers.frames import Fault, number_text
from carms_lake.readers.header import (
    names_in_files,
    new_columns_note,
    no_such_columns,
    spec_of,
    two_names,
    unknown_columns,
)
from carms_lake.readers.json.text import NotAsJson, Number, dumped
from carms_lake.records import AS_TYPED, ReasonCode

LINE = "$"
"""The source of a column that takes a whole line."""

_WHOLE_NUMBERS = ("smallint", "integer", "bigint")


class Misfit(NamedTuple):
    """A value that does not fit its column."""

    column: str
    value: str
    message: str


class _Found(NamedTuple):
    """What one object has."""

    row: dict[str, str | None]
    misfits: list[Misfit]
    extra: dict[str, Any]
    """Values under keys that the contract does not know, by dotted path."""


_Tree: TypeAlias = "dict[str, Column | _Tree | None]"
"""What a contract expects under each key: a column, an object, or nothing where it is dropped."""


@dataclass
class Shape:
    """What a contract expects of the objects of a file, and which keys were found in them."""

    root: _Tree
    columns: tuple[Column, ...]
    has_decimals: bool
    """Then numbers of doubles keep the digits that they are written with, too."""
    lets_in: bool = False
    """Values under unknown keys are kept, in `src_extra`."""
    seen: set[str] = field(default_factory=set)
    """The sources of columns, or their aliases, that some object had."""
    unknown: dict[str, None] = field(default_factory=dict)
    """Dotted paths, in the order in which they were met."""

    def parse(self, document: dict[str, Any]) -> tuple[dict[str, str | None], list[Misfit]]:
        """The object's values by column, and those that do not fit."""
        found = _Found({}, [], {})
        try:
            self._walk(document, self.root, "", found)
            if found.extra and self.lets_in:
                found.row[SRC_EXTRA] = dumped(found.extra)
        except NotAsJson as error:
            found.misfits.append(Misfit(next(_names(self.root), ""), "", str(error)))
        return found.row, found.misfits

    @property
    def missing(self) -> list[str]:
        """The sources of the columns that no object had and that must not be absent."""
        return [
            c.source
            for c in self.columns
            if not self.has(c) and not c.may_be_absent and c.from_path is None
        ]

    @property
    def found(self) -> list[str]:
        """The contract's names of the columns that some object had, in the contract's order."""
        names = [c.name for c in self.columns if self.has(c)]
        return [*names, SRC_EXTRA] if self.lets_in and self.unknown else names

    def has(self, column: Column) -> bool:
        """Whether some object had a column."""
        return not self.seen.isdisjoint(names_in_files(column))

    def _walk(self, document: dict[str, Any], node: _Tree, prefix: str, found: _Found) -> None:
        others: dict[str, Any] = {}
        for key, value in document.items():
            expected = node.get(key)
            if expected is None:
                if key not in node:
                    others[key] = value
                continue
            if not isinstance(expected, dict):
                self.seen.add(expected.source)
                if value is None:
                    found.row[expected.name] = None
                # Most values are texts: they are let through before anything else is asked.
                elif type(value) is str and expected.type.name != "json":
                    found.row[expected.name] = value
                else:
                    self._fit(value, expected, found)
            elif isinstance(value, dict):
                self._walk(value, expected, f"{prefix}{key}.", found)
            elif value is not None:
                message = f"`{prefix + key}` is {_kind(value)}, not an object"
                found.misfits.append(Misfit(next(_names(expected)), _text(value), message))
        if others:
            self._walk_others(others, node, prefix, found)

    def _walk_others(self, others: dict[str, Any], node: _Tree, prefix: str, found: _Found) -> None:
        """The keys that the contract does not know, or that have a whole path for their name."""
        for key, value in others.items():
            if "." in key and (below := _below(node, key)):
                self._walk({key: value}, below, prefix, found)
                continue
            self.unknown.setdefault(prefix + key)
            if value is not None:
                found.extra[prefix + key] = value

    def _fit(self, value: Any, column: Column, found: _Found) -> None:
        if column.type.name == "json":
            try:
                found.row[column.name] = dumped(value)
            except NotAsJson as error:
                message = f"`{column.source}`: {error}"
                found.misfits.append(Misfit(column.name, _text(value), message))
        elif column.type.name == "varchar" or isinstance(value, dict | list):
            wanted = "text" if column.type.name == "varchar" else f"one {column.type}"
            text = _text(value)
            message = (
                f"`{column.source}` is {_kind(value)} {text[:80]}; the contract wants {wanted}"
            )
            found.misfits.append(Misfit(column.name, text, message))
        else:
            text = self._plain(value, column)
            found.row[column.name] = AS_TYPED + text if column.spelling else text

    def _plain(self, value: Any, column: Column) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, Number):
            return str(value)
        if column.type.name in _WHOLE_NUMBERS:
            return value.whole
        if self.has_decimals or not math.isfinite(double := float(value.text)):
            return value.plain
        return number_text(double)


def shape_of(contract: Contract) -> Shape:
    """What the contract expects of the objects of a file."""
    root: _Tree = {}
    columns = tuple(c for c in contract.columns if c.source != LINE)
    for column in columns:
        for name in names_in_files(column):
            _plant(root, name, replace(column, source=name))
    correction_columns = [
        name for name in EXPORT_COLUMNS if name not in {c.source for c in columns}
    ]
    for path in (*spec_of(contract).drop_columns, *correction_columns):
        _plant(root, path, None)
    has_decimals = any(c.type.name == "decimal" for c in columns)
    lets_in = spec_of(contract).new_columns is not NewColumns.REFUSE
    return Shape(root, columns, has_decimals, lets_in)


def compare_keys(
    shape: Shape, where: str, contract: Contract, *, is_empty: bool
) -> tuple[str, ...]:
    """Compare the keys of a file's objects with the contract; returns notes.

    Raises:
        SourceRefused: UNEXPECTED_COLUMN, MISSING_COLUMN.
    """
    missing = shape.missing
    if missing and not is_empty:
        found = [c.source for c in shape.columns if shape.has(c)]
        raise no_such_columns(where, [*found, *shape.unknown], missing)
    for column in contract.columns:
        names = [name for name in names_in_files(column) if name in shape.seen]
        if len(names) > 1:
            raise two_names(where, names, column)
    if not shape.unknown:
        return ()
    if not shape.lets_in:
        raise unknown_columns(where, shape.unknown, {c.source for c in shape.columns})
    return (new_columns_note(where, shape.unknown, contract),)


def misfit_fault(number: int, raw: str, misfits: Sequence[Misfit]) -> Fault:
    """The fault of a record whose values do not fit; without misfits, it is not an object."""
    if not misfits:
        message = f"record {number} is not an object"
        return Fault(number, raw, ReasonCode.MALFORMED_ROW, message)
    first = misfits[0]
    message = f"record {number}: " + "; ".join(misfit.message for misfit in misfits)
    return Fault(number, raw, ReasonCode.TYPE_MISMATCH, message, first.column, first.value)


_LEVELS = 8
"""Objects that are nested deeper stay one value."""


def flattened(
    document: dict[str, Any], leaves: Collection[str], prefix: str = "", level: int = 1
) -> dict[str, Any]:
    """The values by dotted path; an object stays whole under the paths in `leaves`.

    >>> flattened({"a": {"b": 1}, "c": {"d": 2}}, {"c"})
    {'a.b': 1, 'c': {'d': 2}}
    """
    values: dict[str, Any] = {}
    for key, value in document.items():
        path = prefix + key
        if isinstance(value, dict) and value and path not in leaves and level < _LEVELS:
            values |= flattened(value, leaves, f"{path}.", level + 1)
        else:
            values[path] = value
    return values


def _plant(root: _Tree, path: str, leaf: Column | None) -> None:
    *parents, last = path.split(".")
    node = root
    for key in parents:
        inner = node.setdefault(key, {})
        if not isinstance(inner, dict):
            return  # the contract takes the object as one value
        node = inner
    node[last] = leaf


def _below(node: _Tree, key: str) -> _Tree:
    """What a path leads to that one key has for its name: the key and its node; else nothing."""
    *parents, last = key.split(".")
    found: Column | _Tree | None = node
    for name in parents:
        found = found.get(name) if isinstance(found, dict) else None
    return {key: found[last]} if isinstance(found, dict) and last in found else {}


def _names(node: _Tree) -> Iterator[str]:
    for child in node.values():
        if isinstance(child, dict):
            yield from _names(child)
        elif child is not None:
            yield child.name


def _text(value: Any) -> str:
    """A value for a message: the whole record is kept, too."""
    if isinstance(value, Number):
        return value.text
    try:
        return dumped(value)
    except NotAsJson:
        return ""


def _kind(value: Any) -> str:
    kinds = ((dict, "an object"), (list, "an array"), (bool, "the boolean"), (str, "the text"))
    return next((kind for type_, kind in kinds if isinstance(value, type_)), "the number")
