"""The columns of two versions of a contract: what came, went, or promises something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.contract.change import Change, Level, shown
from carms_lake.contract.widening import range_changes, wider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.contract.model import Column, Contract

_Difference = tuple[Level, str, Any, Any]
"""Level, promise, before, after."""


def column_changes(old: Contract, new: Contract) -> Iterator[Change]:
    """The changes of columns; one that comes from the same header under another name is renamed."""
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    gone = [c for name, c in before.items() if name not in after]
    come = [c for name, c in after.items() if name not in before]
    renamed = _renamed(gone, come)
    for column in gone:
        if column.name in renamed:
            target = renamed[column.name]
            yield Change(Level.MAJOR, "renamed", column.name, column.name, target.name)
            yield from _column(column, target)
        else:
            yield Change(Level.MAJOR, "removed", column.name, str(column.type), "")
    taken = {column.name for column in renamed.values()}
    for column in come:
        if column.name not in taken:
            yield _added(column)
    for name, column in before.items():
        if name in after:
            yield from _column(column, after[name])
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield Change(Level.PATCH, "order", None, ", ".join(before), ", ".join(after))


def _renamed(gone: list[Column], come: list[Column]) -> dict[str, Column]:
    """The new column by the old one's name, where header or description are the same."""
    found: dict[str, Column] = {}
    for old in gone:
        for new in come:
            same_words = bool(old.description) and old.description == new.description
            if new not in found.values() and (old.source == new.source or same_words):
                found[old.name] = new
                break
    return found


def _added(column: Column) -> Change:
    """Optional where a file may lack it, or a row; required of all, it refuses what was right."""
    is_optional = not column.required or column.may_be_absent
    is_new_demand = column.primary_key_position is not None or column.unique
    level = Level.MINOR if is_optional and not is_new_demand else Level.MAJOR
    what = str(column.type) + ("" if is_optional else ", required")
    return Change(level, "added", column.name, "", what)


def _column(old: Column, new: Column) -> Iterator[Change]:
    for level, kind, before, after in _differences(old, new):
        yield Change(level, kind, old.name, shown(before), shown(after))


def _differences(old: Column, new: Column) -> Iterator[_Difference]:
    if old.type != new.type:
        yield Level.MINOR if wider(new.type, old.type) else Level.MAJOR, "type", old.type, new.type
    breaking: tuple[tuple[str, Any, Any], ...] = (
        ("required", old.required, new.required),
        ("unique", old.unique, new.unique),
        ("primary key", old.primary_key_position, new.primary_key_position),
        ("header", old.source, new.source),
        ("from path", old.from_path, new.from_path),
    )
    yield from _of_level(Level.MAJOR, breaking)
    yield from _optional(old, new)
    yield from _values(old, new)
    words: tuple[tuple[str, Any, Any], ...] = (
        ("description", old.description, new.description),
        ("made of", old.sources, new.sources),
        ("rule", old.rule, new.rule),
        ("coverage", old.coverage, new.coverage),
    )
    yield from _of_level(Level.PATCH, words)


def _of_level(level: Level, promises: tuple[tuple[str, Any, Any], ...]) -> Iterator[_Difference]:
    for kind, before, after in promises:
        if before != after:
            yield level, kind, before, after


def _optional(old: Column, new: Column) -> Iterator[_Difference]:
    if old.may_be_absent != new.may_be_absent:
        # A file without it gives nulls, which nobody was to meet in a required column.
        is_harmless = new.may_be_absent and not old.required
        level = Level.MINOR if is_harmless else Level.MAJOR
        yield level, "may be absent", old.may_be_absent, new.may_be_absent
    if old.classification != new.classification:
        level = Level.MAJOR if new.classification else Level.MINOR
        yield level, "classification", old.classification, new.classification
    if old.agrees_with_path != new.agrees_with_path:  # it only notes, and rejects nothing
        yield Level.MINOR, "agrees with path", old.agrees_with_path, new.agrees_with_path


def _values(old: Column, new: Column) -> Iterator[_Difference]:
    if set(old.enum) != set(new.enum):
        is_narrower = bool(new.enum) and not (old.enum and set(old.enum) <= set(new.enum))
        yield Level.MAJOR if is_narrower else Level.MINOR, "enum", old.enum, new.enum
    if old.pattern != new.pattern:
        level = Level.MINOR if new.pattern is None else Level.MAJOR
        yield level, "pattern", old.pattern, new.pattern
    for kind, before, after, is_narrower in range_changes(old.bounds, new.bounds):
        yield Level.MAJOR if is_narrower else Level.MINOR, kind, before, after
