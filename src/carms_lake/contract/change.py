"""One difference between two contracts, how much it breaks, and the version that follows."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from carms_lake.contract.types import ColumnType

_BOUNDS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive minimum",
    "exclusiveMaximum": "exclusive maximum",
    "minLength": "minimum length",
    "maxLength": "maximum length",
}
_LOWER = ("minimum", "exclusiveMinimum", "minLength")
_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(.*)")


class Level(IntEnum):
    """How much of a version number a change raises."""

    NONE = 0
    """Nothing changed."""
    PATCH = 1
    """Descriptions and lineage only."""
    MINOR = 2
    """Non-breaking: more is allowed, or more is provided."""
    MAJOR = 3
    """Breaking."""

    @property
    def word(self) -> str:
        """`none`, `patch`, `minor` or `major`."""
        return self.name.lower()


@dataclass(frozen=True)
class Change:
    """One difference between two contracts; `column` is None for one of the table."""

    level: Level
    kind: str
    """What changed: `added`, `removed`, `type`, `required` ..."""
    column: str | None
    before: str
    after: str

    def __str__(self) -> str:
        where = f"`{self.column}`: " if self.column else ""
        return f"{self.level.word}: {where}{self.kind}: {self.before or '-'} -> {self.after or '-'}"


def level_of(changes: Iterable[Change]) -> Level:
    """The greatest level among changes."""
    return max((change.level for change in changes), default=Level.NONE)


def bumped(version: str, level: Level) -> str:
    """The version after a change of that level, by semantic versioning.

    >>> [bumped("1.4.2", level) for level in Level]
    ['1.4.2', '1.4.3', '1.5.0', '2.0.0']
    >>> bumped("v2", Level.MINOR)
    '2.1.0'

    Raises:
        ValueError: the version does not begin with a number.
    """
    match = _VERSION.fullmatch(version.strip())
    if match is None:
        raise ValueError(f"version `{version}` is not a semantic version: write it like 1.0.0")
    if level is Level.NONE:
        return version
    major, minor, patch = (int(part or 0) for part in match.groups()[:3])
    if level is Level.MAJOR:
        return f"{major + 1}.0.0"
    if level is Level.MINOR:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def shown(value: object) -> str:
    """A value of a contract as a change shows it; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


_INTEGERS = {"smallint": 5, "integer": 10, "bigint": 19}
"""Type -> the digits that hold each of its values."""
_EXACT_IN_DOUBLE = ("smallint", "integer")
MAX_PRECISION = 38


def wider(new: ColumnType, old: ColumnType) -> bool:  # noqa: PLR0911  # one for each kind of type
    """Whether each value of the old type is exactly one of the new type, and compares the same.

    Text holds every value and yet is not wider: it breaks the sums and comparisons of its readers.

    >>> wider(ColumnType("bigint"), ColumnType("integer"))
    True
    >>> wider(ColumnType("double"), ColumnType("bigint"))
    False
    """
    if new == old:
        return True
    if new.item and old.item:
        return wider(new.item, old.item)
    if old.name in _INTEGERS:
        if new.name in _INTEGERS:
            return _INTEGERS[new.name] > _INTEGERS[old.name]
        # A double has 53 bits for digits: not every bigint is one.
        if new.name == "double":
            return old.name in _EXACT_IN_DOUBLE
        return new.name == "decimal" and new.precision - new.scale >= _INTEGERS[old.name]
    if old.name == new.name == "decimal":
        return new.scale >= old.scale and new.precision - new.scale >= old.precision - old.scale
    return old.name == "json" and new.name == "varchar"


def joined(one: ColumnType, other: ColumnType) -> ColumnType:
    """The narrowest type that holds the values of both; text if nothing else does.

    >>> str(joined(ColumnType("integer"), ColumnType("decimal", 12, 2)))
    'decimal(12,2)'
    >>> str(joined(ColumnType("date"), ColumnType("boolean")))
    'varchar'
    """
    for wide, narrow in ((one, other), (other, one)):
        if wider(wide, narrow):
            return wide
    numbers = {*_INTEGERS, "decimal", "double"}
    if {one.name, other.name} <= numbers:
        return _joined_numbers(one, other)
    if {one.name, other.name} == {"date", "timestamp"}:
        return ColumnType("timestamp")
    if one.item and other.item:
        return ColumnType("list", item=joined(one.item, other.item))
    return ColumnType("varchar")


def _joined_numbers(one: ColumnType, other: ColumnType) -> ColumnType:
    if "double" in (one.name, other.name):
        return ColumnType("double")
    scale = max(one.scale, other.scale)
    whole = max(_INTEGERS.get(t.name, t.precision - t.scale) for t in (one, other))
    if whole + scale > MAX_PRECISION:
        return ColumnType("double")
    return ColumnType("decimal", whole + scale, scale)


def range_changes(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any, bool]]:
    """The bounds that differ: name, before, after, and whether the new one is stricter."""
    for key, name in _BOUNDS.items():
        before, after = old.get(key), new.get(key)
        if before is None or after is None:
            is_stricter = before is None
        else:
            try:
                is_stricter = (
                    after > before if name.startswith(("min", "exclusive min")) else after < before
                )
            except TypeError:  # a date and a text cannot be compared
                is_stricter = True
        if before != after:
            yield name, before, after, is_stricter
