"""Files are written whole or not at all, and are on disk when that is said."""

import errno
import os
import re
import secrets
import shutil
import stat
import sys
import time
from contextlib import contextmanager, suppress

if sys.platform == "darwin":
    import fcntl

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

PARTIAL = ".*.part"
"""Matches what a killed process leaves of a file that was written whole."""

_ACCESS_LIST = "system.posix_acl_access"
_PIPE_WAIT_S = 10.0


@contextmanager
def whole(path: Path, *, is_synced: bool = True) -> Iterator[Path]:
    """Write to the path that is given: it gets the name `path` where the block ends well.

    A folder may be written, too. What a link leads to is replaced, not the link; a device or a pipe
    cannot be replaced, and is written to directly. `is_synced=False` is for what can be created at
    any time.

    Raises:
        OSError: the folder cannot be written.
    """
    if path.is_symlink():
        path = path.resolve()
    if is_special(path):
        yield path
        return
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield partial
        put(partial, path, is_synced=is_synced)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)


def is_special(path: Path) -> bool:
    """Whether a path is there and neither a file nor a folder: a device, a pipe, a socket."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def opened_special(path: Path) -> Iterator[BinaryIO]:
    """A device or a pipe to write into; a pipe waits ten seconds for somebody to read it.

    Raises:
        OSError: it cannot be written; ENXIO where nobody reads the pipe.
    """
    flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOCTTY", 0)
    stop_s = time.monotonic() + _PIPE_WAIT_S
    while True:
        try:
            # Opened to wait, a pipe that nobody reads would hold the command for ever.
            opened = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
            break
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > stop_s:
                raise
        time.sleep(0.05)
    with os.fdopen(opened, "wb") as stream:
        if hasattr(os, "set_blocking"):
            os.set_blocking(opened, True)
        yield stream


def final_name(partial: Path) -> str:
    """The name that a file which is being written `whole` will have."""
    match = re.fullmatch(r"\.(.+)\.[0-9a-f]{8}\.part", partial.name)
    return match[1] if match else partial.name


def put(written: Path, path: Path, *, is_synced: bool = True) -> None:
    """Give a complete file or folder its name, in place of what has that name.

    Raises:
        OSError: the folder cannot be written, or the file is open in another program (Windows).
    """
    if is_synced:
        sync_files(file for file in (written, *written.rglob("*")) if file.is_file())
    if path.is_dir():
        shutil.rmtree(path)  # no system replaces a folder that is not empty
    written.replace(path)
    if is_synced:
        sync_folder(path.parent)


def keep_access(written: Path, old: Path) -> None:
    """Let those read and write a new file who may read and write the one that it replaces.

    Owner, group, mode and, on Linux, the access list are kept as far as the system allows. Where
    the group is another one, it may not do more than everybody.

    Raises:
        OSError: one of the files is gone.
    """
    wanted = old.stat()
    mode = stat.S_IMODE(wanted.st_mode)
    if sys.platform != "win32":
        for owner in (wanted.st_uid, -1):  # only root gives files away, a member their group
            with suppress(PermissionError):
                os.chown(written, owner, wanted.st_gid)
                break
        if written.stat().st_gid != wanted.st_gid:
            mode = mode & ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3
    written.chmod(mode)
    if sys.platform == "linux" and written.stat().st_gid == wanted.st_gid:
        with suppress(OSError):  # no list, or a disk without them
            os.setxattr(written, _ACCESS_LIST, os.getxattr(old, _ACCESS_LIST))


def make_folder(folder: Path) -> None:
    """Create a folder and those above it, and have the disk write the names of the new ones.

    Raises:
        OSError: it cannot be created.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in reversed(missing):
        sync_folder(one.parent)


def sync_files(files: Iterable[Path]) -> None:
    """Have the disk write what these files hold.

    Raises:
        OSError: the disk is full or broken; what was written may be lost.
    """
    for file in files:
        # Windows flushes only what is open for writing.
        with file.open("r+b" if sys.platform == "win32" else "rb") as stream:
            _sync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Have the disk write the names of the files in a folder: those made, moved and deleted.

    Windows opens no folder and needs none of this: NTFS keeps names in a journal of its own.

    Raises:
        OSError: the disk is broken; names may be lost.
    """
    if sys.platform == "win32":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        _sync(opened)
    finally:
        os.close(opened)


def _sync(opened: int) -> None:
    if sys.platform == "darwin":
        # Plain fsync leaves the bytes in the drive's own cache there.
        fcntl.fcntl(opened, fcntl.F_FULLFSYNC)
        return
    os.fsync(opened)
