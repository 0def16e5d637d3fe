"""Where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from carms_lake.cli import render
from carms_lake.cli.exit_codes import ExitCode, exit_code_of
from carms_lake.errors import LakeError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.cli.context import Call

_PANIC = "PanicException"
"""What libraries written in Rust raise when they give up: no `Exception`, and a class of each."""


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
        raise _told(call, error) from None
    except BrokenPipeError:
        _drop_stdout()
        raise typer.Exit(ExitCode.DONE) from None
    except OSError as error:  # no permission, no room, no such file: the system's no, not a bug
        if error.filename is None:
            _drop_stdout()
        where = f"`{error.filename}`" if error.filename is not None else "the output"
        fault = StoreError(
            f"{where} cannot be read or written: {error.strerror or error}",
            "check that it is there, its permissions and the room on the disk",
        )
        raise _told(call, fault) from None
    except KeyboardInterrupt:
        render.say("interrupted: everything is as it was")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        report_bug(error, verbose=call.verbose)
        if call.json:
            render.envelope(
                None, status="failed", errors=[{"code": int(ExitCode.BUG), "message": str(error)}]
            )
        raise typer.Exit(ExitCode.BUG) from None


def _told(call: Call, error: LakeError) -> typer.Exit:
    """Report an error that a person can act on; how the command ends."""
    if call.verbose:
        _print_traceback(error)
    render.error(error)
    if call.json:
        render.envelope(None, status="failed", errors=[render.error_record(error)])
    return typer.Exit(exit_code_of(error))


def report_bug(error: BaseException, *, verbose: bool) -> None:
    """Report a fault of the program in one line; with `verbose`, where it happened."""
    if verbose:
        _print_traceback(error)
    first = str(error).strip().splitlines() or [""]
    render.say(f"error: this is a bug in carms: {type(error).__name__}: {first[0]}")
    if not verbose:
        render.say("hint: run it again with -v for the traceback, and report both")


def _print_traceback(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error)


def _drop_stdout() -> None:
    """Whoever read the output has gone: let Python's flush at exit go nowhere."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
    except (OSError, ValueError):
        return
