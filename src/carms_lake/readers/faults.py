"""What data libraries raise on bytes that they cannot read, turned into refusals."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.errors import SourceRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.records import SourceFile


_KNOWN = (
    (b"PK\x03\x04", "a zip archive or a workbook"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an encrypted workbook, or one of the old .xls kind"),
    (b"PAR1", "a Parquet file"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
_CONTROLS = bytes(range(9))
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<")


def binary_kind(start: bytes) -> str | None:
    """The kind of file that begins with these bytes; None if it may be UTF-8 text.

    >>> binary_kind(b"%PDF-1.7")
    'a PDF'
    >>> binary_kind(b"id,name") is None
    True
    """
    for beginning, kind in _KNOWN:
        if start.startswith(beginning):
            return kind
    return None


def looks_like(start: bytes) -> str:
    """What a file seems to be, by its first bytes, in a few words.

    >>> looks_like(b"<html>")
    'HTML or XML'
    """
    kind = binary_kind(start)
    if kind is not None:
        return kind
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower()
    if not text:
        return "only blanks" if start else "nothing: it has 0 bytes"
    if text.startswith(_MARKUP):
        return "HTML or XML"
    if text.startswith((b"{", b"[")):
        return "JSON"
    if any(byte in _CONTROLS for byte in start[:200]):
        return "binary data of an unknown format"
    return "text"


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
        raise SourceRefused(
            "UNREADABLE",
            f"`{source.name}` is gone: `{source.path}`",
            "leave source files in place until the command has finished",
        ) from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(source, error) from error
    except BaseException as error:
        if not _is_panic(error):
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


def _is_panic(error: BaseException) -> bool:
    """Whether a library written in Rust panicked: these errors share a name but no class."""
    return type(error).__name__ == "PanicException"
