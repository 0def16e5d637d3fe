"""What bytes look like, for messages about files that are not what their names say."""

from __future__ import annotations

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
    """The kind of file that begins with these bytes, where it is surely no plain UTF-8 text.

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
    """A few words for the bytes that a file begins with.

    >>> looks_like(b"<html>")
    'HTML or XML'
    """
    kind = binary_kind(start)
    if kind is not None:
        return kind
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower()
    if not text:
        return "nothing but blanks" if start else "nothing: it has 0 bytes"
    if text.startswith(_MARKUP):
        return "HTML or XML"
    if text.startswith((b"{", b"[")):
        return "JSON"
    if any(byte in _CONTROLS for byte in start[:200]):
        return "bytes of no known kind"
    return "text"
