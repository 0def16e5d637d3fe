"""Long output through the pager of the system, where stdout is a terminal."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from carms_lake.cli.interrupts import paused

if TYPE_CHECKING:
    from collections.abc import Iterator

_USUAL = ("less", "more")


class _ToPager(io.TextIOWrapper):
    """The pipe to a pager, which is on a terminal."""

    def isatty(self) -> bool:
        """What it writes is seen on a terminal."""
        return True


@contextmanager
def paged(*, is_wanted: bool) -> Iterator[None]:
    """Send stdout through the pager if that is wanted and stdout is a terminal.

    The pager is `PAGER` of the environment, else `less` or `more`; without one, or where `PAGER` is
    empty, stdout stays as it is. `less` ends by itself where all fits on the screen.
    """
    command = _command() if is_wanted and sys.stdout.isatty() else []
    if not command:
        yield
        return
    environ = {"LESS": "FRX", "LESSCHARSET": "utf-8"} | os.environ
    stdout = sys.stdout
    stdout.flush()
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environ) as process:  # noqa: S603 - what the user's PAGER names
        encoding = "utf-8" if os.name == "posix" else stdout.encoding
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        sys.stdout = pipe = _ToPager(process.stdin, encoding, errors="backslashreplace")
        try:
            yield
        finally:
            sys.stdout = stdout
            with suppress(OSError):  # the reader has seen enough
                pipe.close()
            _wait(process)


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait for a pager; Ctrl-C is its own while it shows something."""
    with paused():
        while process.poll() is None:
            with suppress(KeyboardInterrupt):
                process.wait()


def _command() -> list[str]:
    """The pager and its options; nothing where there is none."""
    named = os.environ.get("PAGER")
    if named is None:
        return [found] if (found := next(filter(None, map(shutil.which, _USUAL)), "")) else []
    words = shlex.split(named, posix=os.name == "posix")
    return words if words and shutil.which(words[0]) else []
