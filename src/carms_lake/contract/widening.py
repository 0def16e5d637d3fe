"""Which of two types, ranges or settings lets more in: what a comparison decides by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.contract.model import Bounds, NewColumns
from carms_lake.contract.types import ColumnType

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTEGERS = {"smallint": 5, "integer": 10, "bigint": 19}
"""Type -> the digits that hold each of its values."""
_EXACT_IN_DOUBLE = ("smallint", "integer")
MAX_PRECISION = 38


def wider(new: ColumnType, old: ColumnType) -> bool:  # noqa: PLR0911  # one for each kind of type
    """Whether every value of the old type is, exactly, a value of the new one, and compares alike.

    Text holds everything and is wider than nothing: sums and comparisons of its readers end.

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
        if new.name == "double":
            return old.name in _EXACT_IN_DOUBLE
        return new.name == "decimal" and new.precision - new.scale >= _INTEGERS[old.name]
    if old.name == new.name == "decimal":
        return new.scale >= old.scale and new.precision - new.scale >= old.precision - old.scale
    return old.name == "json" and new.name == "varchar"


def joined(one: ColumnType, other: ColumnType) -> ColumnType:
    """The narrowest type that holds the values of both; text where there is no nearer one.

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


def range_changes(old: Bounds, new: Bounds) -> Iterator[tuple[str, Any, Any, bool]]:
    """The limits that differ: name, before, after, and whether less is allowed than before."""
    for name, before, after, is_lower in (
        ("minimum", old.minimum, new.minimum, True),
        ("maximum", old.maximum, new.maximum, False),
        ("exclusive minimum", old.exclusive_minimum, new.exclusive_minimum, True),
        ("exclusive maximum", old.exclusive_maximum, new.exclusive_maximum, False),
        ("minimum length", old.min_length, new.min_length, True),
        ("maximum length", old.max_length, new.max_length, False),
    ):
        if before == after:
            continue
        if before is None or after is None:
            yield name, before, after, before is None
        else:
            try:
                is_raised = bool(after > before)
            except TypeError:  # a day beside a text: nothing tells which is more
                yield name, before, after, True
            else:
                yield name, before, after, is_raised if is_lower else not is_raised


def more_or_less(before: object, after: object) -> bool:
    """Whether a change of what is let in takes something away: a column, or rows.

    `accept` gives rows a column more, and so does a repair; `set_aside` rejects what `accept` lets
    in, and lets in what `refuse` refuses.
    """
    if isinstance(before, NewColumns) or isinstance(after, NewColumns):
        return before is NewColumns.ACCEPT or after is NewColumns.REFUSE
    return before is not None
