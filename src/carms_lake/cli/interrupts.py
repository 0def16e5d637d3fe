"""Ctrl-C is answered at once, and ends the process soon, whatever library is at work.

Python itself learns of Ctrl-C only when the library that the main thread called comes back. The
system's own handler writes a byte to a pipe at once; a thread waits for it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERRUPTED = 130
_SILENT_S = 0.15
"""What ends so soon needs no word that it is about to end."""
_MOST_CPU_S = 2.0
"""So much work is left to what was under way, to end in order."""
_POLL_S = 0.02

_SHOWN_AGAIN = "\r\x1b[K\x1b[?25h"
"""Clears the line of a progress bar, and shows the cursor that it hid."""


class _State:
    """What the thread that waits is to know; a process has one Ctrl-C."""

    is_program = False
    """Whether the process runs one command and ends, unlike a test or a notebook."""
    paused = 0
    has_ended = False
    """Whether the command has come to its end, and only the process has not."""


def of_program() -> None:
    """Say that the process runs one command: Ctrl-C may end it."""
    _State.is_program = True


@contextmanager
def watched() -> Iterator[None]:
    """Answer Ctrl-C while a command runs: with a word, and after 2 s of work with the end.

    A run that is ended so is as one that was killed: the next one removes what it left half-done.
    """
    if not _State.is_program or threading.current_thread() is not threading.main_thread():
        yield
        return
    receive, send, close = _pair()
    before = signal.set_wakeup_fd(send, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(receive,), name="carms-interrupt", daemon=True).start()
    try:
        yield
    finally:
        _State.has_ended = True
        signal.set_wakeup_fd(before)
        close()  # the thread ends, unless Ctrl-C came: then it sees to it that the process does


@contextmanager
def paused() -> Iterator[None]:
    """Leave Ctrl-C to what runs now: a pager, a prompt."""
    _State.paused += 1
    try:
        yield
    finally:
        _State.paused -= 1


def _watch(receive: Callable[[], bytes]) -> None:
    while (received := receive()) and (signal.SIGINT not in received or _State.paused):
        pass
    if not received:
        return
    work = time.process_time()
    time.sleep(_SILENT_S)
    if not _State.has_ended:
        _say("stopping ...")
    while time.process_time() - work < _MOST_CPU_S:
        time.sleep(_POLL_S)
    if not _State.has_ended:
        _say("interrupted: the next run removes what this one left half-done")
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(INTERRUPTED)


def _say(text: str) -> None:
    with suppress(OSError, ValueError):
        before = _SHOWN_AGAIN if sys.stderr.isatty() else ""
        os.write(sys.stderr.fileno(), f"{before}{text}\n".encode())


def _pair() -> tuple[Callable[[], bytes], int, Callable[[], None]]:
    """How to wait for the bytes of signals, where they are written, and how both are closed."""
    if os.name == "posix":
        receive, send = os.pipe()
        os.set_blocking(send, False)

        def close() -> None:
            os.close(send)  # the thread that reads comes to the end, and closes the other

        def read() -> bytes:
            received = b""
            with suppress(OSError):
                received = os.read(receive, 16)
            if not received:
                os.close(receive)
            return received

        return read, send, close
    import socket  # on Windows signals are written to a socket

    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    return lambda: ours.recv(16), theirs.fileno(), theirs.close
