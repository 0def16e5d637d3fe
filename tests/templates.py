"""Lakes that are made once in a process; each test works on a copy of its own."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def _made(make: Callable[..., object], arguments: tuple[str, ...]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="carms-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    make(folder, *arguments)
    return folder


def copy_to(folder: Path, make: Callable[..., object], *arguments: str) -> None:
    """Put a copy of what `make(folder, ...)` makes into a folder; times of files are kept.

    A lake is in its project's folder alone, so that a copy is a lake as good as the first. `make`
    is called with the code as it is: a test that changes code before calls it itself.
    """
    shutil.copytree(_made(make, arguments), folder, dirs_exist_ok=True)
