"""Where answers go: stdout, a file that appears whole or not at all, a device or a pipe."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, TextIO


def out() -> TextIO:
    """stdout; to a pipe UTF-8 and line feeds on every system."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and not sys.stdout.isatty():
        reconfigure(encoding="utf-8", newline="")
    return sys.stdout


@contextmanager
def whole_file(file: Path | None) -> Iterator[Path]:
    """A path to write to; the file appears whole under its name, or on stdout, or not at all.

    A device or a pipe is written into, as stdout is; a link is followed.
    """
    from carms_lake.files import is_special, whole  # 5 ms of `--help`

    try:
        if file is not None and file.is_dir():
            raise UsageError(f"`{file}` is a folder", "name a file in it: `-o folder/rows.csv`")
        if file is None or _names_stream(file) or is_special(file):
            import tempfile

            with tempfile.TemporaryDirectory() as folder:
                written = Path(folder) / (file.name if file else "rows")
                yield written
                with written.open("rb") as rows, _sink(file) as stream:
                    shutil.copyfileobj(rows, stream)
            return
        with whole(file) as partial:
            yield partial
    except BrokenPipeError:
        raise
    except OSError as error:
        is_unread = error.errno == errno.ENXIO
        raise StoreError(
            f"`{file or 'stdout'}` cannot be written: {error.strerror}",
            "start what reads from the pipe first" if is_unread else "check the folder",
        ) from error


def _names_stream(file: Path) -> bool:
    """Whether a path means something that the process has open already, as /dev/stdout does."""
    return file.as_posix().startswith(("/dev/std", "/dev/fd/", "/proc/self/fd/"))


@contextmanager
def _sink(file: Path | None) -> Iterator[BinaryIO]:
    """stdout, or a device or pipe, to write into."""
    if file is None or _is_stdout(file):
        stdout = out()
        stdout.flush()
        yield stdout.buffer
        return
    from carms_lake.files import opened_special

    with opened_special(file) as stream:
        yield stream


def _is_stdout(file: Path) -> bool:
    """Whether a path leads to what stdout is: opened again, a file behind it would be cut."""
    try:
        return os.path.samestat(file.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError):
        return False
