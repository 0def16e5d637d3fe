"""What the command's exit status means; public."""

from __future__ import annotations

from enum import IntEnum

from carms_lake.errors import (
    ContractError,
    DataError,
    LakeError,
    SourceError,
    StoreError,
    UsageError,
)


class ExitCode(IntEnum):
    """The exit codes of every `carms` command."""

    DONE = 0
    """It did what was asked."""
    DATA = 1
    """It ran, and the data is not fine: an error check failed, rows do not balance, rows were
    rejected or are stale under `--strict`, a query met its time or memory limit, no row has that
    id."""
    USAGE = 2
    """It was called wrongly: an unknown option, a wrong carms.toml, wrong or forbidden SQL."""
    CONTRACT = 3
    """A contract is wrong, or code does not deliver its contract."""
    SOURCE = 4
    """A source cannot be read; the other files landed all the same. Beats 1."""
    STORE = 5
    """The lake or the gold file cannot be read or written: locked, disk full, no gold file yet."""
    BUG = 70
    """A fault of the program itself."""
    INTERRUPTED = 130
    """Ctrl-C; everything is as it was."""


CODES: dict[type[LakeError], ExitCode] = {
    UsageError: ExitCode.USAGE,
    ContractError: ExitCode.CONTRACT,
    SourceError: ExitCode.SOURCE,
    StoreError: ExitCode.STORE,
    DataError: ExitCode.DATA,
}
"""The branches of the error tree and their codes."""


def exit_code_of(error: LakeError) -> ExitCode:
    """The exit code that an error ends the command with."""
    for branch, code in CODES.items():
        if isinstance(error, branch):
            return code
    return ExitCode.DATA
