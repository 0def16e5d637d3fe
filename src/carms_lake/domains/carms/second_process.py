"""Half of some work in a second process, as Python reads one text at a time.

It is not one of `multiprocessing`: that imports the program that began it, so that a script which
builds a lake would do so in there once more.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Made = TypeVar("Made")

_FEWEST_PARTS = 4
"""With fewer of them the start of a process takes longer than it saves."""

_PROGRAM = """
import pickle, sys
function, parts = pickle.load(sys.stdin.buffer)
pickle.dump([function(*part) for part in parts], sys.stdout.buffer)
"""


def mapped(function: Callable[..., Made], parts: Sequence[tuple[Any, ...]]) -> list[Made]:
    """What a function of a module makes of each of these arguments, in their order.

    The second half is made in a second process. Where there is none, or it fails for whatever
    reason, this one makes it, and what is wrong with the work itself is raised here.
    """
    half = len(parts) // 2
    if len(parts) < _FEWEST_PARTS or os.cpu_count() == 1 or not _has_python():
        return [function(*part) for part in parts]
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(_in_second, pickle.dumps((function, parts[half:])))
        first = [function(*part) for part in parts[:half]]
        made = second.result()
    if made is None:
        return [*first, *(function(*part) for part in parts[half:])]
    return [*first, *pickle.loads(made)]  # noqa: S301 - of the process that was begun here


def _has_python() -> bool:
    """Whether `sys.executable` is Python, not a program that has it inside."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def _in_second(work: bytes) -> bytes | None:
    """What the program above gives for this work; None where it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - this Python, and the lines above
            [sys.executable, "-P", "-c", _PROGRAM],
            input=work,
            capture_output=True,
            check=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
