"""Every error that a person can act on.

    LakeError                 message: what is wrong, where; hint: what to do
    ├── UsageError            the command was called wrongly
    │   ├── ConfigError       carms.toml, or a CARMS_ variable, is wrong
    │   └── QueryRefused      SQL that cannot be read, or that does more than read
    ├── ContractError         a contract is wrong, or code does not deliver what its contract says
    ├── SourceError           a source cannot be read
    │   └── SourceRefused     one file is refused whole; it has a code
    ├── StoreError            the lake or the gold file cannot be read or written
    │   ├── StoreLocked       somebody else is writing; the message names them
    │   └── GoldMissing       there is no gold file yet
    └── DataError             it ran, and the data is not fine
        ├── NotReconciled     a step lost or made rows
        ├── QueryLimit        a query ran into its time or memory limit
        └── UnknownKey        no row has that key

The exit code of each branch is part of the command's interface, in `cli/exit_codes.py`.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class LakeError(Exception):
    """An error that a person can act on."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LakeError):
    """The command was called wrongly."""


class ConfigError(UsageError):
    """A setting is wrong."""


class QueryRefused(UsageError):
    """The SQL cannot be read, or does more than read."""


class ContractError(LakeError):
    """A contract is wrong, or code does not deliver what its contract says."""


class SourceError(LakeError):
    """A source cannot be read."""


class SourceRefused(SourceError):
    """One file is refused whole: none of its records lands, the other files do.

    `code` says which fault it is, for `ops.processed_files`: MISSING_COLUMN, UNEXPECTED_COLUMN,
    UNREADABLE, EMPTY_FILE, WRONG_FORMAT, TOO_LARGE, STILL_GROWING, NAME_CLASH, MISSING_SHEET,
    NO_GOOD_RECORD.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.code = code


class StoreError(LakeError):
    """The lake or the gold file cannot be read or written."""


class StoreLocked(StoreError):
    """Somebody else is writing; the message names them."""


class GoldMissing(StoreError):
    """There is no gold file yet."""


class DataError(LakeError):
    """It ran, and the data is not fine."""


class NotReconciled(DataError):
    """A step lost or made rows."""


class QueryLimit(DataError):
    """A query ran into its time or memory limit."""


class UnknownKey(DataError):
    """No row has that key."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the known name nearest to a wrong one, or with all of them."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return "known: " + ", ".join(f"`{known_name}`" for known_name in names) if names else ""


def counted(count: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is 1.

    >>> counted(1, "file"), counted(2, "file")
    ('1 file', '2 files')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def first_few(texts: Sequence[str], most: int) -> str:
    """The first of many texts on one line, and how many more there are.

    >>> first_few(["`a`", "`b`", "`c`"], 2)
    '`a`, `b` and 1 more'
    """
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")
