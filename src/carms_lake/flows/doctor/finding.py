"""One thing that was looked at, and how a look becomes findings."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from carms_lake.errors import LakeError, is_fault

NAMED = 3
"""So many files or tables are named in a finding."""


class State(StrEnum):
    """How bad a finding is; a command that found a problem ends with 1."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(NamedTuple):
    """What was looked at, and what to do about it."""

    subject: str
    state: State
    found: str
    meaning: str = ""
    """What follows from it; empty where all is well."""
    to_do: str = ""


def looked(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """The findings of one look; that nothing is wrong is one, and so is that it failed."""
    found: list[Finding] = []
    meaning = "this was not looked at to its end"
    try:
        found += look()
    except LakeError as error:
        found.append(Finding(subject, State.PROBLEM, error.message, meaning, error.hint))
    except BaseException as error:
        if not is_fault(error):
            raise
        said = (str(error).strip().splitlines() or [""])[0]
        to_do = "check that the files can be read by you; if they can, report this line"
        what = f"it cannot be looked at: {type(error).__name__}: {said}"
        found.append(Finding(subject, State.PROBLEM, what, meaning, to_do))
    return found
