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
    │   └── GoldMissing       gold is not built yet
    └── DataError             it ran, and the data is not fine
        ├── NotReconciled     a step lost or made rows
        ├── QueryLimit        a query ran into its time or memory limit
        └── UnknownKey        no row has that key

The exit code of each branch is part of the command's interface, in `cli/exit_codes.py`.
"""

import errno
import os
import re
import sys
import traceback
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class LakeError(Exception):
    """An error that a person can act on."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = printable(message)
        self.hint = printable(hint)
        super().__init__(self.message)


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

    def __init__(
        self, code: str, message: str, hint: str = "", columns: Sequence[str] = ()
    ) -> None:
        super().__init__(message, hint)
        self.code = code
        self.columns = columns
        """Headers that the contract does not know, where it could take them."""


class StoreError(LakeError):
    """The lake or the gold file cannot be read or written."""


class StoreLocked(StoreError):
    """Somebody else is writing; the message names them."""


class GoldMissing(StoreError):
    """Gold is not built yet."""


class DataError(LakeError):
    """It ran, and the data is not fine."""


class NotReconciled(DataError):
    """A step lost or made rows."""


class QueryLimit(DataError):
    """A query ran into its time or memory limit."""


class UnknownKey(DataError):
    """No row has that key."""


def printable(text: str) -> str:
    r"""A text that can be written anywhere: half a character, as names of files hold, is escaped.

    >>> print(printable("caf\udce9"))
    caf\udce9
    """
    return text.encode("utf-8", "backslashreplace").decode()


def is_fault(error: BaseException) -> bool:
    """Whether something went wrong, and nobody only wants to end.

    What libraries written in Rust raise when they give up is no `Exception`, and each of them has a
    class of its own for it.
    """
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def trace_of(error: BaseException) -> str:
    """Where the error happened that is behind another one; empty where there is none."""
    return "" if error.__cause__ is None else "".join(traceback.format_exception(error)).rstrip()


_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|↳")
_WINDOWS = {4: errno.EMFILE, 5: errno.EACCES, 32: errno.EACCES, 112: errno.ENOSPC}
"""Windows' own numbers, which libraries written in Rust give there."""
_TO_DO = {
    errno.EMFILE: "nothing is damaged: close other programs or raise the limit of open files "
    "(`ulimit -n 4096`), and run this again",
    errno.EACCES: "nothing is damaged: give yourself the permission to read and write there, and "
    "run this again",
    errno.ENOSPC: "free space on the disk, and run this again",
    errno.EIO: "the disk has a fault: copy what is on it, and put the file back from a backup",
}
_SAME = {errno.ENFILE: errno.EMFILE, errno.EPERM: errno.EACCES, errno.EDQUOT: errno.ENOSPC}


def system_refusal(error: BaseException) -> tuple[str, str] | None:
    """What the operating system refused, in its words, and what to do about it.

    None where something else is wrong, a missing file among it: that it is missing has a cause of
    its own. Libraries written in Rust have the number of the error in their text only.
    """
    lines = [_DECORATION.sub("", line).strip() for line in str(error).splitlines()]
    number = getattr(error, "errno", None)
    at = next((n for n, line in enumerate(lines) if _OS_ERROR.search(line)), None)
    if number is None and at is not None:
        found = _OS_ERROR.search(lines[at])
        number = int(found[1]) if found else None
        number = _WINDOWS.get(number or 0, number) if sys.platform == "win32" else number
    if number is None:  # DuckDB has the words alone
        number = next((n for n in _TO_DO if f": {os.strerror(n)}" in str(error)), None)
    to_do = _TO_DO.get(_SAME.get(number or 0, number or 0))
    if to_do is None:
        return None
    if at is None:
        where = getattr(error, "filename", None)
        said = getattr(error, "strerror", None) or str(error)
        return (f"`{where}`: {said}" if where else said), to_do
    # The line above says what was tried, unless it only names the part of a library.
    before = "" if at == 0 or "error" in lines[at - 1].lower() else f"{lines[at - 1]}: "
    return before + _OS_ERROR.sub("", lines[at]).strip(" :"), to_do


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint with the known name nearest to a wrong one; empty where none is near."""
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"did you mean `{visible(near[0])}`?" if near else ""


def either(*hints: str) -> str:
    """Several hints as one, without those that say nothing."""
    return "; or ".join(filter(None, hints))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the known name nearest to a wrong one, or with all of them."""
    names = sorted(known)
    if near := nearest(name, names):
        return near
    return "known: " + ", ".join(f"`{visible(one)}`" for one in names) if names else ""


def visible(name: str) -> str:
    r"""A name for a message, in which nothing hides that makes it another one than it seems.

    Marks without a width, letters in two parts and letters of another script among those of ASCII
    are escaped.

    >>> print(visible("id\u200b"), visible("cafe\u0301"), visible("\u0456d"), visible("caf\u00e9"))
    id\u200b cafe\u0301 \u0456d café
    """
    if name.isascii() and name.isprintable():
        return name
    is_mixed = any(c.isascii() and c.isalpha() for c in name)
    is_whole = unicodedata.is_normalized("NFC", name)

    def hides(c: str) -> bool:
        kind = unicodedata.category(c)
        is_foreign = is_mixed and kind[0] == "L" and not unicodedata.name(c, "").startswith("LATIN")
        is_part = not is_whole and kind[0] == "M"
        return (kind[0] in "CZ" and c != " ") or is_part or (not c.isascii() and is_foreign)

    return "".join(c.encode("unicode_escape").decode() if hides(c) else c for c in name)


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
