"""The uncompressed content of a source file: plain, .gz, or a member of a .zip.

No archive is trusted: its unpacked bytes are counted while it is unpacked. A file whose size or
time changed since it was found is refused as still growing.
"""

import gzip
import hashlib
import lzma
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from carms_lake.errors import LakeError, SourceRefused, is_fault, printable, system_refusal
from carms_lake.names import as_name
from carms_lake.readers.text import looks_like
from carms_lake.records import SourceFile

BLOCK_BYTES = 4 << 20
DELTA_LOG = "_delta_log"

BROKEN_ARCHIVE = (
    gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError,
    RuntimeError, ValueError, KeyError,
)  # fmt: skip
"""What gzip and zipfile raise on damaged, encrypted or unknown archives."""


MAX_UNPACKED_BYTES = 8 << 30
MAX_RATIO = 200
"""Unpacked to packed; text packs 5 to 20 times."""
SMALL_BYTES = 64 << 20
"""Below this size, no ratio is suspicious."""


class DiskFacts(NamedTuple):
    """What shows, without reading, that a file has changed."""

    size: int
    mtime_ns: int
    inode: int | None = None
    ctime_ns: int | None = None
    """When content, owner or mode changed last; nobody can set it. None where a system has none."""


def disk_facts(path: Path) -> DiskFacts:
    """Size, times and place of a file; of a Delta table, those of its log.

    Raises:
        OSError: it is gone or not accessible.
    """
    if not path.is_dir():
        facts = path.stat()
        return DiskFacts(facts.st_size, facts.st_mtime_ns, facts.st_ino or None, _changed_ns(facts))
    entries = [entry.stat() for entry in (path / DELTA_LOG).iterdir()]
    return DiskFacts(
        sum(entry.st_size for entry in entries),
        max((entry.st_mtime_ns for entry in entries), default=0),
        ctime_ns=max((_changed_ns(entry) or 0 for entry in entries), default=0) or None,
    )


def _changed_ns(facts: os.stat_result) -> int | None:
    return None if os.name == "nt" else facts.st_ctime_ns  # on Windows, when it was created


def is_packed(source: SourceFile) -> bool:
    """Whether the content is compressed."""
    return source.member is not None or source.path.suffix.lower() == ".gz"


def blocks(source: SourceFile) -> Iterator[bytes]:
    """The uncompressed content, block by block.

    Raises:
        SourceRefused: UNREADABLE, or TOO_LARGE if an archive unpacks to more than the limits.
    """
    with readable(source):
        if not is_packed(source):
            with source.path.open("rb") as stream:
                while block := stream.read(BLOCK_BYTES):
                    yield block
            return
        try:
            yield from _unpacked(source)
        except BROKEN_ARCHIVE as error:
            raise SourceRefused(
                "UNREADABLE",
                f"`{source.name}` cannot be unpacked from `{source.path}`: "
                f"{str(error) or type(error).__name__}",
                "unpack it by hand and use the unpacked file instead",
            ) from error


def digest(source: SourceFile) -> str:
    """SHA-256 of the uncompressed content; of a Delta table, that of its log.

    Raises:
        SourceRefused: UNREADABLE, TOO_LARGE, STILL_GROWING.
    """
    ensure_unchanged(source)
    sha256 = hashlib.sha256()
    for block in _log_blocks(source) if source.path.is_dir() else blocks(source):
        sha256.update(block)
    ensure_unchanged(source)
    return sha256.hexdigest()


@contextmanager
def opened(source: SourceFile) -> Iterator[Path]:
    """A path under which the uncompressed content can be read until the context ends.

    Raises:
        SourceRefused: UNREADABLE, TOO_LARGE.
    """
    if not is_packed(source):
        with readable(source), source.path.open("rb"):
            pass
        yield source.path
        return
    with tempfile.TemporaryDirectory(prefix="carms-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "content"
        with readable(source), path.open("wb") as sink:
            for block in blocks(source):
                sink.write(block)
        yield path


def whole(source: SourceFile) -> bytes:
    """The uncompressed content at once.

    Raises:
        SourceRefused: UNREADABLE, TOO_LARGE.
    """
    return b"".join(blocks(source))


def ensure_unchanged(source: SourceFile) -> None:
    """Refuse a file that has changed since it was found, and one whose name is not UTF-8.

    Raises:
        SourceRefused: STILL_GROWING, or UNREADABLE.
    """
    with readable(source):
        facts = disk_facts(source.path)
    # Neither a table nor the libraries that read files can hold a name that is not text.
    if printable(here := "/".join(source.path.parts[-1 - source.name.count("/") :])) != here:
        raise SourceRefused(
            "UNREADABLE",
            f"the name of `{source.name}` is not UTF-8; `\\x` stands for each byte that is not",
            "rename the file, or the folder, and run this again",
        )
    inode = source.inode and facts.inode  # a file that replaced it may have its size and time
    if (*facts[:2], inode) != (source.size, source.mtime_ns, source.inode):
        raise SourceRefused(
            "STILL_GROWING",
            f"`{source.name}` changed while it was read: {source.size} bytes, now {facts.size}",
            "run the command again when the file is complete",
        )


def unpacked_limit(packed_bytes: int) -> int:
    """How much an archive of this size may unpack to."""
    return min(MAX_UNPACKED_BYTES, max(SMALL_BYTES, MAX_RATIO * packed_bytes))


def empty(source: SourceFile, start: bytes = b"") -> SourceRefused:
    """The refusal of a file without content."""
    return SourceRefused(
        "EMPTY_FILE",
        f"`{source.name}` contains {looks_like(start)}",
        "have the file sent again",
    )


def wrong_format(source: SourceFile, wanted: str, start: bytes) -> SourceRefused:
    """The refusal of a file of another format than the contract says."""
    return SourceRefused(
        "WRONG_FORMAT",
        f"`{source.name}` is not {wanted}: it looks like {looks_like(start)}",
        "correct `carms.format` in the contract, or have the file sent in the agreed format",
    )


def other_encoding(source: SourceFile, found: str) -> SourceRefused:
    """The refusal of text in another encoding than the contract says."""
    return SourceRefused(
        "WRONG_FORMAT",
        f"`{source.name}` is text in {found}, and its contract says another encoding",
        f"write `{found}` as `carms.encoding` in the contract",
    )


@contextmanager
def readable(source: SourceFile) -> Iterator[None]:
    """Refuse a file on whose account anything is raised; chunks must be read in here, too.

    Whatever it holds, one file must not end a run in which others wait. Our own errors pass.

    Raises:
        SourceRefused: UNREADABLE.
    """
    try:
        yield
    except LakeError:
        raise
    except BaseException as error:
        if not is_fault(error):
            raise
        raise unreadable(source, error) from error


def unreadable(source: SourceFile, error: BaseException) -> SourceRefused:
    """The refusal of a file on account of an error that was raised while it was read."""
    if isinstance(error, FileNotFoundError) and source.path.is_symlink():
        return SourceRefused(
            "UNREADABLE",
            f"`{source.name}` is a link to `{source.path.readlink()}`, which is not there",
            "mend the link, or delete it",
        )
    if isinstance(error, FileNotFoundError):
        return SourceRefused(
            "UNREADABLE",
            f"`{source.name}` is gone: `{source.path}`",
            "leave source files in place until the command has finished",
        )
    if isinstance(error, MemoryError):
        said, hint = "the memory is too small for it", "close other programs, or split the file"
    elif isinstance(error, OSError):
        refused = system_refusal(error)
        said = str(error.strerror or error)
        hint = refused[1] if refused else _CLOSE.format(source.path)
    else:
        first = (str(error).strip() or "no more is said").splitlines()[0]
        said, hint = f"{type(error).__name__}: {first[:300]}", _WHOSE_FAULT
        if printable(path := str(source.path)) != path:
            hint = f"rename the folders above it: `{as_name(path)}` is not UTF-8"
        elif isinstance(error, zipfile.BadZipFile | EOFError):
            said, hint = f"it is cut off or damaged ({first[:300]})", "have it sent again"
        elif isinstance(error, UnicodeError):
            hint = (
                "set `carms.encoding` to that of the file; UTF-16 without a byte order mark is "
                "`utf-16-le` or `utf-16-be`"
            )
    return SourceRefused("UNREADABLE", f"`{source.name}` cannot be read: {said}", hint)


_CLOSE = "close `{}` in other programs, and check its permissions"
_WHOSE_FAULT = (
    "if no other program reads it either, have it sent again; else carms may be at fault: run this "
    "again with -v for where it happened, and report it"
)


def _unpacked(source: SourceFile) -> Iterator[bytes]:
    if source.member is None:
        with source.path.open("rb") as packed, gzip.GzipFile(fileobj=packed) as stream:
            yield from _limited(stream, source, source.path.stat().st_size)
        return
    with zipfile.ZipFile(source.path) as archive:
        packed_bytes = min(archive.getinfo(source.member).compress_size, source.path.stat().st_size)
        with archive.open(source.member) as stream:
            yield from _limited(stream, source, packed_bytes)


def _limited(
    stream: IO[bytes] | gzip.GzipFile, source: SourceFile, packed_bytes: int
) -> Iterator[bytes]:
    allowed_bytes = unpacked_limit(packed_bytes)
    total_bytes = 0
    while block := stream.read(BLOCK_BYTES):
        total_bytes += len(block)
        if total_bytes > allowed_bytes:
            raise SourceRefused(
                "TOO_LARGE",
                f"`{source.name}` unpacks {packed_bytes} bytes to more than {allowed_bytes}",
                "if that is intended, unpack it by hand and use the unpacked file instead",
            )
        yield block


def _log_blocks(source: SourceFile) -> Iterator[bytes]:
    """A Delta table's log: its data files never change, so the log is its content."""
    with readable(source):
        for entry in sorted((source.path / DELTA_LOG).glob("*.json")):
            yield entry.name.encode() + b"\n" + entry.read_bytes()
