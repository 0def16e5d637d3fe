"""What the command's exit status means; public. And where errors become messages and codes."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import Any

import typer

from carms_lake.cli import render
from carms_lake.cli.context import Call
from carms_lake.errors import (
    ContractError,
    DataError,
    LakeError,
    SourceError,
    StoreError,
    UsageError,
    is_fault,
    system_refusal,
)


class ExitCode(IntEnum):
    """The exit codes of every `carms` command."""

    DONE = 0
    """It did what was asked."""
    DATA = 1
    """It ran, and the data is not fine: an error check failed, rows do not balance, rows were
    rejected or are stale under `--strict`, a query met its time or memory limit, no row has that
    id, `carms doctor` found a problem."""
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
    return next(
        (code for branch, code in CODES.items() if isinstance(error, branch)), ExitCode.DATA
    )


def end_with(code: ExitCode) -> None:
    """End a command that has written its answer.

    Raises:
        typer.Exit: the code is not 0.
    """
    if code is not ExitCode.DONE:
        raise typer.Exit(code)


@contextmanager
def error_boundary(call: Call) -> Iterator[None]:
    """Run a command's body; whatever it raises ends in an exit code.

    Raises:
        typer.Exit: always when the body failed.
    """
    try:
        yield
        sys.stdout.flush()
    except LakeError as error:
        raise _exit_for(call, _damage(call, error) or error) from None
    except BrokenPipeError:
        _drop_stdout()
        raise typer.Exit(ExitCode.DONE) from None
    except OSError as error:  # no permission, no room, no such file: the system's no, not a bug
        if error.filename is None and error.errno is not None:
            _drop_stdout()
        raise _exit_for(call, _damage(call, error) or _refused(error)) from None
    except KeyboardInterrupt:
        render.say("interrupted: everything is as it was")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except BaseException as error:
        if not is_fault(error):
            raise
        if fault := _damage(call, error) or _of_author(error):
            raise _exit_for(call, fault) from None
        report_bug(error, verbose=call.verbose)
        raise _exit(call, {"code": int(ExitCode.BUG), "message": str(error)}) from None


def report(call: Call, error: Exception) -> ExitCode:
    """Report an error that came before any command began; the exit code."""
    reported = error if isinstance(error, LakeError) else _of_author(error)
    if reported:
        _exit_for(call, reported)
        return exit_code_of(reported)
    report_bug(error, verbose=call.verbose)
    return ExitCode.BUG


def _of_author(error: BaseException) -> LakeError | None:
    """The mistake in a domain's own code that is behind an error, if any: it is not called a bug.

    Such as in a command of `commands.py`, or a generator.
    """
    from carms_lake import authored

    where = authored.place_in(error)
    return authored.mistake(where, error) if where else None


def _damage(call: Call, error: BaseException) -> LakeError | None:
    """The damage of the lake that is behind an error, if any: it is not called a bug."""
    if isinstance(error, StoreError) or "polars" not in sys.modules:
        return None
    from carms_lake.store.delta.inspection import damage_behind

    with suppress(LakeError):  # outside a project no lake can be damaged
        return damage_behind(call.config(), error)
    return None


def _refused(error: OSError) -> StoreError:
    """What the system refused, of a file or of the output."""
    where = f"`{error.filename}`" if error.filename is not None else "the output"
    said = error.strerror or str(error)
    refusal = system_refusal(error)
    return StoreError(
        f"{where} cannot be read or written: {said}",
        refusal[1]
        if refusal
        else "check that it exists, its permissions and the free space on the disk",
    )


def report_bug(error: BaseException, *, verbose: bool) -> None:
    """Report a fault of the program in one line; with `verbose`, where it happened."""
    first = str(error).strip().splitlines() or [""]
    if verbose:
        render.say("".join(traceback.format_exception(error)).rstrip(), is_ours=True)
    render.say(f"error: this is a bug in carms: {type(error).__name__}: {first[0]}")
    if not verbose:
        render.say("hint: run it again with -v for the traceback, and report both")


def _exit_for(call: Call, error: LakeError) -> typer.Exit:
    """Report an error that a person can act on; how the command ends."""
    if call.verbose:
        render.say("".join(traceback.format_exception(error)).rstrip(), is_ours=True)
    render.say(f"error: {error.message}")
    if error.hint:
        render.say(f"hint: {error.hint}")
    record = {
        "code": int(exit_code_of(error)),
        "kind": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
    }
    return _exit(call, record)


def _exit(call: Call, record: dict[str, Any]) -> typer.Exit:
    if call.json:
        render.envelope(None, status="failed", errors=[record])
    return typer.Exit(record["code"])


def _drop_stdout() -> None:
    """Whoever read the output has gone: let Python's flush at exit go nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
