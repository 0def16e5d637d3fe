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

from carms_lake.errors import SourceRefused
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
    with _refusing(source):
        if source.path.suffix.lower() == ".gz" and source.member is None:
            with source.path.open("rb") as packed, gzip.GzipFile(fileobj=packed) as stream:
                yield from _limited(stream, source, source.path.stat().st_size)
        elif source.member is not None:
            with zipfile.ZipFile(source.path) as archive:
                packed_bytes = min(
                    archive.getinfo(source.member).compress_size, source.path.stat().st_size
                )
                with archive.open(source.member) as stream:
                    yield from _limited(stream, source, packed_bytes)
        else:
            with source.path.open("rb") as stream:
                while block := stream.read(BLOCK_BYTES):
                    yield block


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
        with _refusing(source), source.path.open("rb"):
            pass
        yield source.path
        return
    with tempfile.TemporaryDirectory(prefix="carms-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "content"
        with _refusing(source), path.open("wb") as sink:
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
    """Refuse a file that has changed since it was found.

    Raises:
        SourceRefused: STILL_GROWING, or UNREADABLE if it is gone.
    """
    with _refusing(source):
        facts = disk_facts(source.path)
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


@contextmanager
def readable(source: SourceFile) -> Iterator[None]:
    """Refuse a file that a library cannot read; chunks must be read inside this context, too.

    Raises:
        SourceRefused: UNREADABLE.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise _gone(source) from error
    except BaseException as error:
        # By name: this module imports no data library, and a panic has a class in each of them.
        is_of_polars = type(error).__module__ == "polars.exceptions"
        is_panic = type(error).__name__ == "PanicException"
        if not (is_of_polars or is_panic or isinstance(error, OSError)):
            raise
        raise unreadable(source, error) from error


def unreadable(source: SourceFile, error: BaseException) -> SourceRefused:
    """The refusal of a damaged file, with the first line of what the library says."""
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return SourceRefused(
        "UNREADABLE",
        f"`{source.name}` cannot be read: {said[:300]}",
        "the file may be damaged: have it sent again",
    )


def _gone(source: SourceFile) -> SourceRefused:
    return SourceRefused(
        "UNREADABLE",
        f"`{source.name}` is gone: `{source.path}`",
        "leave source files in place until the command has finished",
    )


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
    with _refusing(source):
        for entry in sorted((source.path / DELTA_LOG).glob("*.json")):
            yield entry.name.encode() + b"\n" + entry.read_bytes()


@contextmanager
def _refusing(source: SourceFile) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise _gone(source) from error
    except BROKEN_ARCHIVE as error:
        raise SourceRefused(
            "UNREADABLE",
            f"`{source.name}` cannot be unpacked from `{source.path}`: "
            f"{str(error) or type(error).__name__}",
            "unpack it by hand and use the unpacked file instead",
        ) from error
    except OSError as error:
        raise SourceRefused(
            "UNREADABLE",
            f"`{source.name}` cannot be read: {error.strerror or error}",
            f"close `{source.path}` in other programs, and check its permissions",
        ) from error
