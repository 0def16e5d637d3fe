"""One difference between two contracts, how much it breaks, and the version that follows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(.*)")


class Level(IntEnum):
    """How much of a version number a change raises."""

    NONE = 0
    """Nothing changed."""
    PATCH = 1
    """Words: descriptions, lineage."""
    MINOR = 2
    """Non-breaking: more is allowed, or more is there."""
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
    """`added`, `removed`, `type`, `required` ... : the promise that changed."""
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
        raise ValueError(f"version `{version}` is no semantic version: write it as 1.0.0")
    if level is Level.NONE:
        return version
    major, minor, patch = (int(part or 0) for part in match.groups()[:3])
    if level is Level.MAJOR:
        return f"{major + 1}.0.0"
    if level is Level.MINOR:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def shown(value: object) -> str:
    """A value of a contract as a change shows it; nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
